#pragma once
// A server on a unix socket with its loop in a thread, and a raw client.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "base/error.hpp"
#include "engine/http/listener.hpp"

namespace stack::engine::http::test {

class Client {
public:
  explicit Client(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw errno_error("connect");
    const timeval patience{20, 0};  // so that a bug fails the test instead of hanging it
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  /// False when the server has closed the connection.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  /// Reads until the text so far ends with, or contains, `mark`; or the connection ends.
  std::string read_until(std::string_view mark) {
    std::string text;
    std::array<char, 65536> buffer;
    while (text.find(mark) == std::string::npos) {
      const ssize_t count = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (count <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
  }
  std::string read_all() { return read_until(std::string(1, '\0') + "never"); }
  void half_close() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_.reset(); }

private:
  UniqueFd fd_;
};

class HttpFixture : public testing::Test {
protected:
  HttpFixture() {
    std::string pattern = testing::TempDir() + "stack-http-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~HttpFixture() override {
    stop();
    std::filesystem::remove_all(directory_);
  }

  void start(Limits limits = {}) {
    listener_ = std::make_unique<Listener>(loop_, router_, limits);
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(fd.get(), 64), 0);
    listener_->listen(std::move(fd));
    thread_ = std::thread([this] { loop_.run(); });
  }
  /// Ends the loop's thread; what handlers refer to may go afterwards.
  void stop() {
    if (!thread_.joinable()) return;
    boost::asio::post(loop_, [this] {
      listener_.reset();
      guard_.reset();
    });
    thread_.join();
  }
  std::string path() const { return directory_ + "/s"; }
  Client connect() const { return Client(path()); }
  /// One request on a connection of its own; the whole answer.
  std::string request(const std::string& head, const std::string& body = {}) const {
    Client client = connect();
    client.send(head + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body);
    return client.read_all();
  }

  asio::io_context loop_{1};
  boost::asio::executor_work_guard<asio::io_context::executor_type> guard_ = asio::make_work_guard(loop_);
  Router router_;
  std::unique_ptr<Listener> listener_;
  std::thread thread_;
  std::string directory_;
};

}  // namespace stack::engine::http::test
