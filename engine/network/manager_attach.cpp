// Containers: attach, detach, connect, disconnect.
#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "dns/server.hpp"
#include "engine/network/manager_impl.hpp"

namespace stack::engine::network {

namespace asio = boost::asio;

namespace {

auto not_cancellable() { return asio::this_coro::reset_cancellation_state(asio::disable_cancellation()); }

UniqueFd duplicate(int fd) {
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!copy) throw errno_error("duplicate a descriptor");
  return copy;
}

bool same_address(const std::string& a, const std::string& b) {
  const auto any = [](const std::string& ip) { return ip.empty() || ip == "0.0.0.0" || ip == "::"; };
  return a == b || any(a) || any(b);
}

/// A fixed port that is asked for and that `taken` has.
bool collides(const PortRequest& wanted, const std::string& host_ip, std::uint16_t host_port, Protocol protocol) {
  const bool fixed = wanted.host_port_first != 0 && wanted.host_port_last <= wanted.host_port_first;
  return fixed && wanted.protocol == protocol && wanted.host_port_first == host_port && same_address(wanted.host_ip, host_ip);
}

std::vector<PortBinding> bindings_of(const Work& work) {
  std::vector<PortBinding> bindings;
  for (const ReservedPort& port : work.reserved) bindings.insert(bindings.end(), port.bindings.begin(), port.bindings.end());
  return bindings;
}

void name_interfaces(AttachmentRecord& record) {
  std::vector<std::string> wanted;
  for (const Endpoint& endpoint : record.endpoints) wanted.push_back(endpoint.interface_name);
  const std::vector<std::string> names = interface_names(wanted);
  for (std::size_t i = 0; i < names.size(); ++i) record.endpoints[i].interface_name = names[i];
}

bool leads_outside(const AttachmentRecord& record) {
  return std::any_of(record.endpoints.begin(), record.endpoints.end(),
                     [](const Endpoint& endpoint) { return !endpoint.gateway.empty(); });
}

std::vector<HeldSocket> held_by_the_shim(DnsSockets dns) {
  std::vector<HeldSocket> held(2);
  held[0].name = "dns-udp";
  held[0].fd = std::move(dns.udp);
  held[1].name = "dns-tcp";
  held[1].fd = std::move(dns.tcp);
  return held;
}

const Endpoint* gateway_endpoint(const AttachmentRecord& record) {
  for (const Endpoint& endpoint : record.endpoints)
    if (endpoint.is_gateway) return &endpoint;
  return nullptr;
}

}  // namespace

Endpoint Manager::Impl::lease(const std::string& network_id, const EndpointRequest& request, const AttachRequest& container) {
  const auto found = networks_.find(network_id);  // it may have been removed while its bridge was waited for
  if (found == networks_.end() || found->second.record.state == NetworkRecord::State::removing)
    throw Error(ErrorCode::not_found, "network " + request.network + " not found");
  Network& network = found->second;
  const NetworkRecord& record = network.record;
  Endpoint endpoint;
  endpoint.id = random_id();
  endpoint.network_id = network_id;
  endpoint.network_name = record.resource.name;
  endpoint.host_interface = veth_prefix_ + endpoint.id.substr(0, 8);
  endpoint.prefix_length = record.subnet.bits;
  if (!record.resource.internal) endpoint.gateway = record.gateway.to_string();
  endpoint.aliases = request.aliases;
  endpoint.interface_name = request.interface_name;
  endpoint.links = request.links;
  for (const std::string& address : request.link_local_ips) endpoint.link_local.push_back(parse_link_local(address));
  endpoint.sysctls = parse_interface_sysctls(request.sysctls);
  const bool user_defined = !record.predefined;
  if (user_defined)
    endpoint.dns_names = dns_names(container.container_name, container.container_id, request.aliases, container.hostname);
  std::optional<Mac> mac;
  if (!request.mac_address.empty() && !(mac = parse_mac(request.mac_address)))
    throw Error(ErrorCode::invalid_argument,
                "invalid config for network " + record.resource.name + ": invalid MAC address " + request.mac_address);
  constexpr std::uint8_t group_bit = 1;
  if (mac && ((*mac)[0] & group_bit) != 0)
    throw Error(ErrorCode::invalid_argument, "invalid config for network " + record.resource.name + ": the MAC address " +
                                                 request.mac_address + " is one of a group, not of an interface");
  if (request.ipv4_address.empty()) {
    const auto free = network.pool.allocate();
    if (!free)
      throw Error(ErrorCode::unavailable, "no available IPv4 addresses on this network's address pools: " +
                                              record.resource.name + " (" + network_id + ")");
    endpoint.address = *free;
  } else {
    const auto wanted = Ipv4::parse(request.ipv4_address);
    if (!wanted) throw Error(ErrorCode::invalid_argument, "invalid IPv4 address: " + request.ipv4_address);
    if (!user_defined)
      throw Error(ErrorCode::invalid_argument, "user specified IP address is supported on user defined networks only");
    if (!network.pool.contains(*wanted))
      throw Error(ErrorCode::invalid_argument,
                  "invalid config for network " + record.resource.name +
                      ": invalid endpoint settings:\nno configured subnet or ip-range contain the IP "
                      "address " +
                      request.ipv4_address);
    if (!network.pool.allocate(*wanted))
      throw Error(ErrorCode::forbidden,
                  "Address already in use: " + request.ipv4_address + " on network " + record.resource.name);
    endpoint.address = *wanted;
  }
  endpoint.mac = stack::to_string(mac.value_or(mac_for(endpoint.address)));
  return endpoint;
}

