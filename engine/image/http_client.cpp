#include "engine/image/http_client.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "base/base64.hpp"
#include "base/ca_certificates.hpp"
#include "base/unique_fd.hpp"

namespace stack::engine::image {

namespace beast_http = boost::beast::http;
using boost::system::error_code;
using Kind = TransportError::Kind;

namespace {

constexpr std::size_t read_size = 256 * 1024;
constexpr std::uint32_t header_limit = 64 * 1024;

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string environment(const char* upper, const char* lower) {
  for (const char* name : {upper, lower})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return {};
}

std::string text_of(const sockaddr* address, socklen_t length) {
  char host[NI_MAXHOST] = {};
  ::getnameinfo(address, length, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  return host;
}

}  // namespace

// ── addresses ──

Url Url::parse(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return Error(ErrorCode::invalid_argument, "\"" + std::string(text) + "\" is not a usable address: " + why);
  };
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    url.tls = false;
    url.port = 80;
  } else {
    throw refuse("it must begin with http:// or https://");
  }
  for (const char c : rest)
    if (static_cast<unsigned char>(c) <= ' ' || c == 127) throw refuse("it contains blanks or control characters");
  const std::size_t end = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, end);
  if (end != std::string_view::npos) {
    std::string_view target = rest.substr(end);
    target = target.substr(0, target.find('#'));
    url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  }
  if (authority.find('@') != std::string_view::npos) throw refuse("user and password do not belong in it");
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) throw refuse("a ']' is missing");
    url.host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
  } else {
    const std::size_t colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (url.host.empty()) throw refuse("it names no host");
  if (!port.empty()) {
    const char* last = port.data() + port.size();
    const auto [stop, error] = std::from_chars(port.data() + 1, last, url.port);
    if (port[0] != ':' || error != std::errc{} || stop != last || url.port == 0) throw refuse("its port is no number");
  }
  return url;
}

Url Url::resolve(std::string_view location) const {
  if (location.starts_with("http://") || location.starts_with("https://")) return parse(location);
  if (location.starts_with("//")) return parse((tls ? "https:" : "http:") + std::string(location));
  const std::string base = (tls ? "https://" : "http://") + authority();
  if (location.starts_with('/')) return parse(base + std::string(location));
  const std::string path = target.substr(0, target.find('?'));
  return parse(base + path.substr(0, path.rfind('/') + 1) + std::string(location));
}

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? 443 : 80) ? name : name + ":" + std::to_string(port);
}

std::string Url::text() const { return (tls ? "https://" : "http://") + authority() + target; }

bool is_loopback_host(std::string_view host) {
  const std::string name(host);
  in_addr four{};
  in6_addr six{};
  if (::inet_pton(AF_INET, name.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  if (::inet_pton(AF_INET6, name.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six);
  return equal_ignoring_case(name, "localhost");
}

HttpClientOptions http_client_options_from_environment() {
  HttpClientOptions options;
  options.https_proxy = environment("HTTPS_PROXY", "https_proxy");
  options.no_proxy = environment("NO_PROXY", "no_proxy");
  return options;
}

std::vector<std::string> default_certificate_dirs(const std::string& data_root) {
  return {"/etc/docker/certs.d", "/etc/stack/certs.d", data_root + "/certs.d"};
}

// ── TLS settings of one host ──

struct HttpClient::Tls {
  std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> context{::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free};
};

namespace {

std::string openssl_error() {
  std::string text = "unknown error";
  while (const unsigned long code = ::ERR_get_error())
    if (const char* reason = ::ERR_reason_error_string(code)) text = reason;
  return text;
}

/// Those that this host trusts. A file that cannot be read adds none: the handshake then says that the peer is not trusted.
void load_system_authorities(SSL_CTX* context) {
  const CaCertificates trusted = find_ca_certificates();
  if (!trusted.file.empty()) ::SSL_CTX_load_verify_locations(context, trusted.file.c_str(), nullptr);
  if (!trusted.directory.empty()) ::SSL_CTX_load_verify_locations(context, nullptr, trusted.directory.c_str());
  ::ERR_clear_error();
}

void load_directory(SSL_CTX* context, const std::string& directory) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string file = entry.path();
    const auto check = [&](int result) {
      if (result != 1) throw Error(ErrorCode::invalid_argument, file + ": " + openssl_error());
    };
    if (entry.path().extension() == ".crt") check(::SSL_CTX_load_verify_locations(context, file.c_str(), nullptr));
    if (entry.path().extension() != ".cert") continue;
    const std::string key = file.substr(0, file.size() - 4) + "key";
    check(::SSL_CTX_use_certificate_chain_file(context, file.c_str()));
    check(::SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM));
  }
}

/// Does NO_PROXY exempt this host? Names match themselves and what is below them.
bool bypasses_proxy(const Url& url, const std::string& no_proxy) {
  if (is_loopback_host(url.host)) return true;
  for (std::string_view rest = no_proxy; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    std::string_view word = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
    while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
    if (word == "*") return true;
    if (equal_ignoring_case(word, url.authority())) return true;
    while (word.starts_with('.')) word.remove_prefix(1);
    if (word.empty() || word.size() > url.host.size()) continue;
    const std::string_view tail = std::string_view(url.host).substr(url.host.size() - word.size());
    const bool whole = tail.size() == url.host.size() || url.host[url.host.size() - tail.size() - 1] == '.';
    if (whole && equal_ignoring_case(word, tail)) return true;
  }
  return false;
}

}  // namespace

