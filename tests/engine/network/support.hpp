#pragma once
// A host of its own for every test: a fresh network namespace for the test's process, and a Manager in it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <map>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "engine/api/types.hpp"
#include "engine/network/links.hpp"
#include "engine/network/manager.hpp"
#include "engine/network/netns.hpp"
#include "engine/network/nft.hpp"

namespace stack::engine::network {

namespace asio = boost::asio;

class MemoryStore : public NetworkStore {
public:
  void save_network(const std::string& id, const std::string& json) override {
    write();
    networks[id] = json;
  }
  void remove_network(const std::string& id) override {
    write();
    networks.erase(id);
  }
  std::vector<std::string> load_networks() override { return values(networks); }
  void save_attachment(const std::string& id, const std::string& json) override {
    write();
    attachments[id] = json;
  }
  void remove_attachment(const std::string& id) override {
    write();
    attachments.erase(id);
  }
  std::vector<std::string> load_attachments() override { return values(attachments); }
  std::map<std::string, std::string> networks, attachments;
  int writes_until_full = -1;  ///< that many more succeed; negative: all

private:
  void write() {
    if (writes_until_full == 0) throw Error(ErrorCode::internal, "database or disk is full");
    if (writes_until_full > 0) --writes_until_full;
  }
  static std::vector<std::string> values(const std::map<std::string, std::string>& rows) {
    std::vector<std::string> all;
    for (const auto& [key, value] : rows) all.push_back(value);
    return all;
  }
};

/// A namespace beside the host, joined to it by a link.
inline UniqueFd new_namespace() {
  const UniqueFd home(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  const InNamespace guard(home.get());
  if (::unshare(CLONE_NEWNET) != 0) throw errno_error("unshare");
  return UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

inline sockaddr_in ipv4(const std::string& ip, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
  return address;
}

/// A listening socket in a namespace (-1: the host).
inline UniqueFd listen_in(int netns, std::uint16_t port, const std::string& ip = "0.0.0.0") {
  std::optional<InNamespace> inside;
  if (netns >= 0) inside.emplace(netns);
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = ipv4(ip, port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd.get(), 16) != 0)
    throw errno_error("listen");
  return fd;
}

/// A connection from a namespace; empty when none came about within `patience`.
inline UniqueFd connect_from(int netns, const std::string& ip, std::uint16_t port, int patience_ms = 2000) {
  std::optional<InNamespace> inside;
  if (netns >= 0) inside.emplace(netns);
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_in address = ipv4(ip, port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) return {};
  pollfd waiting{fd.get(), POLLOUT, 0};
  if (::poll(&waiting, 1, patience_ms) != 1) return {};
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? std::move(fd) : UniqueFd();
}
constexpr int brief = 300;  ///< patience for connections that must not come about

/// The source address that a listener sees of a waiting connection.
inline std::string accepted_from(const UniqueFd& listener) {
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  const UniqueFd fd(::accept(listener.get(), reinterpret_cast<sockaddr*>(&peer), &size));
  char text[INET_ADDRSTRLEN] = "";
  if (fd) ::inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
  return text;
}

inline void must(NetlinkSocket& socket, NetlinkBatch& batch) {
  for (const NetlinkError& error : socket.transact(batch)) ADD_FAILURE() << "netlink: " << error.error << " " << error.text;
}

inline bool is_there(const std::string& link) { return find_link_index(link).has_value(); }

class HostTest : public ::testing::Test {
protected:
  static constexpr const char* instance = "1a2b3c4d";

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: network namespaces";
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    host_ns_ = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    NetlinkSocket route(NETLINK_ROUTE);
    NetlinkBatch batch;
    set_up(batch, 1);
    must(route, batch);
    lock_ = ::testing::TempDir() + "/network-lock-" + random_hex(8);
    pool_ = std::make_unique<asio::thread_pool>(4);
    start_manager();
  }
  void TearDown() override {
    manager_.reset();
    if (pool_) pool_->join();
    if (!lock_.empty()) ::unlink(lock_.c_str());
  }

  void start_manager(std::vector<RunningContainer> running = {}) {
    manager_.reset();
    names_ = std::make_shared<NameTable>();
    ManagerOptions options;
    options.instance = instance;
    options.host_lock = lock_;
    options.on_event = [this](const NetworkEvent& event) { events_.push_back(event.action + " " + event.name); };
    manager_ = std::make_unique<Manager>(io_.get_executor(), *pool_, store_, names_, nullptr, options);
    run(manager_->restore(std::move(running)));
  }

  template <class T>
  T run(asio::awaitable<T> task) {
    auto result = asio::co_spawn(io_, std::move(task), asio::use_future);
    io_.restart();
    io_.run();
    return result.get();
  }
  /// All of them at once.
  template <class T>
  std::vector<std::future<T>> run_together(std::vector<asio::awaitable<T>> tasks) {
    std::vector<std::future<T>> results;
    for (auto& task : tasks) results.push_back(asio::co_spawn(io_, std::move(task), asio::use_future));
    io_.restart();
    io_.run();
    return results;
  }
  /// The text of the error, with its code's number in front; empty: none.
  template <class T>
  std::string error_of(asio::awaitable<T> task) {
    try {
      run(std::move(task));
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  std::string create(const std::string& name, const std::string& subnet = {}, bool internal = false) {
    api::NetworkCreate request;
    request.name = name;
    request.internal = internal;
    if (!subnet.empty()) {
      api::IpamPool pool;
      pool.subnet = subnet;
      request.ipam.emplace();
      request.ipam->config = std::vector<api::IpamPool>{pool};
    }
    return run(manager_->create(request));
  }
  static AttachRequest container(const std::string& name, const std::vector<std::string>& networks,
                                 std::vector<PortRequest> ports = {}) {
    AttachRequest request;
    request.container_id = sha256_hex(name);
    request.container_name = name;
    for (const std::string& network : networks) {
      EndpointRequest endpoint;
      endpoint.network = network;
      request.endpoints.push_back(endpoint);
    }
    request.ports = std::move(ports);
    return request;
  }
  static PortRequest publish(std::uint16_t host_port, std::uint16_t port, const std::string& ip = {}) {
    PortRequest request;
    request.host_ip = ip;
    request.host_port_first = host_port;
    request.container_port = port;
    return request;
  }
  Attachment attach(AttachRequest request) { return run(manager_->attach(std::move(request))); }

  std::string bridge_of(const std::string& network) { return "stk1a2b3c" + manager_->get(network).substr(0, 6); }
  std::vector<std::string> links_of_ours() {
    std::vector<std::string> names;
    NetlinkSocket route(NETLINK_ROUTE);
    for (const Link& link : list_links(route))
      if (link.name.rfind("stk", 0) == 0 || link.name.rfind("stv", 0) == 0) names.push_back(link.name);
    return names;
  }
  /// Joins `other` to the host; the host gets `host_ip`/24, the other end `other_ip` and a default route to it.
  void join(const UniqueFd& other, const std::string& link, const std::string& host_ip, const std::string& other_ip) {
    NetlinkSocket route(NETLINK_ROUTE);
    NetlinkBatch batch;
    VethSpec veth;
    veth.host_name = link;
    veth.netns_fd = other.get();
    veth.inner_name = "eth0";
    veth.inner_index = 2;
    veth.inner_mac = Mac{2, 9, 9, 9, 9, 9};
    add_veth(batch, veth);
    must(route, batch);
    batch.clear();
    add_address(batch, *find_link_index(link), {*Ipv4::parse(host_ip), 24});
    must(route, batch);
    const InNamespace inside(other.get());
    NetlinkSocket there(NETLINK_ROUTE);
    batch.clear();
    set_up(batch, 1);
    set_up(batch, 2);
    add_address(batch, 2, {*Ipv4::parse(other_ip), 24});
    replace_default_route(batch, 2, *Ipv4::parse(host_ip));
    must(there, batch);
  }

  asio::io_context io_;
  MemoryStore store_;
  UniqueFd host_ns_;
  std::string lock_;
  std::vector<std::string> events_;
  std::shared_ptr<NameTable> names_;
  std::unique_ptr<asio::thread_pool> pool_;
  std::unique_ptr<Manager> manager_;
};

}  // namespace stack::engine::network
