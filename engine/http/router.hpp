#pragma once
// What a route sees of HTTP. Handlers are coroutines on the engine's loop thread; the parser (Beast) is behind session.cpp.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/http/status.hpp"

namespace stack::engine::http {

namespace asio = boost::asio;

enum class Method { get, head, post, put, del };

/// Version of the Docker Engine API in a path, minor part only (all are 1.x).
inline constexpr int api_version_max = 51;
inline constexpr int api_version_min = 24;

/// The parsed query string, in order, percent-decoded.
class Query {
public:
  static Query parse(std::string_view text);  ///< without the '?'

  std::optional<std::string_view> find(std::string_view name) const;  ///< the first one
  std::string get(std::string_view name, std::string_view otherwise = {}) const;
  std::vector<std::string> all(std::string_view name) const;
  /// As Docker reads booleans: absent, "", "0", "no", "false" and "none" (any case) are false, all else is true.
  bool flag(std::string_view name, bool otherwise = false) const;
  /// Empty when absent or ""; throws invalid_argument when not a number.
  std::optional<std::int64_t> integer(std::string_view name) const;

private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// The request's body as it arrives. What a handler leaves unread is skipped (or the connection is closed).
class BodyReader {
public:
  virtual ~BodyReader() = default;
  /// Reads some bytes; 0 at the end. Throws invalid_argument on broken framing, asio's error when the client is gone.
  virtual asio::awaitable<std::size_t> read_some(std::span<char> buffer) = 0;
  /// The whole body; throws invalid_argument when it is longer than `limit`.
  asio::awaitable<std::string> read_all(std::size_t limit = 4 << 20);
};

struct Request {
  Method method = Method::get;
  std::string path;  ///< without version prefix and query, still percent-encoded
  int api_version = api_version_max;
  Query query;
  std::vector<std::pair<std::string, std::string>> headers;     ///< as sent, repeated ones too
  std::vector<std::pair<std::string, std::string>> parameters;  ///< of the pattern, percent-decoded
  BodyReader* body = nullptr;                                   ///< never null in a handler

  const std::string& parameter(std::string_view name) const;  ///< throws std::out_of_range: the pattern has none of that name
  std::string_view header(std::string_view name) const;       ///< the first one, name in any case; empty when absent
  bool wants_upgrade() const;                                 ///< "Connection: Upgrade": hijack() will answer 101
  /// The body as JSON; an empty body gives {}. Throws invalid_argument "invalid JSON: ...", and for a Content-Type that says it
  /// is something else.
  asio::awaitable<nlohmann::json> json_body(std::size_t limit = 4 << 20);
  /// The same where an empty body is an error.
  asio::awaitable<nlohmann::json> required_json_body(std::size_t limit = 4 << 20);
};

/// The connection after hijack(): raw bytes both ways. Owned by the session; valid until the handler returns, then it is
/// closed.
class RawStream {
public:
  virtual ~RawStream() = default;
  /// 0 when the client has closed its sending side (half close): output goes on.
  virtual asio::awaitable<std::size_t> read_some(std::span<char> buffer) = 0;
  virtual asio::awaitable<void> write(std::string_view bytes) = 0;  ///< all of it
};

/// A handler answers exactly once: json, text, empty; or begin_stream + write... + finish; or hijack or switch_to. An exception
/// before that becomes the error response (status.hpp); after begin_stream the connection is cut, so report errors in-band.
class ResponseWriter {
public:
  virtual ~ResponseWriter() = default;

  virtual void header(std::string_view name, std::string_view value) = 0;  ///< before answering
  virtual asio::awaitable<void> send(int status, std::string_view content_type, std::string body) = 0;
  asio::awaitable<void> json(int status, const nlohmann::json& body);
  asio::awaitable<void> text(int status, std::string body);
  asio::awaitable<void> empty(int status);

  /// Headers are sent at once, the body follows in chunks.
  virtual asio::awaitable<void> begin_stream(std::string_view content_type, int status = 200) = 0;
  virtual asio::awaitable<void> write(std::string_view bytes) = 0;  ///< one chunk, sent at once; big chunks are cheap
  virtual asio::awaitable<void> finish() = 0;                       ///< optional: done when the handler returns

  /// 101 UPGRADED (or 200 when the client did not ask for an upgrade), then raw bytes; input that came with the request is
  /// kept.
  virtual asio::awaitable<RawStream*> hijack(std::string_view content_type) = 0;
  /// 101 Switching Protocols with what header() has added, then bytes of that protocol.
  virtual asio::awaitable<RawStream*> switch_to(std::string_view protocol) = 0;

  virtual bool started() const = 0;  ///< something has been answered
};

/// When the client goes away, a handler of GET or HEAD, or one that has begun a stream or a hijack, is cancelled (asio terminal
/// cancellation: its current asynchronous operation fails with operation_aborted). Others run to their end: a half-done
/// "start" because of a Ctrl-C would help nobody.
using Handler = std::function<asio::awaitable<void>(Request&, ResponseWriter&)>;

struct Match {
  const Handler* handler = nullptr;  ///< null: no such route
  std::string_view pattern;          ///< of the route; lives as long as the router
  std::vector<std::pair<std::string, std::string>> parameters;
};

class Router {
public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  /// Pattern: "/containers/{id}/json"; "{name...}" takes one or more segments, as in "/images/{name...}/json". Literal segments
  /// win over parameters. Throws std::logic_error when the route is there already.
  void add(Method method, std::string_view pattern, Handler handler);

  Match find(Method method, std::string_view path) const;

  /// What the engine wants to see of every request, whatever its route; both may be empty.
  struct Hooks {
    std::function<void(const Request&)> before;  ///< throws to refuse the request
    std::function<void(ErrorResponse&)> failed;  ///< may add to the message what the engine knows about the cause
    /// A request of this route has been answered so (a stream: its header), that long after its own header.
    std::function<void(std::string_view pattern, int status, std::chrono::nanoseconds time)> answered;
  };
  void set_hooks(Hooks hooks) { hooks_ = std::move(hooks); }
  const Hooks& hooks() const { return hooks_; }

private:
  struct Route;
  std::vector<Route> routes_;
  Hooks hooks_;
};

/// Splits "/v1.44/info" into 44 and "/info"; no prefix: api_version_max. Throws invalid_argument with Docker's texts when
/// the version is not served.
std::pair<int, std::string_view> split_version(std::string_view path);

/// "%2Fa+b" → "/a+b" (in a path) or "/a b" (plus_is_space, in a query). Malformed escapes stay as they are.
std::string percent_decode(std::string_view text, bool plus_is_space = false);

}  // namespace stack::engine::http
