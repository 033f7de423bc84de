#pragma once
// An HTTP/1.1 client for registries: TLS (OpenSSL), proxies, connections kept alive. It blocks, with a bound on every wait and
// a way to cancel: used from worker threads, by several at a time. One exchange at a time per call; redirects, authentication
// and retries are registry.hpp's.
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "engine/image/cancel_token.hpp"

namespace stack::engine::image {

struct Url {
  bool tls = true;
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 443;
  std::string target = "/";  ///< path and query

  /// "https://host[:port]/path?query". Throws invalid_argument for anything but http and https, and for user information.
  static Url parse(std::string_view text);
  /// What `location` (of a redirect; absolute, or relative to this) means.
  Url resolve(std::string_view location) const;
  std::string authority() const;  ///< "host", "host:5000", "[::1]:5000": the port only when it is not the scheme's
  std::string text() const;
  bool same_origin(const Url& other) const { return tls == other.tls && host == other.host && port == other.port; }
};

/// "localhost", 127.0.0.0/8 and ::1: the only hosts that are spoken to without TLS.
bool is_loopback_host(std::string_view host);

struct HttpRequest {
  std::string method = "GET";
  Url url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// The other side could not be reached, or broke off.
class TransportError : public Error {
public:
  enum class Kind {
    unreachable,  ///< no address, refused: trying again at once does not help
    broken,       ///< reset, closed early, timed out
    not_tls,      ///< the server does not speak TLS
    untrusted,    ///< its certificate is not accepted
  };
  TransportError(Kind kind, const std::string& message) : Error(ErrorCode::unavailable, message), kind_(kind) {}
  Kind kind() const noexcept { return kind_; }

private:
  Kind kind_;
};

struct HttpClientOptions {
  /// Directories of <host[:port]>/ with *.crt (more CAs) and *.cert + *.key (certificates of this client).
  std::vector<std::string> certificate_dirs;
  std::chrono::milliseconds connect_timeout{15'000};  ///< per address, and for the TLS handshake
  std::chrono::milliseconds idle_timeout{60'000};     ///< without a byte from the other side
  std::string https_proxy, no_proxy;
};
/// Timeouts as above, proxies from HTTPS_PROXY and NO_PROXY (either case).
HttpClientOptions http_client_options_from_environment();
/// Docker's and our own directories, the data root's last.
std::vector<std::string> default_certificate_dirs(const std::string& data_root);

class HttpConnection;

/// The answer. Its body is read from the connection, which goes back to the client when it was read to its end.
class HttpResponse {
public:
  ~HttpResponse();
  HttpResponse(const HttpResponse&) = delete;
  HttpResponse& operator=(const HttpResponse&) = delete;

  int status() const { return status_; }
  std::string header(std::string_view name) const;                ///< the first one, name in any case; "" when absent
  std::vector<std::string> headers(std::string_view name) const;  ///< all of that name
  std::size_t read(char* buffer, std::size_t size);               ///< 0: the end. Throws TransportError
  std::string read_all(std::size_t limit);                        ///< throws unavailable when it is longer

private:
  friend class HttpClient;
  HttpResponse() = default;
  int status_ = 0;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::unique_ptr<HttpConnection> connection_;
  class HttpClient* client_ = nullptr;
};

class HttpClient {
public:
  HttpClient(HttpClientOptions options, std::shared_ptr<CancelToken> cancel);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends and waits for the head of the answer, whatever its status. The client must outlive the response. Plain HTTP to
  /// another host than this one is refused (forbidden). Throws TransportError, operation_aborted when cancelled.
  std::unique_ptr<HttpResponse> send(const HttpRequest& request);
  const CancelToken& cancel() const { return *cancel_; }

private:
  friend class HttpResponse;
  struct Tls;
  std::unique_ptr<HttpConnection> take_idle(const std::string& key);
  void give_back(std::unique_ptr<HttpConnection> connection);
  std::unique_ptr<HttpConnection> connect(const Url& url);
  std::shared_ptr<Tls> tls_for(const Url& url);

  const HttpClientOptions options_;
  const std::shared_ptr<CancelToken> cancel_;
  std::mutex mutex_;
  std::multimap<std::string, std::unique_ptr<HttpConnection>> idle_;  // by scheme and authority
  std::map<std::string, std::shared_ptr<Tls>> tls_;                   // by authority
};

}  // namespace stack::engine::image
