#include "engine/network/host.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "base/error.hpp"
#include "base/log.hpp"
#include "engine/network/ipam.hpp"

namespace stack::engine::network {

namespace {

/// Held while subnets are picked and ports reserved: all engines of the host agree on it.
class HostLock {
public:
  explicit HostLock(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (!fd_) throw errno_error("open " + path);
    while (::flock(fd_.get(), LOCK_EX) != 0)
      if (errno != EINTR) throw errno_error("lock " + path);
  }

private:
  UniqueFd fd_;
};

bool needs_lock(const Work* work) { return work->bridge.has_value() || !work->ports.empty(); }

template <class F>
void guarded(Work& work, F function) {
  if (work.error) return;
  try {
    function();
  } catch (...) {
    work.error = std::current_exception();
  }
}

void write_interface_sysctls(const EndpointWork& endpoint) {
  if (endpoint.sysctls.empty()) return;
  const InNamespace inside(endpoint.veth.netns_fd);
  for (const InterfaceSysctl& sysctl : endpoint.sysctls) {
    const std::string path = sysctl.before + endpoint.veth.inner_name + sysctl.after;
    if (!write_sysctl(path, sysctl.value))
      throw Error(
          ErrorCode::invalid_argument,
          path + (::access(path.c_str(), F_OK) == 0 ? " does not take the value " + sysctl.value : " is not a sysctl file"));
  }
}

void allow_forwarding() {
  constexpr const char* path = "/proc/sys/net/ipv4/ip_forward";
  std::ifstream file(path);
  if (file.get() != '0') return;
  if (write_sysctl(path, "1"))
    log::info("set net.ipv4.ip_forward=1: containers reach the outside through this host");
  else
    log::warning("net.ipv4.ip_forward is 0 and cannot be set: containers will not reach the outside");
}

Error netlink_failure(const std::string& what, const NetlinkError& error) {
  return errno_error(error.text.empty() ? what : what + " (" + error.text + ")", error.error);
}

}  // namespace

std::vector<FirewallPort> firewall_ports(const std::vector<PortBinding>& bindings, Ipv4 target) {
  std::vector<FirewallPort> ports;
  for (const PortBinding& binding : bindings)
    if (const auto address = Ipv4::parse(binding.host_ip))
      ports.push_back({binding.protocol, *address, binding.host_port, target, binding.container_port});
  return ports;
}

Host::Host(std::string table, std::string bridge_pattern, std::string lock)
    : firewall_(std::move(table), std::move(bridge_pattern)), lock_(std::move(lock)) {}

void Host::run(std::span<Work* const> batch, const std::vector<Ipv4Subnet>& subnets) {
  try {
    std::optional<HostLock> lock;
    if (std::any_of(batch.begin(), batch.end(), needs_lock)) lock.emplace(lock_);
    NetlinkSocket route(NETLINK_ROUTE);
    std::vector<std::string> doomed;
    for (const Work* work : batch) doomed.insert(doomed.end(), work->remove_links.begin(), work->remove_links.end());
    if (!doomed.empty()) remover_.remove(doomed);
    create_bridges(route, batch, subnets);
    for (Work* work : batch) guarded(*work, [&] { reserve_ports(*work); });
    create_endpoints(route, batch);
    for (Work* work : batch) guarded(*work, [&] { configure_inside(*work); });
    change_firewall(batch);
  } catch (...) {
    for (Work* work : batch)
      if (!work->error) work->error = std::current_exception();
  }
  for (Work* work : batch)
    if (work->error) undo(*work);
}

void Host::create_bridges(NetlinkSocket& route, std::span<Work* const> batch, const std::vector<Ipv4Subnet>& subnets) {
  if (std::none_of(batch.begin(), batch.end(), [](const Work* work) { return work->bridge.has_value(); })) return;
  const std::vector<LinkAddress> addresses = list_addresses(route);
  std::vector<Ipv4Subnet> taken = subnets;
  for (const LinkAddress& entry : addresses) taken.push_back(entry.address);
  for (const Route& entry : list_routes(route))
    if (entry.destination.bits != 0) taken.push_back(entry.destination);
  for (const Work* work : batch)  // what is asked for is not given to a neighbour that takes any
    if (work->bridge && work->bridge->subnet) taken.push_back(*work->bridge->subnet);
  for (Work* work : batch) {
    if (!work->bridge) continue;
    guarded(*work, [&] {
      BridgeWork& bridge = *work->bridge;
      if (!bridge.subnet) bridge.subnet = choose_subnet(taken);
      if (!bridge.subnet)
        throw Error(ErrorCode::unavailable,
                    "could not find an available, non-overlapping IPv4 address pool among the defaults to assign "
                    "to the network: all of them overlap routes or interfaces of this host");
      for (const LinkAddress& entry : addresses)
        if (entry.address.overlaps(*bridge.subnet))
          throw Error(ErrorCode::forbidden,
                      "invalid pool request: Pool overlaps with other one on this address space (an interface of "
                      "this host has " +
                          entry.address.to_string() + ")");
      taken.push_back(*bridge.subnet);
      create_bridge(route, *work);
    });
  }
}

void Host::reserve_ports(Work& work) {
  for (const PortRequest& port : work.ports) {
    try {
      work.reserved.push_back(reserve_port(port));
    } catch (const Error& error) {  // 500, as from Docker
      throw Error(ErrorCode::internal,
                  "driver failed programming external connectivity on endpoint " + work.container_name + ": " + error.what());
    }
  }
}

void Host::create_bridge(NetlinkSocket& route, Work& work) {
  BridgeWork& bridge = *work.bridge;
  if (!bridge.gateway) bridge.gateway = Ipv4{bridge.subnet->network().value + 1};
  if (find_link_index(bridge.name))
    throw Error(ErrorCode::conflict, "network " + bridge.network + ": the interface " + bridge.name + " exists already");
  NetlinkBatch batch;
  add_bridge(batch, bridge.name, mac_for(*bridge.gateway), bridge.mtu);
  if (const auto errors = route.transact(batch); !errors.empty())
    throw netlink_failure("create bridge " + bridge.name, errors.front());
  bridge.created = true;
  const auto index = find_link_index(bridge.name);
  if (!index) throw Error(ErrorCode::internal, "bridge " + bridge.name + " vanished");
  batch.clear();
  add_address(batch, *index, {*bridge.gateway, bridge.subnet->bits});
  if (const auto errors = route.transact(batch); !errors.empty())
    throw netlink_failure("set address of " + bridge.name, errors.front());
  write_sysctl("/proc/sys/net/ipv6/conf/" + bridge.name + "/disable_ipv6", "1");
  write_sysctl("/proc/sys/net/ipv4/conf/" + bridge.name + "/route_localnet",
               "1");  // 127.0.0.1:port of the host, see firewall.cpp
  if (!bridge.firewall.internal) allow_forwarding();
  bridge.firewall.subnet = *bridge.subnet;
  work.firewall.add_networks.push_back(bridge.firewall);
}

void Host::create_endpoints(NetlinkSocket& route, std::span<Work* const> batch) {
  NetlinkBatch links;
  std::vector<std::pair<Work*, const EndpointWork*>> origin;  // of each message
  std::map<std::string, std::uint32_t> indexes;               // of bridges
  for (Work* work : batch) {
    for (EndpointWork& endpoint : work->endpoints) {
      guarded(*work, [&] {
        auto known = indexes.find(endpoint.bridge);
        if (known == indexes.end()) {
          const auto index = find_link_index(endpoint.bridge);
          if (!index)
            throw Error(ErrorCode::internal, "bridge " + endpoint.bridge + " does not exist: was it removed by hand?");
          known = indexes.emplace(endpoint.bridge, *index).first;
        }
        endpoint.veth.bridge_index = known->second;
        add_veth(links, endpoint.veth);
        origin.emplace_back(work, &endpoint);
      });
    }
  }
  for (const NetlinkError& error : route.transact(links)) {
    const auto& [work, endpoint] = origin[error.message];
    if (!work->error)
      work->error = std::make_exception_ptr(
          netlink_failure("create interface " + endpoint->veth.inner_name + " on " + endpoint->bridge, error));
  }
  NetlinkBatch hairpin;
  for (const Work* work : batch)
    for (const EndpointWork& endpoint : work->endpoints)
      if (!work->error && endpoint.hairpin) set_hairpin(hairpin, endpoint.veth.host_name);
  route.transact(hairpin);  // a container's way to itself through the host's port; nothing else depends on it
}

void Host::configure_inside(Work& work) {
  if (work.inside == nullptr) return;
  NetlinkBatch batch;
  for (EndpointWork& endpoint : work.endpoints) {
    std::uint32_t& index = endpoint.veth.inner_index;
    if (index == 0) index = get_link_index(*work.inside, endpoint.veth.inner_name);
    set_up(batch, index);
    add_address(batch, index, endpoint.address);
    for (const Ipv4Subnet& address : endpoint.more_addresses) add_address(batch, index, address);
    if (endpoint.default_route) replace_default_route(batch, index, *endpoint.default_route);
  }
  if (work.default_route) replace_default_route(batch, work.default_route->first, work.default_route->second);
  if (const auto errors = work.inside->transact(batch); !errors.empty())
    throw netlink_failure("configure the container's interfaces", errors.front());
  for (const EndpointWork& endpoint : work.endpoints) write_interface_sysctls(endpoint);
}

void Host::change_firewall(std::span<Work* const> batch) {
  FirewallChange change;
  const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  for (Work* work : batch) {
    append(change.remove_networks, work->firewall.remove_networks);
    append(change.remove_ports, work->firewall.remove_ports);
    if (work->error) continue;
    for (const ReservedPort& port : work->reserved)
      append(work->firewall.add_ports, firewall_ports(port.bindings, work->port_target));
    append(change.add_networks, work->firewall.add_networks);
    append(change.add_ports, work->firewall.add_ports);
  }
  try {
    firewall_.change(change);
  } catch (const std::exception& error) {
    log::error("firewall: {}", error.what());
    for (Work* work : batch)
      if (!work->error && (!work->firewall.add_networks.empty() || !work->firewall.add_ports.empty()))
        work->error = std::current_exception();
  }
}

void Host::undo(Work& work) {
  try {
    work.reserved.clear();
    std::vector<std::string> links;
    for (const EndpointWork& endpoint : work.endpoints) links.push_back(endpoint.veth.host_name);
    if (work.bridge && work.bridge->created) links.push_back(work.bridge->name);
    remover_.remove(links);
  } catch (const std::exception& error) {
    log::error("undo of a failed network request: {}", error.what());
  }
}

std::vector<std::string> Host::adopt(const std::vector<std::string>& prefixes, const std::vector<std::string>& keep,
                                     const std::vector<FirewallNetwork>& networks, const std::vector<FirewallPort>& ports) {
  NetlinkSocket route(NETLINK_ROUTE);
  std::vector<std::string> doomed;
  std::vector<std::string> bridges;
  for (const Link& link : list_links(route)) {
    const bool kept = std::find(keep.begin(), keep.end(), link.name) != keep.end();
    const bool ours = std::any_of(prefixes.begin(), prefixes.end(),
                                  [&](const std::string& prefix) { return link.name.rfind(prefix, 0) == 0; });
    if (ours && !kept) doomed.push_back(link.name);
    if (kept && link.kind == "bridge") bridges.push_back(link.name);
  }
  remover_.remove(doomed);
  std::vector<FirewallNetwork> present;
  for (const FirewallNetwork& network : networks)
    if (std::find(bridges.begin(), bridges.end(), network.bridge) != bridges.end()) present.push_back(network);
  firewall_.reset(present, ports);
  return bridges;
}

}  // namespace stack::engine::network
