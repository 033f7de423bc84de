#include "engine/http/session.hpp"

#include <fmt/format.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>
#include <exception>
#include <stdexcept>

#include "base/error.hpp"
#include "base/log.hpp"
#include "engine/http/status.hpp"

namespace stack::engine::http {

namespace {

namespace beast_http = boost::beast::http;
using Socket = asio::local::stream_protocol::socket;
using Parser = beast_http::request_parser<beast_http::buffer_body>;
using boost::system::error_code;

constexpr std::size_t body_window = 64 * 1024;        // bytes of a body read ahead
constexpr std::size_t idle_buffer = 4 * 1024;         // bytes a connection may keep while nothing is asked
constexpr std::size_t skip_limit = 16 * 1024 * 1024;  // of an unread body, before the connection is closed instead

std::optional<Method> to_method(beast_http::verb verb) {
  switch (verb) {
    case beast_http::verb::get: return Method::get;
    case beast_http::verb::head: return Method::head;
    case beast_http::verb::post: return Method::post;
    case beast_http::verb::put: return Method::put;
    case beast_http::verb::delete_: return Method::del;
    default: return std::nullopt;
  }
}

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

/// "http://docker/info?x" → "/info?x": the absolute form a proxying client may send.
std::string_view origin_form(std::string_view target) {
  if (!target.starts_with("http://")) return target;
  const auto slash = target.find('/', 7);
  return slash == std::string_view::npos ? std::string_view{"/"} : target.substr(slash);
}

/// "//a/./b/../c" → "/a/c".
std::string clean_path(std::string_view path) {
  std::vector<std::string_view> kept;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    at = end + 1;
    if (segment.empty() || segment == ".") continue;
    if (segment != "..")
      kept.push_back(segment);
    else if (!kept.empty())
      kept.pop_back();
  }
  std::string clean;
  for (const std::string_view segment : kept) (clean += '/') += segment;
  if (clean.empty() || path.ends_with('/')) clean += '/';
  return clean;
}

void check_escapes(std::string_view path) {
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    const std::string_view digits = path.substr(at + 1, 2);
    if (digits.size() < 2 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
      throw Error(ErrorCode::invalid_argument, "invalid URL escape \"" + std::string(path.substr(at, 3)) + "\" in the path");
  }
}

class SessionImpl final : public Session, public std::enable_shared_from_this<SessionImpl> {
public:
  SessionImpl(Socket socket, const Router& router, const Limits& limits, std::shared_ptr<const SessionEvents> events)
      : socket_(std::move(socket)),
        router_(router),
        limits_(limits),
        events_(std::move(events)),
        timer_(socket_.get_executor()),
        buffer_(limits.header_bytes + body_window) {}

  static asio::awaitable<void> run(std::shared_ptr<SessionImpl> self);

  bool active() const override { return active_; }
  void close_when_idle() override;
  void cancel() override;

  asio::cancellation_slot slot() { return signal_.slot(); }
  Socket::executor_type executor() { return socket_.get_executor(); }

private:
  class Body;
  class Response;
  class Raw;

  asio::awaitable<bool> read_header(Parser& parser);
  asio::awaitable<void> serve(Parser& parser);
  asio::awaitable<void> handle(Parser& parser, Body& body, Response& response);
  asio::awaitable<void> refuse(error_code error);
  asio::awaitable<void> write_all(std::string_view bytes);
  void watch_client();
  void client_gone();
  void note_answer(int status) const;
  void arm_header_timer();
  void close();

  Socket socket_;
  const Router& router_;
  const Limits limits_;
  const std::shared_ptr<const SessionEvents> events_;
  asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_;
  asio::cancellation_signal signal_;
  bool active_ = false;  // a request is being handled
  bool reading_header_ = false;
  bool last_ = false;         // the connection is closed after this request
  bool watched_ = false;      // a wait for the client's close is pending
  bool gone_ = false;         // the client has closed the connection
  bool cancellable_ = false;  // the handler may be cancelled when the client goes
  bool hijacked_ = false;
  std::string_view pattern_;  // of the request being handled
  std::chrono::steady_clock::time_point began_;
};

// ---------------------------------------------------------------- request body

class SessionImpl::Body final : public BodyReader {
public:
  Body(SessionImpl& session, Parser& parser) : session_(session), parser_(parser) {
    expects_continue_ = boost::beast::iequals(parser.get()[beast_http::field::expect], "100-continue");
  }