// ── one connection ──

class HttpConnection {
public:
  HttpConnection(const HttpClientOptions& options, std::shared_ptr<CancelToken> cancel, std::string peer)
      : options_(options), cancel_(std::move(cancel)), peer_(std::move(peer)), input_(read_size, '\0') {}

  std::string key;  ///< of the client's idle connections

  void open(const std::string& host, std::uint16_t port, bool loopback_only);
  void tunnel(const Url& url, const std::string& authorization);
  void start_tls(SSL_CTX* context, const std::string& host);

  void write(std::string_view bytes);
  void read_head(bool to_head_request);
  std::size_t read_body(char* buffer, std::size_t size);
  bool finished() const { return parser_ && parser_->is_done(); }
  bool reusable() const { return finished() && parser_->keep_alive() && begin_ == end_; }
  /// Nothing has come since it was put aside; a closed one has.
  bool still_open() const {
    pollfd watched{fd_.get(), POLLIN, 0};
    return ::poll(&watched, 1, 0) == 0;
  }
  const beast_http::response_parser<beast_http::buffer_body>& parser() const { return *parser_; }

private:
  [[noreturn]] void fail(Kind kind, const std::string& why) const { throw TransportError(kind, peer_ + ": " + why); }
  void wait(short events, std::chrono::milliseconds limit) const {
    if (!cancel_->wait(fd_.get(), events, static_cast<int>(limit.count())))
      fail(Kind::broken, "no answer within " + std::to_string(limit.count() / 1000) + " s");
  }
  bool try_address(const addrinfo& address, std::string& problem);
  std::size_t receive(char* buffer, std::size_t size);
  std::size_t receive_plain(char* buffer, std::size_t size);
  std::size_t receive_tls(char* buffer, std::size_t size);
  /// After SSL_read or SSL_write said `result`: waits until it can be tried again. False: the connection was closed in order.
  bool wait_for_tls(int result);
  bool fill();
  [[noreturn]] void handshake_failed(int result);

  const HttpClientOptions& options_;
  const std::shared_ptr<CancelToken> cancel_;
  const std::string peer_;  // for messages
  UniqueFd fd_;
  std::unique_ptr<SSL, decltype(&::SSL_free)> ssl_{nullptr, ::SSL_free};
  std::optional<beast_http::response_parser<beast_http::buffer_body>> parser_;
  std::string input_;
  std::size_t begin_ = 0, end_ = 0;  // of what was received and not yet parsed
};

