// Answers per second for a local name, against a null responder: a loop that receives and sends with the same system calls
// and does nothing else. Both are measured in turn in one run, so that the machine's mood hits both.
//
//   dns_bench [seconds per measurement] [rounds]
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "dns/name.hpp"
#include "dns/server.hpp"

namespace {

using namespace stack;
using Clock = std::chrono::steady_clock;

constexpr std::size_t batch = 32;
constexpr std::string_view asked_name = "web-17.shop_default";

UniqueFd loopback_socket(std::uint16_t& port) {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw errno_error("bind");
  socklen_t size = sizeof address;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return fd;
}

UniqueFd connected_socket(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw errno_error("connect");
  const timeval patience{0, 200'000};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

std::vector<std::uint8_t> query_packet() {
  std::vector<std::uint8_t> packet{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  for (const char byte : dns::to_wire(asked_name)) packet.push_back(static_cast<std::uint8_t>(byte));
  for (const std::uint8_t byte : {0, 1, 0, 1}) packet.push_back(byte);
  return packet;
}

struct Messages {
  std::array<std::array<std::uint8_t, 1232>, batch> bytes;
  std::array<iovec, batch> parts;
  std::array<sockaddr_storage, batch> from;
  std::array<mmsghdr, batch> headers{};
  Messages() {
    for (std::size_t i = 0; i < batch; ++i) {
      parts[i] = {bytes[i].data(), bytes[i].size()};
      headers[i].msg_hdr.msg_iov = &parts[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
  }
};

/// Sends every packet back with the answer bit set and sixteen bytes more, as many as one A record takes.
class NullResponder {
public:
  explicit NullResponder(std::uint16_t& port) : fd_(loopback_socket(port)), port_(port), thread_([this] { serve(); }) {}
  ~NullResponder() {
    stop_ = true;
    const UniqueFd wake = connected_socket(port_);
    ::send(wake.get(), "stop", 4, 0);
    thread_.join();
  }

private:
  void serve() {
    Messages in;
    while (!stop_) {
      for (std::size_t i = 0; i < batch; ++i) {
        in.parts[i].iov_len = in.bytes[i].size();
        in.headers[i].msg_hdr.msg_name = &in.from[i];
        in.headers[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
      }
      const int count = ::recvmmsg(fd_.get(), in.headers.data(), batch, MSG_WAITFORONE, nullptr);
      if (count <= 0) continue;
      for (int i = 0; i < count; ++i) {
        in.bytes[i][2] |= 0x80;
        in.parts[i].iov_len = in.headers[i].msg_len + 16;
      }
      ::sendmmsg(fd_.get(), in.headers.data(), static_cast<unsigned>(count), 0);
    }
  }
  UniqueFd fd_;
  std::uint16_t port_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class Names : public dns::Backend, public dns::View, public std::enable_shared_from_this<Names> {
public:
  Names() {
    for (int i = 0; i < 50; ++i) {
      names_.push_back("web-" + std::to_string(i) + ".shop_default");
      names_.push_back("web-" + std::to_string(i));
    }
    std::sort(names_.begin(), names_.end());
  }
  std::shared_ptr<const dns::View> view(std::string_view) const override { return shared_from_this(); }
  bool find(std::string_view name, std::vector<dns::Address>& addresses) const override {
    const auto found = std::lower_bound(names_.begin(), names_.end(), name);
    if (found == names_.end() || *found != name) return false;
    addresses.push_back(dns::Address::from_v4({10, 0, 0, 17}));
    return true;
  }
  std::string_view reverse(const dns::Address&) const override { return {}; }

private:
  std::vector<std::string> names_;
};

/// Keeps `window` queries under way for `time`; returns answers per second.
double measure(std::uint16_t port, std::size_t window, std::chrono::duration<double> time) {
  const UniqueFd fd = connected_socket(port);
  const auto query = query_packet();
  Messages out;
  Messages in;
  for (std::size_t i = 0; i < batch; ++i) out.parts[i] = {const_cast<std::uint8_t*>(query.data()), query.size()};
  std::size_t under_way = 0;
  std::uint64_t answers = 0;
  const auto begin = Clock::now();
  while (Clock::now() - begin < time) {
    while (under_way < window) {
      const int sent = ::sendmmsg(fd.get(), out.headers.data(), static_cast<unsigned>(std::min(batch, window - under_way)), 0);
      if (sent <= 0) break;
      under_way += static_cast<std::size_t>(sent);
    }
    const int count =
        ::recvmmsg(fd.get(), in.headers.data(), static_cast<unsigned>(std::min(batch, window)), MSG_WAITFORONE, nullptr);
    if (count <= 0) {
      under_way = 0;  // lost: the socket's buffer was full
      continue;
    }
    answers += static_cast<std::uint64_t>(count);
    under_way -= std::min(under_way, static_cast<std::size_t>(count));
  }
  return static_cast<double>(answers) / std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
  const std::chrono::duration<double> time(argc > 1 ? std::atof(argv[1]) : 1.0);
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  std::uint16_t null_port = 0;
  const NullResponder null_responder(null_port);
  dns::Server server(std::make_shared<Names>(), {.resolv_conf = "/nonexistent"});
  std::uint16_t port = 0;
  server.add_endpoint("c", loopback_socket(port), UniqueFd());
  for (const std::size_t window : {std::size_t{1}, std::size_t{64}}) {
    std::vector<double> ratios;
    for (int round = 0; round < rounds; ++round) {
      const double null_rate = measure(null_port, window, time);
      const double rate = measure(port, window, time);
      ratios.push_back(rate / null_rate);
      std::printf("window %2zu: null %8.0f/s  stack %8.0f/s  ratio %.2f\n", window, null_rate, rate, ratios.back());
    }
    std::sort(ratios.begin(), ratios.end());
    std::printf("window %2zu: median ratio %.2f (budget 0.85)\n", window, ratios[ratios.size() / 2]);
  }
}