  asio::awaitable<std::size_t> read_some(std::span<char> out) override {
    if (out.empty() || parser_.is_done()) co_return 0;
    if (std::exchange(expects_continue_, false)) co_await session_.write_all("HTTP/1.1 100 Continue\r\n\r\n");
    session_.buffer_.reserve(body_window);
    auto& body = parser_.get().body();
    while (!parser_.is_done()) {
      body.data = out.data();
      body.size = out.size();
      error_code error;
      co_await beast_http::async_read_some(session_.socket_, session_.buffer_, parser_,
                                           asio::redirect_error(asio::use_awaitable, error));
      if (error && error != beast_http::error::need_buffer) fail(error);
      const std::size_t count = out.size() - body.size;
      if (count > 0) co_return count;
    }
    co_return 0;
  }

  /// Reads what the handler left. False: too much, or broken; the connection cannot be used further.
  static asio::awaitable<bool> skip(Body& body) {
    if (body.broken_) co_return false;
    if (body.expects_continue_) co_return body.parser_.is_done();  // the client waits for a go-ahead it will not get
    std::array<char, 16 * 1024> scratch;
    std::size_t skipped = 0;
    while (!body.parser_.is_done()) {
      const std::size_t count = co_await body.read_some(scratch);
      skipped += count;
      if (skipped > skip_limit) co_return false;
    }
    co_return true;
  }

private:
  [[noreturn]] void fail(error_code error) {
    broken_ = true;
    session_.last_ = true;
    if (error == beast_http::error::partial_message)  // whoever has only closed its sending side gets this answer
      throw Error(ErrorCode::invalid_argument, "the request's body ends before its end");
    if (error.category() == beast_http::make_error_code(beast_http::error::bad_chunk).category() &&
        error != beast_http::error::end_of_stream)
      throw Error(ErrorCode::invalid_argument, "broken request body: " + error.message());
    throw boost::system::system_error(error);
  }

  SessionImpl& session_;
  Parser& parser_;
  bool expects_continue_ = false;
  bool broken_ = false;
};

// ---------------------------------------------------------------- hijacked connection

class SessionImpl::Raw final : public RawStream {
public:
  explicit Raw(SessionImpl& session) : session_(session) {}

  asio::awaitable<std::size_t> read_some(std::span<char> out) override {
    if (out.empty()) co_return 0;
    if (const auto early = session_.buffer_.data(); early.size() > 0) {  // came with the request
      const std::size_t count = std::min(early.size(), out.size());
      std::memcpy(out.data(), early.data(), count);
      session_.buffer_.consume(count);
      co_return count;
    }
    error_code error;
    const std::size_t count = co_await session_.socket_.async_read_some(asio::buffer(out.data(), out.size()),
                                                                        asio::redirect_error(asio::use_awaitable, error));
    if (error && error != asio::error::eof) throw boost::system::system_error(error);
    // The close was not acted on while input was left to read; now it can be.
    if (count == 0 && session_.gone_)
      asio::post(session_.socket_.get_executor(), [self = session_.shared_from_this()] { self->client_gone(); });
    co_return count;
  }

  asio::awaitable<void> write(std::string_view bytes) override {
    if (!std::exchange(header_was_read_, true)) co_await wait_until_header_is_read();
    co_await session_.write_all(bytes);
  }

private:
  /// docker-py reads the header through a buffer and what follows past it: output that comes along is lost to it. Docker is
  /// slow enough for that never to happen. Ends at once in the usual case, and always soon.
  asio::awaitable<void> wait_until_header_is_read() {
    asio::steady_timer timer(session_.socket_.get_executor());
    for (int patience = 20; patience > 0; --patience) {
      int unread = 0;
      if (::ioctl(session_.socket_.native_handle(), SIOCOUTQ, &unread) != 0 || unread == 0) co_return;
      timer.expires_after(std::chrono::milliseconds(1));
      co_await timer.async_wait(asio::use_awaitable);
    }
  }

