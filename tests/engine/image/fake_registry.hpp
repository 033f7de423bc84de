#pragma once
// An HTTP server on the loopback, a thread per connection, for tests of what talks to registries. The test gives one function
// from request to answer, which several threads may call at a time.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"

namespace stack::test {

class FakeRegistry {
public:
  struct Request {
    std::string method, target, body;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string header(const std::string& name) const {
      const auto found = headers.find(name);
      return found == headers.end() ? "" : found->second;
    }
  };
  struct Answer {
    int status = 200;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<std::size_t> cut;  ///< the connection is closed after so many bytes of the body
    bool silent = false;             ///< nothing is sent until the other side goes
  };
  using Handler = std::function<Answer(const Request&)>;

  explicit FakeRegistry(Handler handler) : handler_(std::move(handler)) {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_.get(), 64) != 0 ||
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("cannot listen on the loopback");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept(); });
  }
  ~FakeRegistry() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
  }
  FakeRegistry(const FakeRegistry&) = delete;
  FakeRegistry& operator=(const FakeRegistry&) = delete;

  std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }
  /// "GET /v2/…", in order of arrival.
  std::vector<std::string> log() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  std::size_t count(const std::string& line) const {
    std::size_t found = 0;
    for (const std::string& entry : log()) found += entry == line ? 1 : 0;
    return found;
  }

private:
  void accept() {
    for (;;) {
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd] {
        serve(fd);
        const std::lock_guard closing(mutex_);
        std::erase(open_, fd);
        ::close(fd);
      });
    }
  }

  void serve(int fd) {
    std::string input;
    while (true) {
      Request request;
      if (!read(fd, input, request)) return;
      {
        const std::lock_guard lock(mutex_);
        log_.push_back(request.method + " " + request.target);
      }
      if (!answer(fd, request, handler_(request))) return;
    }
  }

  static bool more(int fd, std::string& input) {
    char buffer[16384];
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got > 0) input.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  static bool read(int fd, std::string& input, Request& request) {
    while (input.find("\r\n\r\n") == std::string::npos) {
      if (!input.empty() && input[0] == '\x16') {  // a TLS greeting
        const std::string refusal = "HTTP/1.0 400 Bad Request\r\n\r\n";
        ::send(fd, refusal.data(), refusal.size(), MSG_NOSIGNAL);
        return false;
      }
      if (!more(fd, input)) return false;
    }
    const std::size_t end = input.find("\r\n\r\n");
    const std::string head = input.substr(0, end + 2);
    input.erase(0, end + 4);
    request.method = head.substr(0, head.find(' '));
    const std::size_t target = request.method.size() + 1;
    request.target = head.substr(target, head.find(' ', target) - target);
    for (std::size_t at = head.find("\r\n") + 2; at < head.size(); at = head.find("\r\n", at) + 2) {
      const std::size_t colon = head.find(": ", at);
      std::string name = head.substr(at, colon - at);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      request.headers[name] = head.substr(colon + 2, head.find("\r\n", colon) - colon - 2);
    }
    const std::size_t length = std::strtoull(request.header("content-length").c_str(), nullptr, 10);
    while (input.size() < length)
      if (!more(fd, input)) return false;
    request.body = input.substr(0, length);
    input.erase(0, length);
    return true;
  }

  static bool answer(int fd, const Request& request, const Answer& answer) {
    std::string unused;
    if (answer.silent) {
      while (more(fd, unused)) {
      }
      return false;
    }
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " X\r\n";
    for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
    text += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n";
    if (request.method != "HEAD") text += answer.body.substr(0, answer.cut.value_or(answer.body.size()));
    ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    return !answer.cut;
  }

  Handler handler_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> log_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace stack::test