void Manager::Impl::release(const Endpoint& endpoint) {
  for (const auto& [container, attached] : attachments_)  // the default bridge may have come anew, and the address be another's
    for (const Endpoint& other : attached->record.endpoints)
      if (other.id != endpoint.id && other.network_id == endpoint.network_id && other.address == endpoint.address) return;
  if (const auto network = networks_.find(endpoint.network_id); network != networks_.end())
    network->second.pool.release(endpoint.address);
}

void Manager::Impl::check_ports(const AttachRequest& request) const {
  for (const PortRequest& wanted : request.ports) {
    for (const auto& [id, attached] : attachments_) {
      const auto& ports = attached->record.ports;
      const auto& pending = attached->wanted;
      const bool taken =
          std::any_of(ports.begin(), ports.end(),
                      [&](const PortBinding& port) { return collides(wanted, port.host_ip, port.host_port, port.protocol); }) ||
          std::any_of(pending.begin(), pending.end(), [&](const PortRequest& port) {
            return port.host_port_first != 0 && collides(wanted, port.host_ip, port.host_port_first, port.protocol);
          });
      if (!taken) continue;
      throw Error(ErrorCode::internal,
                  "driver failed programming external connectivity on endpoint " + request.container_name + ": Bind for " +
                      join_host_port(wanted.host_ip.empty() ? "0.0.0.0" : wanted.host_ip, wanted.host_port_first) +
                      " failed: port is already allocated (held by container " + attached->record.container_name + ")");
    }
  }
}

/// The endpoint that leads outside: not internal, the highest priority, then the first by network name, as in Docker.
void Manager::Impl::choose_gateway(AttachmentRecord& record) const {
  Endpoint* best = nullptr;
  int best_priority = 0;
  for (std::size_t i = 0; i < record.endpoints.size(); ++i) {
    Endpoint& endpoint = record.endpoints[i];
    endpoint.is_gateway = false;
    if (endpoint.gateway.empty()) continue;
    const int priority = record.priorities[i];
    if (best == nullptr || priority > best_priority ||
        (priority == best_priority && endpoint.network_name < best->network_name)) {
      best = &endpoint;
      best_priority = priority;
    }
  }
  if (best != nullptr) best->is_gateway = true;
}

std::optional<Ipv4> Manager::Impl::route_of(const Endpoint& endpoint) const {
  return endpoint.is_gateway ? Ipv4::parse(endpoint.gateway) : std::nullopt;
}