bool HttpConnection::try_address(const addrinfo& address, std::string& problem) {
  fd_.reset(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd_) throw errno_error("socket");
  if (::connect(fd_.get(), address.ai_addr, address.ai_addrlen) != 0) {
    int error = errno;
    if (error == EINPROGRESS) {
      socklen_t size = sizeof error;
      if (!cancel_->wait(fd_.get(), POLLOUT, static_cast<int>(options_.connect_timeout.count())))
        error = ETIMEDOUT;
      else if (::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    }
    if (error != 0) {
      problem = text_of(address.ai_addr, address.ai_addrlen) + ": " + std::strerror(error);
      return false;
    }
  }
  const int on = 1;
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return true;
}

void HttpConnection::open(const std::string& host, std::uint16_t port, bool loopback_only) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int result = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (result != 0) fail(Kind::unreachable, std::string("cannot find the host: ") + ::gai_strerror(result));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
  std::string problem = "it has no address";
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    cancel_->check();
    if (loopback_only && !is_loopback_host(text_of(address->ai_addr, address->ai_addrlen))) {
      problem = "without TLS only this host itself is spoken to";
      continue;
    }
    if (try_address(*address, problem)) return;
  }
  fail(Kind::unreachable, "cannot connect: " + problem);
}

/// Asks a proxy for a connection to the host of `url`.
void HttpConnection::tunnel(const Url& url, const std::string& authorization) {
  const std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  const std::string target = host + ":" + std::to_string(url.port);
  std::string request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
  if (!authorization.empty()) request += "Proxy-Authorization: Basic " + authorization + "\r\n";
  write(request + "\r\n");
  read_head(true);
  const unsigned status = parser_->get().result_int();
  if (status != 200) fail(Kind::unreachable, "the proxy refuses the connection: HTTP status " + std::to_string(status));
  begin_ = end_ = 0;
}

void HttpConnection::handshake_failed(int result) {
  const long verdict = ::SSL_get_verify_result(ssl_.get());
  if (verdict != X509_V_OK)
    fail(Kind::untrusted, std::string("its certificate is not trusted: ") + ::X509_verify_cert_error_string(verdict) +
                              " (a private CA's certificate belongs in /etc/docker/certs.d/" + peer_ + "/ca.crt)");
  const int why = ::SSL_get_error(ssl_.get(), result);
  const unsigned long code = ::ERR_peek_error();
  const bool alert = ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET;
  const bool closed = why == SSL_ERROR_SYSCALL || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  const std::string text = closed ? "the connection was closed" : openssl_error();
  ::ERR_clear_error();
  fail(alert || closed ? Kind::broken : Kind::not_tls, "TLS handshake failed: " + text);
}

void HttpConnection::start_tls(SSL_CTX* context, const std::string& host) {
  ssl_.reset(::SSL_new(context));
  if (!ssl_ || ::SSL_set_fd(ssl_.get(), fd_.get()) != 1) throw Error(ErrorCode::internal, "TLS: " + openssl_error());
  in6_addr scratch{};
  const bool is_address =
      ::inet_pton(AF_INET, host.c_str(), &scratch) == 1 || ::inet_pton(AF_INET6, host.c_str(), &scratch) == 1;
  X509_VERIFY_PARAM* verify = ::SSL_get0_param(ssl_.get());
  if (is_address) {
    ::X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str());
  } else {
    ::X509_VERIFY_PARAM_set1_host(verify, host.c_str(), host.size());
    ::SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
  }
  for (;;) {
    ::ERR_clear_error();
    const int result = ::SSL_connect(ssl_.get());
    if (result == 1) return;
    const int why = ::SSL_get_error(ssl_.get(), result);
    if (why == SSL_ERROR_WANT_READ)
      wait(POLLIN, options_.connect_timeout);
    else if (why == SSL_ERROR_WANT_WRITE)
      wait(POLLOUT, options_.connect_timeout);
    else
      handshake_failed(result);
  }
}

bool HttpConnection::wait_for_tls(int result) {
  switch (::SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: wait(POLLIN, options_.idle_timeout); return true;
    case SSL_ERROR_WANT_WRITE: wait(POLLOUT, options_.idle_timeout); return true;
    case SSL_ERROR_ZERO_RETURN: return false;
    default: fail(Kind::broken, "the connection broke off");
  }
}

void HttpConnection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    cancel_->check();
    if (ssl_) {
      ::ERR_clear_error();
      const int written = ::SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20)));
      if (written > 0)
        bytes.remove_prefix(static_cast<std::size_t>(written));
      else if (!wait_for_tls(written))
        fail(Kind::broken, "the connection was closed");
      continue;
    }
    const ssize_t written = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(written));
    else if (errno == EAGAIN)
      wait(POLLOUT, options_.idle_timeout);
    else if (errno != EINTR)
      fail(Kind::broken, std::strerror(errno));
  }
}

