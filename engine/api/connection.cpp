#include "engine/api/connection.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <sstream>

#include "base/error.hpp"

namespace stack::engine::api {

namespace beast = boost::beast;
namespace http = beast::http;
using Socket = asio::generic::stream_protocol::socket;
using boost::system::error_code;

namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t head_limit = 1 << 20;
constexpr std::size_t upload_piece = 128 * 1024;

/// A completion token that puts the error into a variable instead of throwing it.
auto with_error(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

/// A path longer than sockaddr_un holds is reached through a descriptor of its directory.
void connect_unix(Socket& socket, const std::string& path) {
  sockaddr_un probe;
  if (path.size() < sizeof probe.sun_path) {
    socket.connect(asio::local::stream_protocol::endpoint(path));
    return;
  }
  const std::size_t slash = path.rfind('/');
  const UniqueFd directory(::open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) throw boost::system::system_error(errno, boost::system::system_category());
  socket.connect(
      asio::local::stream_protocol::endpoint("/proc/self/fd/" + std::to_string(directory.get()) + path.substr(slash)));
}

asio::awaitable<Socket> connect_tcp(asio::any_io_executor executor, Endpoint endpoint) {
  asio::ip::tcp::resolver resolver(executor);
  const auto found = co_await resolver.async_resolve(endpoint.host, std::to_string(endpoint.port), asio::use_awaitable);
  asio::ip::tcp::socket socket(executor);
  co_await asio::async_connect(socket, found, asio::use_awaitable);
  socket.set_option(asio::ip::tcp::no_delay(true));
  co_return Socket(std::move(socket));
}

Error connect_error(const Endpoint& endpoint, const error_code& error) {
  const bool denied = error == boost::system::errc::permission_denied;
  std::string text = "cannot connect to the engine at " + endpoint.text() + ": " + error.message();
  if (denied) text += ": use sudo, or join the group that owns the socket";
  return Error(denied ? ErrorCode::forbidden : ErrorCode::unavailable, text);
}

}  // namespace

struct Connection::Impl {
  Impl(Socket opened, Endpoint address) : socket(std::move(opened)), endpoint(std::move(address)) {}

  Socket socket;
  Endpoint endpoint;
  beast::flat_buffer buffer;
  std::optional<http::response_parser<http::buffer_body>> parser;

  http::request<http::empty_body> request_of(const RequestHead& head) const {
    http::request<http::empty_body> request(http::string_to_verb(head.method), head.target, 11);
    request.set(http::field::host, endpoint.is_unix() ? "localhost" : endpoint.host);
    request.set(http::field::user_agent, "stack");
    if (head.upgrade) {
      request.set(http::field::connection, "Upgrade");
      request.set(http::field::upgrade, "tcp");
    }
    if (!head.content_type.empty()) request.set(http::field::content_type, head.content_type);
    return request;
  }

