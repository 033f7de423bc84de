#include "engine/api/client.hpp"

#include <charconv>

#include "engine/api/client_impl.hpp"

namespace stack::engine::api {

namespace {

constexpr std::size_t answer_limit = std::size_t{1} << 30;

std::string message_of(int status, const std::string& body) {
  try {
    std::string message = parse_body(body).get<ErrorBody>().message;
    if (!message.empty()) return message;
  } catch (const Error&) {
    // not every proxy and not every old endpoint answers in JSON
  }
  return body.empty() ? "the engine answered with HTTP status " + std::to_string(status) : body;
}

/// "1.44" → 44; 0 when it is nothing of the kind.
int minor_version(std::string_view version) {
  int minor = 0;
  if (version.starts_with("1.")) std::from_chars(version.data() + 2, version.data() + version.size(), minor);
  return minor;
}

bool is_multiplexed(const ResponseHead& head) {
  const auto type = head.headers.find("content-type");
  return type != head.headers.end() && type->second.find("multiplexed") != std::string::npos;
}

bool says_too_new(const ResponseHead& head, const std::string& body, std::string_view version) {
  const auto newest = head.headers.find("api-version");
  return head.status == 400 && newest != head.headers.end() && body.find("is too new") != std::string::npos &&
         minor_version(newest->second) > 0 && minor_version(newest->second) < minor_version(version);
}

}  // namespace

ErrorCode code_of_status(int http_status) {
  switch (http_status) {
    case 304: return ErrorCode::not_modified;
    case 400: return ErrorCode::invalid_argument;
    case 401: return ErrorCode::unauthorized;
    case 403: return ErrorCode::forbidden;
    case 404: return ErrorCode::not_found;
    case 409: return ErrorCode::conflict;
    case 501: return ErrorCode::not_implemented;
    case 503: return ErrorCode::unavailable;
    default: return ErrorCode::internal;
  }
}

ApiError::ApiError(int status, const std::string& message) : Error(code_of_status(status), message), status_(status) {}

Client::Client(asio::any_io_executor executor, Endpoint endpoint, ClientOptions options)
    : impl_(std::make_unique<Impl>(executor, std::move(endpoint), std::move(options))) {}
Client::~Client() = default;
const Endpoint& Client::endpoint() const { return impl_->endpoint; }
asio::any_io_executor Client::executor() const { return impl_->executor; }
std::size_t Client::parallel() const { return impl_->options.parallel; }
std::uint64_t Client::requests_sent() const { return impl_->requests; }

asio::awaitable<std::unique_ptr<Connection>> Client::Impl::connect() {
  std::optional<Error> failure;
  try {
    co_return co_await Connection::open(executor, endpoint);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unavailable || !options.start_engine) throw;
    failure = error;
  }
  options.start_engine();
  co_return co_await Connection::open(executor, endpoint);
}

std::unique_ptr<Connection> Client::Impl::take_idle() {
  while (!idle.empty()) {
    auto connection = std::move(idle.back());
    idle.pop_back();
    if (connection->idle_and_open()) return connection;
  }
  return nullptr;
}

void Client::Impl::give_back(std::unique_ptr<Connection> connection) {
  if (connection->reusable()) idle.push_back(std::move(connection));
}

asio::awaitable<Exchange> Client::Impl::attempt(std::unique_ptr<Connection> connection, RequestHead head,
                                                std::string_view body) {
  ++requests;
  const bool to_head_request = head.method == "HEAD";
  head.target = "/v" + version + head.target;
  co_await connection->send(std::move(head), body);
  Exchange exchange;
  exchange.head = co_await connection->receive_head(to_head_request);
  exchange.connection = std::move(connection);
  answered = true;
  co_return exchange;
}