std::size_t HttpConnection::receive_tls(char* buffer, std::size_t size) {
  for (;;) {
    ::ERR_clear_error();
    const int got = ::SSL_read(ssl_.get(), buffer, static_cast<int>(size));
    if (got > 0) return static_cast<std::size_t>(got);
    if (!wait_for_tls(got)) return 0;
  }
}

std::size_t HttpConnection::receive_plain(char* buffer, std::size_t size) {
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), buffer, size, 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN)
      wait(POLLIN, options_.idle_timeout);
    else if (errno != EINTR)
      fail(Kind::broken, std::strerror(errno));
  }
}

std::size_t HttpConnection::receive(char* buffer, std::size_t size) {
  cancel_->check();
  return ssl_ ? receive_tls(buffer, size) : receive_plain(buffer, size);
}

/// More input; false: the other side has closed. What is left unparsed is moved to the front.
bool HttpConnection::fill() {
  if (begin_ > 0) {
    std::memmove(input_.data(), input_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == input_.size()) fail(Kind::broken, "its answer has too long a header");
  const std::size_t got = receive(input_.data() + end_, input_.size() - end_);
  end_ += got;
  return got > 0;
}

void HttpConnection::read_head(bool to_head_request) {
  parser_.emplace();
  parser_->header_limit(header_limit);
  parser_->body_limit(boost::none);
  parser_->skip(to_head_request);
  for (;;) {
    if (begin_ < end_) {
      error_code error;
      begin_ += parser_->put(boost::asio::buffer(input_.data() + begin_, end_ - begin_), error);
      if (error && error != beast_http::error::need_more) fail(Kind::broken, "not an HTTP answer: " + error.message());
      if (parser_->is_header_done()) {
        if (parser_->get().result_int() / 100 != 1) return;
        parser_.emplace();  // 100 Continue and the like: the answer is still to come
        parser_->header_limit(header_limit);
        parser_->body_limit(boost::none);
        parser_->skip(to_head_request);
        continue;
      }
    }
    if (!fill()) fail(Kind::broken, "the connection was closed before the answer");
  }
}

std::size_t HttpConnection::read_body(char* buffer, std::size_t size) {
  auto& body = parser_->get().body();
  while (!parser_->is_done()) {
    if (begin_ == end_ && !fill()) {
      error_code error;
      parser_->put_eof(error);
      if (error) fail(Kind::broken, "the connection was closed in the middle of the answer");
      continue;
    }
    body.data = buffer;
    body.size = size;
    body.more = true;
    error_code error;
    const std::size_t consumed = parser_->put(boost::asio::buffer(input_.data() + begin_, end_ - begin_), error);
    begin_ += consumed;
    if (error == beast_http::error::need_more) {
      if (!fill()) fail(Kind::broken, "the connection was closed in the middle of the answer");
    } else if (error && error != beast_http::error::need_buffer) {
      fail(Kind::broken, "broken answer: " + error.message());
    }
    if (const std::size_t made = size - body.size) return made;
  }
  return 0;
}

// ── the answer ──

HttpResponse::~HttpResponse() {
  if (connection_ && connection_->reusable()) client_->give_back(std::move(connection_));
}

std::string HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers_)
    if (equal_ignoring_case(key, name)) return value;
  return {};
}

std::vector<std::string> HttpResponse::headers(std::string_view name) const {
  std::vector<std::string> found;
  for (const auto& [key, value] : headers_)
    if (equal_ignoring_case(key, name)) found.push_back(value);
  return found;
}

std::size_t HttpResponse::read(char* buffer, std::size_t size) { return connection_->read_body(buffer, size); }

std::string HttpResponse::read_all(std::size_t limit) {
  std::string whole;
  std::string piece(16 * 1024, '\0');
  while (const std::size_t got = read(piece.data(), piece.size())) {
    if (whole.size() + got > limit)
      throw Error(ErrorCode::unavailable, "an answer of the registry is longer than " + std::to_string(limit) + " bytes");
    whole.append(piece, 0, got);
  }
  return whole;
}

// ── the client ──

HttpClient::HttpClient(HttpClientOptions options, std::shared_ptr<CancelToken> cancel)
    : options_(std::move(options)), cancel_(std::move(cancel)) {}