EndpointWork Manager::Impl::endpoint_work(const Endpoint& endpoint, int netns_fd, bool hairpin) const {
  const NetworkRecord& network = networks_.at(endpoint.network_id).record;
  EndpointWork work;
  work.veth.host_name = endpoint.host_interface;
  work.veth.netns_fd = netns_fd;
  work.veth.inner_name = endpoint.interface_name;
  work.veth.inner_index = endpoint.index;
  work.veth.inner_mac = parse_mac(endpoint.mac).value_or(Mac{});
  work.veth.mtu = network.mtu();
  work.bridge = network.bridge;
  work.address = {endpoint.address, endpoint.prefix_length};
  work.default_route = route_of(endpoint);
  constexpr std::uint8_t link_local_bits = 16;
  for (const Ipv4 address : endpoint.link_local) work.more_addresses.push_back({address, link_local_bits});
  work.sysctls = endpoint.sysctls;
  work.hairpin = hairpin && endpoint.is_gateway;
  return work;
}

void Manager::Impl::add_names(const AttachmentRecord& record, const Endpoint& endpoint) {
  if (endpoint.dns_names.empty()) return;
  names_->add(endpoint.network_id, endpoint.network_name, record.container_id, endpoint.address, endpoint.dns_names);
  if (!endpoint.links.empty()) names_->set_links(endpoint.network_id, record.container_id, parse_links(endpoint.links));
}

void Manager::Impl::serve_dns(const Attached& attached, int udp, int tcp) {
  if (dns_ == nullptr) return;
  dns::EndpointOptions options;
  options.forward = leads_outside(attached.record);
  for (const std::string& server : attached.record.dns)
    if (const auto address = dns::Address::parse(server)) options.upstreams.push_back({*address, 53});
  dns_->add_endpoint(attached.record.container_id, duplicate(udp), duplicate(tcp), std::move(options));
}

void Manager::Impl::save_or_log(const Attached& attached) {
  try {
    store_.record_attachment(attached.record.container_id, attached.record.to_json());
  } catch (const std::exception& error) {
    log::error("record of container {}'s interfaces: {}", attached.record.container_name, error.what());
  }
}

void Manager::Impl::forget_attachment(const std::string& container_id) {
  attachments_.erase(container_id);
  try {
    store_.remove_attachment(container_id);
  } catch (const std::exception& error) {
    log::error("record of the detached container {}: {}", container_id, error.what());
  }
}

asio::awaitable<Attachment> Manager::Impl::attach(AttachRequest request) {
  co_await not_cancellable();
  const std::string container_id = request.container_id;
  if (attachments_.count(container_id) > 0)
    throw Error(ErrorCode::conflict, "container " + request.container_name + " is attached already");
  std::vector<std::string> ids;
  for (const EndpointRequest& endpoint : request.endpoints) {
    ids.push_back(get(endpoint.network));
    if (!networks_.at(ids.back()).record.is_bridge())
      throw Error(ErrorCode::invalid_argument, "a container cannot have an interface on the network " + endpoint.network);
  }
  auto attached = std::make_shared<Attached>();
  Attachment result;
  std::exception_ptr error;
  try {
    result = co_await attach_steps(std::move(request), ids, attached);
  } catch (...) {
    error = std::current_exception();
  }
  if (!error) co_return result;
  co_await undo_attach(std::move(ids), attached);
  std::rethrow_exception(error);
}

asio::awaitable<void> Manager::Impl::undo_attach(std::vector<std::string> ids, std::shared_ptr<Attached> attached) {
  const AttachmentRecord& record = attached->record;
  auto work = std::make_shared<Work>();
  for (const Endpoint& endpoint : record.endpoints) {
    release(endpoint);
    if (!attached->wired) continue;
    work->remove_links.push_back(endpoint.host_interface);
    if (endpoint.is_gateway) work->firewall.remove_ports = firewall_ports(record.ports, endpoint.address);
  }
  release_ports(attached->reserved);
  const auto registered = attachments_.find(record.container_id);
  if (registered != attachments_.end() && registered->second == attached) forget_attachment(record.container_id);
  co_await finish_teardown(work, std::move(ids));
}