  SessionImpl& session_;
  bool header_was_read_ = false;
};

// ---------------------------------------------------------------- response

class SessionImpl::Response final : public ResponseWriter {
public:
  Response(SessionImpl& session, const Parser& parser, Body& body, bool upgrade)
      : session_(session),
        body_(body),
        raw_(session),
        head_request_(parser.get().method() == beast_http::verb::head),
        chunked_(parser.get().version() >= 11),
        upgrade_(upgrade) {}

  void header(std::string_view name, std::string_view value) override {
    fmt::format_to(std::back_inserter(extra_), "{}: {}\r\n", name, value);
  }

  asio::awaitable<void> send(int status, std::string_view content_type, std::string body) override {
    const bool bodyless = status == 204 || status == 304 || (status >= 100 && status < 200);
    std::string head = start(status, content_type);
    if (!bodyless) fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", body.size());
    head += "\r\n";
    if (!bodyless && !head_request_) head += body;
    co_await session_.write_all(head);
  }

  asio::awaitable<void> begin_stream(std::string_view content_type, int status) override {
    if (!chunked_) session_.last_ = true;
    std::string head = start(status, content_type);
    head += chunked_ ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n";
    streaming_ = true;
    session_.cancellable_ = true;
    session_.watch_client();
    co_await session_.write_all(head);
  }

  asio::awaitable<void> write(std::string_view bytes) override {
    if (bytes.empty() || head_request_) co_return;
    if (!chunked_) {
      co_await session_.write_all(bytes);
      co_return;
    }
    std::array<char, 20> size;
    const auto end = fmt::format_to(size.data(), "{:x}\r\n", bytes.size());
    const std::array<asio::const_buffer, 3> parts{asio::buffer(size.data(), static_cast<std::size_t>(end - size.data())),
                                                  asio::buffer(bytes.data(), bytes.size()), asio::buffer("\r\n", 2)};
    co_await asio::async_write(session_.socket_, parts, asio::use_awaitable);
  }

  asio::awaitable<void> finish() override {
    if (!streaming_ || finished_) co_return;
    finished_ = true;
    if (chunked_ && !head_request_) co_await session_.write_all("0\r\n\r\n");
  }

  asio::awaitable<RawStream*> hijack(std::string_view content_type) override {
    std::string head = upgrade_ ? "HTTP/1.1 101 UPGRADED\r\n" : "HTTP/1.1 200 OK\r\n";
    fmt::format_to(std::back_inserter(head), "Content-Type: {}\r\n{}{}\r\n", content_type,
                   upgrade_ ? "Connection: Upgrade\r\nUpgrade: tcp\r\n" : "Connection: close\r\n", extra_);
    co_await take_over(upgrade_ ? 101 : 200, std::move(head));
    co_return &raw_;
  }

  asio::awaitable<RawStream*> switch_to(std::string_view protocol) override {
    std::string head =
        fmt::format("HTTP/1.1 101 Switching Protocols\r\nUpgrade: {}\r\nConnection: Upgrade\r\n{}\r\n", protocol, extra_);
    co_await take_over(101, std::move(head));
    co_return &raw_;
  }

  bool started() const override { return started_; }
  bool complete() const { return started_ && (!streaming_ || finished_); }

private:
  asio::awaitable<void> take_over(int status, std::string head) {
    const bool skipped = co_await Body::skip(body_);
    if (!skipped) throw Error(ErrorCode::invalid_argument, "request body too long for a connection upgrade");
    session_.last_ = true;
    session_.hijacked_ = true;
    started_ = true;
    session_.note_answer(status);
    session_.cancellable_ = true;
    session_.watch_client();
    co_await session_.write_all(head);
  }

  std::string start(int status, std::string_view content_type) {
    if (started_) throw std::logic_error("a handler answered twice");
    started_ = true;
    session_.note_answer(status);
    std::string head = fmt::format(
        "HTTP/1.1 {} {}\r\nApi-Version: 1.{}\r\nOstype: linux\r\nServer: stack (linux)\r\nDocker-Experimental: false\r\n{}",
        status, reason_phrase(status), api_version_max, extra_);
    if (!content_type.empty()) fmt::format_to(std::back_inserter(head), "Content-Type: {}\r\n", content_type);
    if (session_.last_) head += "Connection: close\r\n";
    return head;
  }