  void check(const error_code& error) const {
    if (!error) return;
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    throw Error(ErrorCode::unavailable, "the engine at " + endpoint.text() + " ended the connection: " + error.message());
  }
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::~Connection() = default;

asio::awaitable<std::unique_ptr<Connection>> Connection::open(asio::any_io_executor executor, Endpoint endpoint) {
  try {
    Socket socket(executor);
    if (endpoint.is_unix()) {
      socket.open(asio::generic::stream_protocol(AF_UNIX, 0));
      connect_unix(socket, endpoint.socket_path);
    } else {
      socket = co_await connect_tcp(executor, endpoint);
    }
    socket.non_blocking(true);
    auto impl = std::make_unique<Impl>(std::move(socket), endpoint);
    co_return std::unique_ptr<Connection>(new Connection(std::move(impl)));
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) throw;
    throw connect_error(endpoint, error.code());
  }
}

asio::awaitable<void> Connection::send(RequestHead head, std::string_view body) {
  auto request = impl_->request_of(head);
  if (!body.empty() || head.method == "POST" || head.method == "PUT") request.content_length(body.size());
  std::ostringstream text;
  text << request;
  std::string bytes = std::move(text).str();
  bytes += body;
  error_code error;
  co_await asio::async_write(impl_->socket, asio::buffer(bytes), with_error(error));
  impl_->check(error);
}

asio::awaitable<void> Connection::send_chunked(RequestHead head, BodySource& body) {
  auto request = impl_->request_of(head);
  request.chunked(true);
  http::request_serializer<http::empty_body> serializer(request);
  error_code error;
  co_await http::async_write_header(impl_->socket, serializer, with_error(error));
  impl_->check(error);
  std::vector<char> space(upload_piece);
  while (const std::size_t size = co_await body.read(space)) {
    co_await asio::async_write(impl_->socket, http::make_chunk(asio::buffer(space.data(), size)), with_error(error));
    if (error == asio::error::broken_pipe || error == asio::error::connection_reset) co_return;  // the answer says why
    impl_->check(error);
  }
  co_await asio::async_write(impl_->socket, http::make_chunk_last(), with_error(error));
  if (error != asio::error::broken_pipe && error != asio::error::connection_reset) impl_->check(error);
}

asio::awaitable<ResponseHead> Connection::receive_head(bool to_head_request) {
  auto& parser = impl_->parser.emplace();
  parser.body_limit(no_limit);
  parser.header_limit(head_limit);
  parser.skip(to_head_request);
  error_code error;
  co_await http::async_read_header(impl_->socket, impl_->buffer, parser, with_error(error));
  impl_->check(error);
  ResponseHead head;
  head.status = parser.get().result_int();
  for (const auto& field : parser.get().base()) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    head.headers[name] = std::string(field.value());
  }
  co_return head;
}

asio::awaitable<std::size_t> Connection::read_body(std::span<char> space) {
  auto& parser = *impl_->parser;
  while (!parser.is_done()) {
    auto& body = parser.get().body();
    body.data = space.data();
    body.size = space.size();
    error_code error;
    co_await http::async_read_some(impl_->socket, impl_->buffer, parser, with_error(error));
    if (error == http::error::need_buffer) error = {};
    if (error == http::error::end_of_stream && !parser.need_eof()) error = http::error::partial_message;
    impl_->check(error);
    if (const std::size_t size = space.size() - body.size) co_return size;
  }
  co_return 0;
}

asio::awaitable<std::string> Connection::read_whole_body(std::size_t limit) {
  std::string whole;
  std::vector<char> space(64 * 1024);
  while (const std::size_t size = co_await read_body(space)) {
    if (whole.size() + size > limit) throw Error(ErrorCode::unavailable, "the engine's answer is too large");
    whole.append(space.data(), size);
  }
  co_return whole;
}

bool Connection::reusable() const { return impl_->parser && impl_->parser->is_done() && impl_->parser->keep_alive(); }

bool Connection::idle_and_open() {
  char byte;
  const ssize_t got = ::recv(impl_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && errno == EAGAIN && impl_->buffer.size() == 0;
}

asio::awaitable<std::size_t> Connection::read_raw(std::span<char> space) {
  if (const std::size_t ready = std::min(impl_->buffer.size(), space.size())) {
    std::memcpy(space.data(), impl_->buffer.data().data(), ready);
    impl_->buffer.consume(ready);
    co_return ready;
  }
  error_code error;
  const std::size_t size = co_await impl_->socket.async_read_some(asio::buffer(space.data(), space.size()), with_error(error));
  if (error == asio::error::eof) co_return 0;
  impl_->check(error);
  co_return size;
}

asio::awaitable<void> Connection::write_raw(std::string_view bytes) {
  error_code error;
  co_await asio::async_write(impl_->socket, asio::buffer(bytes.data(), bytes.size()), with_error(error));
  impl_->check(error);
}

void Connection::shutdown_write() {
  error_code ignored;
  impl_->socket.shutdown(Socket::shutdown_send, ignored);
}

void Connection::close() {
  error_code ignored;
  impl_->socket.close(ignored);
}

}  // namespace stack::engine::api