asio::awaitable<Attachment> Manager::Impl::attach_steps(AttachRequest request, std::vector<std::string> ids,
                                                        std::shared_ptr<Attached> attached) {
  const std::string container_id = request.container_id;
  const auto has_bridge = [this](const std::string& id) { return networks_.count(id) > 0 && networks_.at(id).bridge_up; };
  while (!std::all_of(ids.begin(), ids.end(), has_bridge))  // one may go while another is made
    for (const std::string& id : ids) co_await ensure_bridge(id);
  check_ports(request);

  AttachmentRecord& record = attached->record;
  record.container_id = container_id;
  record.container_name = request.container_name;
  record.hostname = request.hostname;
  record.dns = request.dns;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    record.endpoints.push_back(lease(ids[i], request.endpoints[i], request));
    record.priorities.push_back(request.endpoints[i].gateway_priority);
    record.endpoints.back().index = static_cast<std::uint32_t>(i + 2);  // 1 is the loopback
    record.has_dns = record.has_dns || !record.endpoints.back().dns_names.empty();
  }
  name_interfaces(record);
  choose_gateway(record);
  const Endpoint* gateway = gateway_endpoint(record);
  if (gateway != nullptr) attached->wanted = request.ports;  // nothing is published on internal networks, as in Docker
  attachments_.emplace(container_id, attached);
  save(*attached);  // the intent

  auto make_space = [with_dns = record.has_dns] { return std::make_shared<ContainerNamespace>(create_namespace(with_dns)); };
  const auto space = co_await run_in_pool(pool_, std::move(make_space));
  auto work = std::make_shared<Work>();
  work->inside = space->route.get();
  work->container_name = record.container_name;
  work->ports = attached->wanted;
  if (gateway != nullptr) work->port_target = gateway->address;
  for (const Endpoint& endpoint : record.endpoints)
    work->endpoints.push_back(endpoint_work(endpoint, space->fd.get(), !work->ports.empty()));
  Attachment result;
  auto complete = [self = shared_from_this(), attached, space, work, &result] {
    result = self->complete_attach(*attached, *space, *work);
  };
  co_await batcher_->run(work, std::move(complete));
  co_return result;
}

Attachment Manager::Impl::complete_attach(Attached& attached, ContainerNamespace& space, Work& work) {
  AttachmentRecord& record = attached.record;
  Attachment result;
  attached.netns = duplicate(space.fd.get());
  record.ports = bindings_of(work);
  attached.wired = true;
  attached.wanted.clear();
  record.complete = true;
  save(attached);  // before anybody is told: what throws here is undone
  if (record.has_dns) {
    serve_dns(attached, space.dns.udp.get(), space.dns.tcp.get());
    result.sockets = held_by_the_shim(std::move(space.dns));
  }
  for (ReservedPort& port : work.reserved) {
    for (HeldSocket& socket : port.sockets) {
      attached.reserved.push_back(duplicate(socket.fd.get()));
      socket.relay_address = work.port_target.to_string();
      socket.relay_port = port.request.container_port;
      result.sockets.push_back(std::move(socket));
    }
  }
  for (const Endpoint& endpoint : record.endpoints) {
    add_names(record, endpoint);
    emit("connect", networks_.at(endpoint.network_id).record, record.container_id);
  }
  result.netns = std::move(space.fd);
  result.endpoints = record.endpoints;
  result.ports = record.ports;
  result.has_dns = record.has_dns;
  if (const Endpoint* gateway = gateway_endpoint(record)) result.bridge_gateway = gateway->gateway;
  return result;
}