/// Sends, and tries once more where that is safe: the kept connection had ended meanwhile and nothing can have happened twice,
/// or the engine ended before it ever answered us and can be started.
asio::awaitable<Exchange> Client::Impl::exchange(RequestHead head, std::string body) {
  const bool repeatable = head.method == "GET" || head.method == "HEAD";
  auto connection = take_idle();
  const bool reused = connection != nullptr;
  if (!reused) connection = co_await connect();
  try {
    RequestHead copy = head;
    co_return co_await attempt(std::move(connection), std::move(copy), body);
  } catch (const Error& error) {
    const bool ended_early = !answered && options.start_engine;
    if (error.code() != ErrorCode::unavailable || !((reused && repeatable) || ended_early)) throw;
  }
  connection = co_await connect();
  co_return co_await attempt(std::move(connection), std::move(head), body);
}

/// An answer below 400, its body not yet read; anything else is thrown. Falls back to the API version of an older engine.
asio::awaitable<Exchange> Client::Impl::accepted(RequestHead head, std::string body) {
  for (bool negotiated = false;; negotiated = true) {
    RequestHead copy = head;
    std::string body_copy = body;
    Exchange answer = co_await exchange(std::move(copy), std::move(body_copy));
    if (answer.head.status < 400) co_return answer;
    const int status = answer.head.status;
    const std::string text = co_await answer.connection->read_whole_body(answer_limit);
    give_back(std::move(answer.connection));
    if (negotiated || !says_too_new(answer.head, text, version)) throw ApiError(status, message_of(status, text));
    version = answer.head.headers["api-version"];
  }
}

namespace {

RequestHead head_of(std::string method, std::string target, const std::optional<nlohmann::json>& body) {
  RequestHead head;
  head.method = std::move(method);
  head.target = std::move(target);
  if (body) head.content_type = "application/json";
  return head;
}

}  // namespace

asio::awaitable<Response> Client::request(std::string method, std::string target, std::optional<nlohmann::json> body) {
  RequestHead head = head_of(std::move(method), std::move(target), body);
  std::string text = body ? print_body(*body) : std::string();
  Exchange answer = co_await impl_->accepted(std::move(head), std::move(text));
  Response response;
  response.status = answer.head.status;
  response.headers = std::move(answer.head.headers);
  response.body = co_await answer.connection->read_whole_body(answer_limit);
  impl_->give_back(std::move(answer.connection));
  co_return response;
}

asio::awaitable<ResponseStream> Client::stream(std::string method, std::string target, std::optional<nlohmann::json> body,
                                               StringMap headers) {
  RequestHead head = head_of(std::move(method), std::move(target), body);
  head.headers = std::move(headers);
  std::string text = body ? print_body(*body) : std::string();
  Exchange answer = co_await impl_->accepted(std::move(head), std::move(text));
  co_return ResponseStream(std::move(answer.connection), is_multiplexed(answer.head));
}

asio::awaitable<HijackedStream> Client::hijack(std::string method, std::string target, std::optional<nlohmann::json> body) {
  RequestHead head = head_of(std::move(method), std::move(target), body);
  head.upgrade = true;
  std::string text = body ? print_body(*body) : std::string();
  Exchange answer = co_await impl_->accepted(std::move(head), std::move(text));
  co_return HijackedStream(std::move(answer.connection), is_multiplexed(answer.head));
}

// The body can be read only once, so there is no second attempt here; a fresh connection cannot have ended meanwhile.
asio::awaitable<ResponseStream> Client::upload(std::string method, std::string target, BodySource& body,
                                               std::string content_type, StringMap headers) {
  auto connection = co_await impl_->connect();
  ++impl_->requests;
  RequestHead head;
  head.method = std::move(method);
  head.target = "/v" + impl_->version + target;
  head.content_type = std::move(content_type);
  head.headers = std::move(headers);
  co_await connection->send_chunked(std::move(head), body);
  const ResponseHead answer = co_await connection->receive_head(false);
  impl_->answered = true;
  if (answer.status >= 400) {
    const std::string text = co_await connection->read_whole_body(answer_limit);
    throw ApiError(answer.status, message_of(answer.status, text));
  }
  co_return ResponseStream(std::move(connection), is_multiplexed(answer));
}

}  // namespace stack::engine::api
