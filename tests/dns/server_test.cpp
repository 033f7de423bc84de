// The server over real loopback sockets, with an upstream of the test's own.
#include "dns/server.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fstream>
#include <functional>
#include <thread>

#include "base/error.hpp"
#include "tests/dns/packets.hpp"

namespace stack::dns {
namespace {

using test::Raw;

UniqueFd bound_socket(int type, std::uint16_t& port) {
  UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw errno_error("bind");
  if (type == SOCK_STREAM && ::listen(fd.get(), 16) != 0) throw errno_error("listen");
  socklen_t size = sizeof address;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return fd;
}

UniqueFd connected_socket(int type, std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw errno_error("connect");
  const timeval patience{20, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

Raw receive(int fd) {
  Raw packet(65536);
  const ssize_t size = ::recv(fd, packet.data(), packet.size(), 0);
  packet.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return packet;
}

std::string ask_udp(std::uint16_t port, const Raw& query) {
  const UniqueFd fd = connected_socket(SOCK_DGRAM, port);
  ::send(fd.get(), query.data(), query.size(), 0);
  return test::to_text(receive(fd.get()));
}

std::string ask_tcp(std::uint16_t port, const std::vector<Raw>& queries) {
  const UniqueFd fd = connected_socket(SOCK_STREAM, port);
  Raw stream;
  for (const Raw& query : queries) {
    test::put16(stream, static_cast<unsigned>(query.size()));
    stream.insert(stream.end(), query.begin(), query.end());
  }
  ::send(fd.get(), stream.data(), stream.size(), 0);
  std::string texts;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    Raw length(2);
    if (::recv(fd.get(), length.data(), 2, MSG_WAITALL) != 2) return texts + "closed";
    Raw packet(read_u16(length, 0));
    ::recv(fd.get(), packet.data(), packet.size(), MSG_WAITALL);
    texts += test::to_text(packet) + "\n";
  }
  return texts;
}

/// Knows "web" for the endpoint "c1", with as many addresses as asked.
class OneName : public Backend, public View, public std::enable_shared_from_this<OneName> {
public:
  explicit OneName(int addresses = 1) : count(addresses) {}
  std::shared_ptr<const View> view(std::string_view endpoint) const override {
    return endpoint == "c1" ? shared_from_this() : nullptr;
  }
  bool find(std::string_view name, std::vector<Address>& addresses) const override {
    if (name != "web") return false;
    for (int i = 0; i < count; ++i) addresses.push_back(*Address::parse("10.0.0." + std::to_string(i + 2)));
    return true;
  }
  std::string_view reverse(const Address&) const override { return {}; }
  int count;
};

/// An upstream: answers every query as the function says; an empty packet means silence.
class Upstreamd {
public:
  explicit Upstreamd(std::function<Raw(const Raw&, bool tcp)> answer) : answer_(std::move(answer)) {
    udp_ = bound_socket(SOCK_DGRAM, port_);
    tcp_ = bound_socket(SOCK_STREAM, port_);
    threads_[0] = std::thread([this] { serve_udp(); });
    threads_[1] = std::thread([this] { serve_tcp(); });
  }
  ~Upstreamd() {
    stop_ = true;
    const Raw wake = test::query("stop", type::a);
    const UniqueFd fd = connected_socket(SOCK_DGRAM, port_);
    ::send(fd.get(), wake.data(), wake.size(), 0);
    ::shutdown(tcp_.get(), SHUT_RDWR);
    for (auto& thread : threads_) thread.join();
  }
  Upstream address() const { return {*Address::parse("127.0.0.1"), port_}; }
  std::atomic<int> asked{0};

private:
  void serve_udp() {
    for (;;) {
      Raw packet(65536);
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t count = ::recvfrom(udp_.get(), packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (stop_) return;
      packet.resize(static_cast<std::size_t>(count));
      ++asked;
      const Raw reply = answer_(packet, false);
      if (!reply.empty()) ::sendto(udp_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }
  void serve_tcp() {
    for (;;) {
      const UniqueFd fd(::accept(tcp_.get(), nullptr, nullptr));
      if (!fd) return;
      Raw length(2);
      if (::recv(fd.get(), length.data(), 2, MSG_WAITALL) != 2) continue;
      Raw packet(read_u16(length, 0));
      ::recv(fd.get(), packet.data(), packet.size(), MSG_WAITALL);
      const Raw reply = answer_(packet, true);
      Raw stream;
      test::put16(stream, static_cast<unsigned>(reply.size()));
      stream.insert(stream.end(), reply.begin(), reply.end());
      ::send(fd.get(), stream.data(), stream.size(), 0);
    }
  }
  std::function<Raw(const Raw&, bool)> answer_;
  std::uint16_t port_ = 0;
  UniqueFd udp_, tcp_;
  std::atomic<bool> stop_{false};
  std::array<std::thread, 2> threads_;
};

Raw with_address(const Raw& query, unsigned last) {
  Raw reply = query;
  reply[2] |= 0x80;
  reply[3] |= 0x80;
  reply[7] = 1;
  for (const unsigned value : {0xc00cu, unsigned{type::a}, 1u, 0u, 60u, 4u, 0x0901u, 0x0200u + last}) test::put16(reply, value);
  return reply;
}

struct DnsServer : testing::Test {
  void start(EndpointOptions endpoint = {}, ServerOptions options = {}, int addresses = 1) {
    options.upstream_timeout = timeout;
    options.resolv_conf = "/nonexistent";
    server = std::make_unique<Server>(std::make_shared<OneName>(addresses), options);
    UniqueFd udp = bound_socket(SOCK_DGRAM, port);
    UniqueFd tcp = bound_socket(SOCK_STREAM, port);
    held_udp = UniqueFd(::dup(udp.get()));
    server->add_endpoint("c1", std::move(udp), std::move(tcp), std::move(endpoint));
  }
  std::chrono::milliseconds timeout{10000};
  std::uint16_t port = 0;
  UniqueFd held_udp;  // as the shim holds it
  std::unique_ptr<Server> server;
};

TEST_F(DnsServer, AnswersLocalNamesOverUdpAndTcp) {
  start();
  EXPECT_EQ(ask_udp(port, test::query("web", type::a)), "0x1234 r rcode=0 A 10.0.0.2/600");
  EXPECT_EQ(ask_tcp(port, {test::query("web", type::a, 1), test::query("web", type::aaaa, 2)}),
            "0x0001 r rcode=0 A 10.0.0.2/600\n0x0002 r rcode=0\n");
  EXPECT_EQ(server->statistics().local, 3u);
}

TEST_F(DnsServer, AnswersABurst) {
  start();
  const UniqueFd fd = connected_socket(SOCK_DGRAM, port);
  std::set<unsigned> ids;
  for (unsigned id = 0; id < 100; ++id) {
    const Raw query = test::query("web", type::a, id);
    ::send(fd.get(), query.data(), query.size(), 0);
  }
  for (unsigned i = 0; i < 100; ++i) ids.insert(read_u16(receive(fd.get()), 0));
  EXPECT_EQ(ids.size(), 100u);
}

TEST_F(DnsServer, ManyAddressesNeedTcp) {
  start({}, {}, 100);
  EXPECT_TRUE(ask_udp(port, test::query("web", type::a)).starts_with("0x1234 r tc rcode=0 A"));
  EXPECT_TRUE(ask_tcp(port, {test::query("web", type::a)}).starts_with("0x1234 r rcode=0 A"));
}

TEST_F(DnsServer, AnswersMalformedQueriesWithAnError) {
  start();
  Raw cut = test::query("web", type::a);
  cut.resize(cut.size() - 3);
  EXPECT_EQ(ask_udp(port, cut), "0x1234 r rcode=1");
  Raw notify = test::query("web", type::a);
  notify[2] = 0x20;
  EXPECT_EQ(ask_udp(port, notify), "0x1234 r rcode=4");
  Raw version = test::query("web", type::a, 5, 1232);
  version[version.size() - 5] = 1;
  EXPECT_EQ(ask_udp(port, version), "0x0005 r rcode=0 edns=1232");
  EXPECT_EQ(ask_tcp(port, {Raw{1, 2, 3}}), "closed");
}

TEST_F(DnsServer, ForwardsTheRestAndKeepsTheAnswer) {
  Upstreamd upstream([](const Raw& query, bool) { return with_address(query, 1); });
  start();
  server->set_upstreams({upstream.address()});
  EXPECT_EQ(ask_udp(port, test::query("example.org", type::a, 9)), "0x0009 r rcode=0 A 9.1.2.1/60");
  EXPECT_TRUE(ask_udp(port, test::query("Example.org", type::a, 10)).starts_with("0x000a r rcode=0 A 9.1.2.1/"));
  EXPECT_EQ(upstream.asked, 1);
  EXPECT_EQ(server->statistics().cached, 1u);
}

TEST_F(DnsServer, IgnoresForgedReplies) {
  Upstreamd upstream([](const Raw& query, bool) {
    Raw other = with_address(test::query("example.com", type::a, read_u16(query, 0)), 6);  // the right id, another question
    return other;
  });
  timeout = std::chrono::milliseconds(100);
  start({}, {.tries = 1});
  server->set_upstreams({upstream.address()});
  EXPECT_EQ(ask_udp(port, test::query("example.org", type::a)), "0x1234 r rcode=2");
}

TEST_F(DnsServer, AsksTheNextUpstreamWhenOneFails) {
  Upstreamd silent([](const Raw&, bool) { return Raw{}; });
  Upstreamd failing([](const Raw& query, bool) {
    Raw reply = query;
    reply[2] |= 0x80;
    reply[3] |= 2;
    return reply;
  });
  Upstreamd good([](const Raw& query, bool) { return with_address(query, 3); });
  timeout = std::chrono::milliseconds(100);
  start();
  server->set_upstreams({silent.address(), failing.address(), good.address()});
  EXPECT_EQ(ask_udp(port, test::query("example.org", type::a)), "0x1234 r rcode=0 A 9.1.2.3/60");
}

TEST_F(DnsServer, PassesAFailureOnWhenNobodyKnowsBetter) {
  Upstreamd failing([](const Raw& query, bool) {
    Raw reply = query;
    reply[2] |= 0x80;
    reply[3] |= 5;
    return reply;
  });
  start();
  server->set_upstreams({failing.address()});
  EXPECT_EQ(ask_udp(port, test::query("example.org", type::a)), "0x1234 r rcode=5");
}

TEST_F(DnsServer, FetchesTruncatedRepliesOverTcpForTcpClients) {
  Upstreamd upstream([](const Raw& query, bool tcp) {
    Raw reply = with_address(query, 4);
    if (!tcp) reply[2] |= 0x02;
    return reply;
  });
  start();
  server->set_upstreams({upstream.address()});
  EXPECT_EQ(ask_udp(port, test::query("example.org", type::a)), "0x1234 r tc rcode=0 A 9.1.2.4/60");
  EXPECT_EQ(ask_tcp(port, {test::query("example.org", type::a)}), "0x1234 r rcode=0 A 9.1.2.4/60\n");
}

TEST_F(DnsServer, UsesTheUpstreamsOfTheContainer) {
  Upstreamd common([](const Raw& query, bool) { return with_address(query, 1); });
  Upstreamd own([](const Raw& query, bool) { return with_address(query, 2); });
  start({.upstreams = {own.address()}});
  server->set_upstreams({common.address()});
  EXPECT_EQ(ask_udp(port, test::query("example.org", type::a)), "0x1234 r rcode=0 A 9.1.2.2/60");
  EXPECT_EQ(common.asked, 0);
}

TEST_F(DnsServer, DoesNotForwardForInternalNetworks) {
  Upstreamd upstream([](const Raw& query, bool) { return with_address(query, 1); });
  start({.forward = false});
  server->set_upstreams({upstream.address()});
  EXPECT_EQ(ask_udp(port, test::query("example.org", type::a)), "0x1234 r rcode=2");
  EXPECT_EQ(upstream.asked, 0);
  server->set_forward("c1", true);  // connected to a network that leads outside
  EXPECT_EQ(ask_udp(port, test::query("example.org", type::a)), "0x1234 r rcode=0 A 9.1.2.1/60");
}

TEST_F(DnsServer, LeavesTheSocketToOthersWhenAnEndpointGoes) {
  start();
  EXPECT_EQ(ask_udp(port, test::query("web", type::a)), "0x1234 r rcode=0 A 10.0.0.2/600");
  server->remove_endpoint("c1");
  const UniqueFd fd = connected_socket(SOCK_DGRAM, port);  // held_udp keeps the port
  const Raw query = test::query("web", type::a, 77);
  ::send(fd.get(), query.data(), query.size(), 0);
  server->add_endpoint("c1", UniqueFd(::dup(held_udp.get())), UniqueFd());  // an engine that came back: the query has waited
  EXPECT_EQ(test::to_text(receive(fd.get())), "0x004d r rcode=0 A 10.0.0.2/600");
  server->remove_endpoint("unknown");
}

TEST(ResolvConf, ListsTheNameserversInOrder) {
  EXPECT_EQ(parse_resolv_conf("# x\nnameserver 9.9.9.9 # quad\nsearch a b\nnameserver\t::1\nnameserver nonsense\nnameservers "
                              "1.1.1.1\nnameserver 127.0.0.53"),
            (std::vector<Upstream>{
                {*Address::parse("9.9.9.9"), 53}, {*Address::parse("::1"), 53}, {*Address::parse("127.0.0.53"), 53}}));
}

}  // namespace
}  // namespace stack::dns