asio::awaitable<void> Manager::Impl::detach(std::string container_id) {
  co_await not_cancellable();
  const auto found = attachments_.find(container_id);
  if (found == attachments_.end() || !found->second->record.complete) co_return;
  const auto attached = found->second;
  AttachmentRecord& record = attached->record;
  record.complete = false;  // a second detach: this one goes on
  attached->detaching = true;
  if (dns_ != nullptr && record.has_dns) dns_->remove_endpoint(container_id);
  release_ports(attached->reserved);  // the shim may hold the sockets a little longer
  attached->netns.reset();
  auto work = std::make_shared<Work>();
  std::vector<Endpoint> leases;
  for (const Endpoint& endpoint : record.endpoints) {
    names_->remove(endpoint.network_id, container_id);
    work->remove_links.push_back(endpoint.host_interface);
    if (endpoint.is_gateway) work->firewall.remove_ports = firewall_ports(record.ports, endpoint.address);
    if (is_idle_default(endpoint.network_id, container_id))
      retire_bridge(networks_.at(endpoint.network_id), *work);
    else
      leases.push_back(endpoint);
  }
  try {
    co_await batcher_->run(work, nullptr);
  } catch (const std::exception& error) {
    log::error("detach of container {}: {}", record.container_name, error.what());
  }
  for (const Endpoint& endpoint : leases) release(endpoint);
  for (const Endpoint& endpoint : record.endpoints)
    if (const auto network = networks_.find(endpoint.network_id); network != networks_.end())
      emit("disconnect", network->second.record, container_id);
  forget_attachment(container_id);
}

std::shared_ptr<Manager::Impl::Attached> Manager::Impl::get_attached(const std::string& container_id) const {
  const auto found = attachments_.find(container_id);
  if (found == attachments_.end() || !found->second->record.complete)
    throw Error(ErrorCode::conflict, "container " + container_id + " is not running");
  return found->second;
}

/// A container that had no network with names has one now. It is recorded with the next change: after a crash the sockets that
/// the shim holds say whether this had come to its end.
asio::awaitable<std::vector<HeldSocket>> Manager::Impl::begin_dns(std::shared_ptr<Attached> attached) {
  auto open = [fd = std::make_shared<UniqueFd>(duplicate(attached->netns.get()))] { return add_dns(fd->get()); };
  DnsSockets sockets = co_await run_in_pool(pool_, std::move(open));
  attached->record.has_dns = true;
  serve_dns(*attached, sockets.udp.get(), sockets.tcp.get());
  co_return held_by_the_shim(std::move(sockets));
}

asio::awaitable<Connection> Manager::Impl::connect(std::string container_id, EndpointRequest request) {
  co_await not_cancellable();
  const auto attached = get_attached(container_id);
  AttachmentRecord& record = attached->record;
  const std::string id = get(request.network);
  if (!networks_.at(id).record.is_bridge())
    throw Error(ErrorCode::invalid_argument, "a container cannot be connected to the network " + request.network);
  for (const Endpoint& endpoint : record.endpoints)
    if (endpoint.network_id == id)
      throw Error(ErrorCode::forbidden,
                  "endpoint with name " + record.container_name + " already exists in network " + endpoint.network_name);
  co_await ensure_bridge(id);
  AttachRequest container;
  container.container_id = container_id;
  container.container_name = record.container_name;
  container.hostname = record.hostname;
  Endpoint endpoint = lease(id, request, container);
  std::vector<std::string> taken;
  for (const Endpoint& other : record.endpoints) taken.push_back(other.interface_name);
  try {
    endpoint.interface_name = interface_names({endpoint.interface_name}, taken).front();
  } catch (...) {
    release(endpoint);
    throw;
  }
  const Endpoint* gateway = gateway_endpoint(record);
  endpoint.is_gateway = gateway == nullptr && !endpoint.gateway.empty();
  record.endpoints.push_back(endpoint);  // taken: a second request is told so, and the network cannot be removed
  record.priorities.push_back(request.gateway_priority);

  Connection made;
  std::exception_ptr error;
  try {
    save(*attached);
    auto open = [fd = std::make_shared<UniqueFd>(duplicate(attached->netns.get()))] {
      const InNamespace inside(fd->get());
      return std::make_shared<NetlinkSocket>(NETLINK_ROUTE);
    };
    const auto socket = co_await run_in_pool(pool_, std::move(open));
    auto work = std::make_shared<Work>();
    work->inside = socket.get();
    work->endpoints.push_back(endpoint_work(endpoint, attached->netns.get(), false));
    auto complete = [self = shared_from_this(), attached, work, socket, id = endpoint.id] {
      for (Endpoint& mine : attached->record.endpoints) {
        if (mine.id != id) continue;
        mine.index = work->endpoints.front().veth.inner_index;
        self->add_names(attached->record, mine);
        self->emit("connect", self->networks_.at(mine.network_id).record, attached->record.container_id);
      }
      self->save(*attached);
    };
    co_await batcher_->run(work, std::move(complete));
    if (!record.has_dns && !endpoint.dns_names.empty()) made.dns = co_await begin_dns(attached);
    if (dns_ != nullptr && record.has_dns) dns_->set_forward(container_id, leads_outside(record));
  } catch (...) {
    error = std::current_exception();
  }
  const auto mine = std::find_if(record.endpoints.begin(), record.endpoints.end(),
                                 [&](const Endpoint& other) { return other.id == endpoint.id; });
  if (!error) {
    made.endpoint = *mine;
    co_return made;
  }
  release(endpoint);
  names_->remove(id, container_id);
  record.priorities.erase(record.priorities.begin() + (mine - record.endpoints.begin()));
  record.endpoints.erase(mine);
  save_or_log(*attached);
  auto undo = std::make_shared<Work>();
  undo->remove_links.push_back(endpoint.host_interface);  // it is there when only the record could not be written
  std::vector<std::string> left{id};
  co_await finish_teardown(undo, std::move(left));
  std::rethrow_exception(error);
}