  SessionImpl& session_;
  Body& body_;
  Raw raw_;
  std::string extra_;
  const bool head_request_;
  const bool chunked_;  // HTTP/1.0 clients read until the connection is closed
  const bool upgrade_;
  bool started_ = false;
  bool streaming_ = false;
  bool finished_ = false;
};

// ---------------------------------------------------------------- session

asio::awaitable<void> SessionImpl::run(std::shared_ptr<SessionImpl> self) {
  try {
    while (!self->last_) {
      Parser parser;
      parser.header_limit(static_cast<std::uint32_t>(self->limits_.header_bytes));
      parser.body_limit(boost::none);
      const bool more = co_await self->read_header(parser);
      if (!more) break;
      if (!parser.keep_alive()) self->last_ = true;
      self->active_ = true;
      self->events_->request_started();
      std::exception_ptr failure;
      try {
        co_await self->serve(parser);
      } catch (...) {
        failure = std::current_exception();
      }
      self->active_ = false;
      self->cancellable_ = false;
      if (failure) self->last_ = true;
      self->events_->request_ended();
    }
  } catch (const std::exception& error) {  // the client went away
    log::debug("http session: {}", error.what());
  }
  self->close();
  self->events_->closed(self.get());
}

/// False: no further request; an answer to a broken one has been sent.
asio::awaitable<bool> SessionImpl::read_header(Parser& parser) {
  error_code error;
  if (buffer_.size() == 0) {
    if (buffer_.capacity() > idle_buffer) buffer_.shrink_to_fit();
    if (limits_.keep_alive.count() > 0) arm_header_timer();
    co_await socket_.async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, error));
    if (error || last_) co_return false;
  }
  reading_header_ = true;
  arm_header_timer();
  co_await beast_http::async_read_header(socket_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
  reading_header_ = false;
  timer_.cancel();
  if (!error) co_return true;
  if (error.category() == beast_http::make_error_code(beast_http::error::bad_method).category() &&
      error != beast_http::error::end_of_stream && error != beast_http::error::partial_message)
    co_await refuse(error);
  co_return false;
}

void SessionImpl::arm_header_timer() {
  timer_.expires_after(reading_header_ ? limits_.header_timeout : limits_.keep_alive);
  timer_.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (error || !self || self->active_) return;
    self->last_ = true;
    self->socket_.cancel(error);
  });
}

/// Answers what is no HTTP request; the connection is closed afterwards.
asio::awaitable<void> SessionImpl::refuse(error_code error) {
  const bool too_big = error == beast_http::error::header_limit || error == beast_http::error::buffer_overflow;
  const int status = too_big ? 431 : 400;
  const std::string body = error_body(too_big ? "request header is too long" : "not an HTTP request: " + error.message());
  const std::string answer =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                  status, reason_phrase(status), body.size(), body);
  co_await write_all(answer);
}

void SessionImpl::note_answer(int status) const {
  if (router_.hooks().answered && !pattern_.empty())
    router_.hooks().answered(pattern_, status, std::chrono::steady_clock::now() - began_);
}

