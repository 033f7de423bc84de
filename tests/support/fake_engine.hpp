#pragma once
// An HTTP server on a unix socket for tests of what talks to an engine. The test gives one function from request to answer;
// everything runs on the test's io_context.
#include <stdlib.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace stack::test {

namespace asio = boost::asio;

class TempDir {
public:
  TempDir() {
    std::string pattern = std::filesystem::temp_directory_path() / "stack-test-XXXXXX";
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp failed");
    path_ = pattern;
  }
  TempDir(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

struct FakeRequest {
  std::string method, target, head, body;
};

struct FakeAnswer {
  int status = 200;
  std::string body;
  std::string extra_headers;  ///< "Name: value\r\n"...
  std::string raw;            ///< if set, sent as it is instead of a head and body
  bool close = false;  ///< close the connection afterwards (without an answer, if raw and body are empty and status is 0)
};

class FakeEngine {
public:
  using Handler = std::function<asio::awaitable<FakeAnswer>(FakeRequest)>;

  FakeEngine(asio::io_context& io, std::string path, Handler handler)
      : path_(std::move(path)), handler_(std::move(handler)), acceptor_(io, asio::local::stream_protocol::endpoint(path_)) {
    asio::co_spawn(io, accept_loop(this), asio::detached);
  }

  std::vector<std::string> requests;  ///< "GET /v1.51/x", in order of arrival
  int connections = 0;

  void stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (auto& socket : sockets_) socket->close(ignored);
  }

private:
  using Socket = asio::local::stream_protocol::socket;

  static asio::awaitable<void> accept_loop(FakeEngine* self) {
    for (;;) {
      auto socket = std::make_shared<Socket>(self->acceptor_.get_executor());
      boost::system::error_code error;
      co_await self->acceptor_.async_accept(*socket, asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      ++self->connections;
      self->sockets_.push_back(socket);
      asio::co_spawn(self->acceptor_.get_executor(), serve(self, socket), asio::detached);
    }
  }

  static asio::awaitable<bool> fill(std::shared_ptr<Socket> socket, std::string* buffer) {
    char space[65536];
    boost::system::error_code error;
    const std::size_t size =
        co_await socket->async_read_some(asio::buffer(space), asio::redirect_error(asio::use_awaitable, error));
    buffer->append(space, size);
    co_return !error;
  }

  static std::string header(const std::string& head, const std::string& name) {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const std::size_t start = at + name.size() + 4;
    return head.substr(start, head.find("\r\n", start) - start);
  }

  static asio::awaitable<bool> read_chunks(std::shared_ptr<Socket> socket, std::string* buffer, std::string* body) {
    for (;;) {
      std::size_t line_end;
      while ((line_end = buffer->find("\r\n")) == std::string::npos)
        if (!co_await fill(socket, buffer)) co_return false;
      const std::size_t size = std::stoul(buffer->substr(0, line_end), nullptr, 16);
      while (buffer->size() < line_end + 2 + size + 2)
        if (!co_await fill(socket, buffer)) co_return false;
      body->append(*buffer, line_end + 2, size);
      buffer->erase(0, line_end + 2 + size + 2);
      if (size == 0) co_return true;
    }
  }

  static asio::awaitable<void> serve(FakeEngine* self, std::shared_ptr<Socket> socket) {
    std::string buffer;
    for (;;) {
      std::size_t head_end;
      while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos)
        if (!co_await fill(socket, &buffer)) co_return;
      FakeRequest request;
      request.head = buffer.substr(0, head_end + 2);
      buffer.erase(0, head_end + 4);
      const std::size_t space = request.head.find(' ');
      request.method = request.head.substr(0, space);
      request.target = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
      self->requests.push_back(request.method + " " + request.target);
      if (header(request.head, "Transfer-Encoding") == "chunked") {
        if (!co_await read_chunks(socket, &buffer, &request.body)) co_return;
      } else if (const std::string length = header(request.head, "Content-Length"); !length.empty()) {
        while (buffer.size() < std::stoul(length))
          if (!co_await fill(socket, &buffer)) co_return;
        request.body = buffer.substr(0, std::stoul(length));
        buffer.erase(0, request.body.size());
      }
      FakeAnswer answer = co_await self->handler_(std::move(request));
      std::string bytes = answer.raw;
      if (bytes.empty() && answer.status != 0) {
        bytes = "HTTP/1.1 " + std::to_string(answer.status) + " X\r\n" + answer.extra_headers;
        if (answer.status != 204 && answer.status != 304)
          bytes += "Content-Type: application/json\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n";
        bytes += "\r\n" + answer.body;
      }
      boost::system::error_code error;
      co_await asio::async_write(*socket, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
      if (error || answer.close) {
        socket->close(error);
        co_return;
      }
    }
  }

  std::string path_;
  Handler handler_;
  asio::local::stream_protocol::acceptor acceptor_;
  std::vector<std::shared_ptr<Socket>> sockets_;
};

/// Runs the coroutine on `io` to its end and gives its result or throws its exception; `finally` (stop the server) is called
/// then.
template <class T>
T run(asio::io_context& io, asio::awaitable<T> task, std::function<void()> finally) {
  std::exception_ptr failure;
  if constexpr (std::is_void_v<T>) {
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr error) {
      failure = error;
      finally();
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> result;
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T value) {
      failure = error;
      if (!error) result = std::move(value);
      finally();
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }
}

}  // namespace stack::test
