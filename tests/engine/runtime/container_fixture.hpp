#pragma once
// Real containers on a rootfs made from Debian's busybox-static, for the tests of the runtime.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "engine/runtime/cgroup.hpp"
#include "engine/runtime/launch.hpp"
#include "engine/shim/bytes.hpp"
#include "engine/shim/log_format.hpp"
#include "engine/shim/protocol.hpp"

namespace stack::engine::runtime {

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A blocking client of a monitor's socket, for tests only.
class TestClient {
public:
  explicit TestClient(const std::string& path) : fd_(connect_to(path)) {
    const std::uint32_t version = shim::protocol_version;
    request(shim::Message::hello, {reinterpret_cast<const char*>(&version), sizeof version});
  }
  /// The payload of the answer. Events that arrive before it are kept for wait_exit().
  std::string request(shim::Message type, std::string_view payload) {
    send(type, payload);
    for (;;) {
      auto [kind, body] = receive();
      if (kind == shim::Message::event_exit)
        exit_event_ = body;
      else if (kind == shim::Message::error)
        throw std::runtime_error("monitor: " + body.substr(6));
      else if (kind == shim::Message::ok || kind == shim::Message::hello_ok)
        return body;
    }
  }
  void subscribe(bool is_engine = false) {
    const char flag = is_engine ? 1 : 0;
    request(shim::Message::subscribe, {&flag, 1});
  }
  shim::State wait_exit() {
    while (exit_event_.empty()) {
      auto [kind, body] = receive();
      if (kind == shim::Message::event_exit) exit_event_ = body;
    }
    shim::State state;
    std::memcpy(&state, exit_event_.data(), sizeof state);
    return state;
  }
  void release() { request(shim::Message::release, {}); }
  int fd() const { return fd_.get(); }
  void send(shim::Message type, std::string_view payload) {
    shim::FrameHeader header;
    header.length = static_cast<std::uint32_t>(payload.size());
    header.type = type;
    header.id = 1;
    std::string frame(reinterpret_cast<const char*>(&header), sizeof header);
    frame += payload;
    if (::send(fd_.get(), frame.data(), frame.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size()))
      throw std::runtime_error("send");
  }
  UniqueFd take() { return std::move(fd_); }

  static UniqueFd connect_to(const std::string& path);
  std::pair<shim::Message, std::string> receive() {
    shim::FrameHeader header;
    read_all(&header, sizeof header);
    std::string body(header.length, '\0');
    read_all(body.data(), body.size());
    return {header.type, body};
  }

private:
  void read_all(void* target, std::size_t length) {
    auto* at = static_cast<char*>(target);
    while (length != 0) {
      const ssize_t n = ::recv(fd_.get(), at, length, 0);
      if (n <= 0) throw std::runtime_error("monitor closed the connection");
      at += n;
      length -= static_cast<std::size_t>(n);
    }
  }
  UniqueFd fd_;
  std::string exit_event_;
};

struct Finished {
  int exit_code = -1;
  bool oom_killed = false;
  std::string out;
  std::string err;
};

class ContainerTest : public ::testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;

  /// A request for `args`, with everything as a plain `docker run` has it, seccomp excepted.
  LaunchRequest request(const std::vector<std::string>& args);
  LaunchRequest shell(const std::string& script) { return request({"/bin/sh", "-c", script}); }
  Finished finish(const LaunchResult& launched, const LaunchRequest& request);
  Finished run(const LaunchRequest& request);
  std::string run_shell(const std::string& script) { return run(shell(script)).out; }

  std::filesystem::path base_;
  std::filesystem::path rootfs_;
  std::string cgroup_parent_;
  static ShimBinary& shim();
};

}  // namespace stack::engine::runtime