asio::awaitable<void> SessionImpl::serve(Parser& parser) {
  began_ = std::chrono::steady_clock::now();
  pattern_ = {};
  Body body(*this, parser);
  Request probe;
  for (const auto& field : parser.get())
    probe.headers.emplace_back(std::string(view(field.name_string())), std::string(view(field.value())));
  Response response(*this, parser, body, probe.wants_upgrade());
  probe.body = &body;
  std::optional<ErrorResponse> failed;
  std::exception_ptr lost;  // the connection itself
  try {
    const std::string_view target = origin_form(view(parser.get().target()));
    const auto question = target.find('?');
    const std::string_view whole_path = target.substr(0, question);
    check_escapes(whole_path);
    const auto [version, path] = split_version(whole_path);
    probe.api_version = version;
    probe.path = std::string(path);
    if (question != std::string_view::npos) probe.query = Query::parse(target.substr(question + 1));
    const auto method = to_method(parser.get().method());
    Match match = method ? router_.find(*method, path) : Match{};
    if (match.handler == nullptr) {
      const std::string clean = clean_path(whole_path);
      if (clean == whole_path) throw Error(ErrorCode::not_found, "page not found");
      const std::string_view query = question == std::string_view::npos ? std::string_view() : target.substr(question);
      response.header("Location", clean + std::string(query));
      co_await response.empty(301);
      co_return;
    }
    pattern_ = match.pattern;
    probe.method = *method;
    probe.parameters = std::move(match.parameters);
    cancellable_ = *method == Method::get || *method == Method::head;
    if (cancellable_) watch_client();
    if (router_.hooks().before) router_.hooks().before(probe);
    co_await (*match.handler)(probe, response);
    if (!response.started()) throw std::logic_error("the handler gave no answer");
  } catch (const boost::system::system_error& error) {
    if (gone_ || error.code() == asio::error::operation_aborted || error.code() == asio::error::broken_pipe ||
        error.code() == asio::error::connection_reset || error.code() == beast_http::error::partial_message)
      lost = std::current_exception();
    else
      failed = to_response(error);
  } catch (const std::exception& error) {
    failed = to_response(error);
  }
  if (lost) std::rethrow_exception(lost);
  if (failed) {
    if (router_.hooks().failed) router_.hooks().failed(*failed);
    if (failed->status >= 500) log::error("{} {}: {}", view(parser.get().method_string()), probe.path, failed->message);
    if (response.started()) {  // too late for a status: the missing end of the body tells the client
      last_ = true;
      co_return;
    }
    if (failed->status == 304) {
      co_await response.empty(304);
    } else {
      std::string text = error_body(failed->message);
      co_await response.send(failed->status, "application/json", std::move(text));
    }
  }
  co_await response.finish();
  if (!hijacked_) {
    const bool skipped = co_await Body::skip(body);
    if (!skipped) last_ = true;
  }
}

asio::awaitable<void> SessionImpl::write_all(std::string_view bytes) {
  co_await asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()), asio::use_awaitable);
}

/// Waits, besides what the handler does, for the client to close the whole connection (a half close is no reason to stop).
void SessionImpl::watch_client() {
  if (std::exchange(watched_, true)) return;
  socket_.async_wait(Socket::wait_error, [self = shared_from_this()](error_code error) {
    self->watched_ = false;
    if (!error) self->client_gone();
  });
}

void SessionImpl::client_gone() {
  gone_ = true;
  int unread = 0;
  if (hijacked_ && (buffer_.size() > 0 || (::ioctl(socket_.native_handle(), FIONREAD, &unread) == 0 && unread > 0)))
    return;  // input the client sent before it left counts; RawStream::read_some comes back here at its end
  if (active_ && cancellable_) signal_.emit(asio::cancellation_type::terminal);
}

void SessionImpl::close_when_idle() {
  last_ = true;
  error_code ignored;
  if (!active_ && !reading_header_) socket_.cancel(ignored);
}

void SessionImpl::cancel() {
  last_ = true;
  gone_ = true;
  error_code ignored;
  socket_.cancel(ignored);
  signal_.emit(asio::cancellation_type::terminal);
}

void SessionImpl::close() {
  timer_.cancel();
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  // Input nobody read would turn the close into a reset at the client's side, which may then miss the end of the output.
  std::array<char, 4096> scratch;
  while (::recv(socket_.native_handle(), scratch.data(), scratch.size(), MSG_DONTWAIT) > 0) {
  }
  socket_.close(ignored);
}

}  // namespace

std::shared_ptr<Session> start_session(Socket socket, const Router& router, const Limits& limits,
                                       std::shared_ptr<const SessionEvents> events) {
  auto session = std::make_shared<SessionImpl>(std::move(socket), router, limits, std::move(events));
  asio::co_spawn(session->executor(), SessionImpl::run(session), asio::bind_cancellation_slot(session->slot(), asio::detached));
  return session;
}

}  // namespace stack::engine::http