HttpClient::~HttpClient() = default;

std::unique_ptr<HttpConnection> HttpClient::take_idle(const std::string& key) {
  const std::lock_guard lock(mutex_);
  for (auto found = idle_.find(key); found != idle_.end(); found = idle_.find(key)) {
    std::unique_ptr<HttpConnection> connection = std::move(found->second);
    idle_.erase(found);
    if (connection->still_open()) return connection;
  }
  return nullptr;
}

void HttpClient::give_back(std::unique_ptr<HttpConnection> connection) {
  const std::lock_guard lock(mutex_);
  const std::string key = connection->key;
  idle_.emplace(key, std::move(connection));
}

std::shared_ptr<HttpClient::Tls> HttpClient::tls_for(const Url& url) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Tls>& known = tls_[url.authority()];
  if (known) return known;
  auto made = std::make_shared<Tls>();
  SSL_CTX* context = made->context.get();
  if (context == nullptr) throw Error(ErrorCode::internal, "TLS is not available: " + openssl_error());
  ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  ::SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  load_system_authorities(context);
  for (const std::string& directory : options_.certificate_dirs) load_directory(context, directory + "/" + url.authority());
  return known = made;
}

std::unique_ptr<HttpConnection> HttpClient::connect(const Url& url) {
  auto connection = std::make_unique<HttpConnection>(options_, cancel_, url.authority());
  if (!url.tls) {
    if (!is_loopback_host(url.host))
      throw Error(ErrorCode::forbidden, url.text() + ": without TLS only this host itself is spoken to");
    connection->open(url.host, url.port, true);
    return connection;
  }
  if (options_.https_proxy.empty() || bypasses_proxy(url, options_.no_proxy)) {
    connection->open(url.host, url.port, false);
  } else {
    std::string proxy = options_.https_proxy;
    if (proxy.find("://") == std::string::npos) proxy.insert(0, "http://");
    std::string authorization;
    const std::size_t begin = proxy.find("://") + 3;
    if (const std::size_t at = proxy.rfind('@'); at != std::string::npos && at > begin) {
      authorization = base64_encode(std::string_view(proxy).substr(begin, at - begin));
      proxy.erase(begin, at + 1 - begin);
    }
    const Url address = Url::parse(proxy);
    if (address.tls)
      throw Error(ErrorCode::not_implemented, "HTTPS_PROXY: a proxy that is itself reached by TLS is not supported");
    connection->open(address.host, address.port, false);
    connection->tunnel(url, authorization);
  }
  const std::shared_ptr<Tls> tls = tls_for(url);
  connection->start_tls(tls->context.get(), url.host);
  return connection;
}

std::unique_ptr<HttpResponse> HttpClient::send(const HttpRequest& request) {
  const Url& url = request.url;
  const std::string key = (url.tls ? "https " : "http ") + url.authority();
  std::string text = request.method + " " + url.target + " HTTP/1.1\r\nHost: " + url.authority() + "\r\nUser-Agent: stack\r\n";
  for (const auto& [name, value] : request.headers) {
    if ((name + value).find_first_of("\r\n") != std::string::npos)
      throw Error(ErrorCode::invalid_argument, "header " + name + " must be one line");
    text += name + ": " + value + "\r\n";
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT")
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  text += "\r\n" + request.body;
  std::unique_ptr<HttpConnection> connection = take_idle(key);
  const bool reused = connection != nullptr;
  if (!reused) connection = connect(url);
  try {
    connection->write(text);
    connection->read_head(request.method == "HEAD");
  } catch (const TransportError& error) {
    // a kept connection may have been closed just now; nothing has happened then
    if (!reused || error.kind() != Kind::broken || (request.method != "GET" && request.method != "HEAD")) throw;
    connection = connect(url);
    connection->write(text);
    connection->read_head(request.method == "HEAD");
  }
  connection->key = key;
  std::unique_ptr<HttpResponse> response(new HttpResponse());
  response->status_ = static_cast<int>(connection->parser().get().result_int());
  for (const auto& field : connection->parser().get().base())
    response->headers_.emplace_back(std::string(field.name_string()), std::string(field.value()));
  response->connection_ = std::move(connection);
  response->client_ = this;
  return response;
}

}  // namespace stack::engine::image