asio::awaitable<void> Manager::Impl::disconnect(std::string container_id, std::string network) {
  co_await not_cancellable();
  const std::string id = get(network);
  const auto attached = get_attached(container_id);
  AttachmentRecord& record = attached->record;
  const auto mine = std::find_if(record.endpoints.begin(), record.endpoints.end(),
                                 [&](const Endpoint& other) { return other.network_id == id; });
  if (mine == record.endpoints.end())
    throw Error(ErrorCode::internal,
                "container " + container_id + " is not connected to the network " + networks_.at(id).record.resource.name);
  const Endpoint gone = *mine;
  record.priorities.erase(record.priorities.begin() + (mine - record.endpoints.begin()));
  record.endpoints.erase(mine);
  names_->remove(id, container_id);

  auto work = std::make_shared<Work>();
  work->remove_links.push_back(gone.host_interface);
  std::shared_ptr<NetlinkSocket> socket;
  if (gone.is_gateway) {  // the way out, and the published ports, move to another network
    work->firewall.remove_ports = firewall_ports(record.ports, gone.address);
    choose_gateway(record);
    if (const Endpoint* next = gateway_endpoint(record)) {
      work->firewall.add_ports = firewall_ports(record.ports, next->address);
      work->default_route.emplace(next->index, Ipv4::parse(next->gateway).value_or(Ipv4{}));
      auto open = [fd = std::make_shared<UniqueFd>(duplicate(attached->netns.get()))] {
        const InNamespace inside(fd->get());
        return std::make_shared<NetlinkSocket>(NETLINK_ROUTE);
      };
      socket = co_await run_in_pool(pool_, std::move(open));
      work->inside = socket.get();
    }
  }
  std::exception_ptr error;
  try {
    co_await batcher_->run(work, nullptr);
  } catch (...) {
    error = std::current_exception();
  }
  release(gone);
  if (dns_ != nullptr && record.has_dns) dns_->set_forward(container_id, leads_outside(record));
  save_or_log(*attached);
  auto rest = std::make_shared<Work>();
  std::vector<std::string> left{id};
  co_await finish_teardown(rest, std::move(left));
  if (error) std::rethrow_exception(error);
  emit("disconnect", networks_.at(id).record, container_id);
}

void Manager::Impl::rename(const std::string& container_id, const std::string& new_name) {
  const auto found = attachments_.find(container_id);
  if (found == attachments_.end()) return;
  AttachmentRecord& record = found->second->record;
  record.container_name = new_name;
  for (Endpoint& endpoint : record.endpoints) {
    if (endpoint.dns_names.empty()) continue;
    endpoint.dns_names = dns_names(new_name, container_id, endpoint.aliases, record.hostname);
    add_names(record, endpoint);
  }
  save_or_log(*found->second);
  names_->publish();
}

}  // namespace stack::engine::network
