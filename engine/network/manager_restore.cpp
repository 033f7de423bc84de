// What a restarted engine does first: take over what runs, roll back what was half made, remove what nobody owns.
#include <fcntl.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "engine/network/manager_impl.hpp"

namespace stack::engine::network {

namespace asio = boost::asio;

std::vector<std::string> Manager::Impl::load_networks() {
  std::vector<std::string> half_made;
  for (const std::string& text : store_.load_networks()) {
    Network network;
    network.record = NetworkRecord::from_json(text);
    const std::string id = network.record.resource.id;
    if (network.record.state !=
        NetworkRecord::State::ready) {  // not made completely, or being removed: its maker got no answer
      log::info("removing the network {}, whose {} was interrupted", network.record.resource.name,
                network.record.state == NetworkRecord::State::creating ? "creation" : "removal");
      half_made.push_back(network.record.bridge);
      store_.remove_network(id);
      continue;
    }
    if (network.record.has_subnet()) fill_pool(network);
    networks_.emplace(id, std::move(network));
  }
  for (const char* name : {"bridge", "host", "none"}) {
    if (find(name)) continue;
    Network network;
    network.record = make_predefined(name, random_id(), bridge_prefix_);
    network.record.state = NetworkRecord::State::ready;
    save(network);
    networks_.emplace(network.record.resource.id, std::move(network));
  }
  return half_made;
}

void Manager::Impl::adopt_container(AttachmentRecord record, RunningContainer container) {
  auto attached = std::make_shared<Attached>();
  attached->record = std::move(record);
  attached->netns = std::move(container.netns);
  int udp = -1, tcp = -1;
  for (const HeldSocket& socket : container.sockets) {
    if (socket.name == "dns-udp") udp = socket.fd.get();
    if (socket.name == "dns-tcp") tcp = socket.fd.get();
    if (socket.name.rfind("dns-", 0) != 0) attached->reserved.emplace_back(::fcntl(socket.fd.get(), F_DUPFD_CLOEXEC, 3));
  }
  for (const Endpoint& endpoint : attached->record.endpoints) {
    if (const auto network = networks_.find(endpoint.network_id); network != networks_.end())
      network->second.pool.allocate(endpoint.address);
    add_names(attached->record, endpoint);
  }
  attached->record.has_dns = udp >= 0 && tcp >= 0;  // a connect may have been cut short before or after they were handed out
  if (attached->record.has_dns) serve_dns(*attached, udp, tcp);
  attachments_.emplace(container.container_id, std::move(attached));
}

void Manager::Impl::load_attachments(std::vector<RunningContainer> running) {
  for (const std::string& text : store_.load_attachments()) {
    AttachmentRecord record = AttachmentRecord::from_json(text);
    const auto container = std::find_if(running.begin(), running.end(), [&](const RunningContainer& candidate) {
      return candidate.container_id == record.container_id;
    });
    if (container == running.end() || !record.complete) {
      store_.remove_attachment(record.container_id);
      continue;
    }
    adopt_container(std::move(record), std::move(*container));
  }
}

asio::awaitable<void> Manager::Impl::restore(std::vector<RunningContainer> running) {
  std::vector<std::string> ours = load_networks();
  load_attachments(std::move(running));
  names_->publish();

  ours.insert(ours.end(), {bridge_prefix_, veth_prefix_});
  for (auto& [id, network] : networks_) {
    network.bridge_up = network.record.has_subnet();  // as far as the rows tell
    if (!is_idle_default(id, {})) continue;
    forget_subnet(network.record);
    save_or_log(network);
  }
  std::vector<std::string> keep;
  std::vector<FirewallNetwork> firewall;
  for (const auto& [id, network] : networks_) {
    if (!network.record.has_subnet() || !network.record.is_bridge()) continue;
    keep.push_back(network.record.bridge);
    firewall.push_back(network.record.firewall());
  }
  std::vector<FirewallPort> ports;
  for (const auto& [id, attached] : attachments_) {
    for (const Endpoint& endpoint : attached->record.endpoints) {
      keep.push_back(endpoint.host_interface);
      if (!endpoint.is_gateway) continue;
      const auto its_ports = firewall_ports(attached->record.ports, endpoint.address);
      ports.insert(ports.end(), its_ports.begin(), its_ports.end());
    }
  }
  auto adopt = [host = host_, ours, keep, firewall, ports] { return host->adopt(ours, keep, firewall, ports); };
  const std::vector<std::string> bridges = co_await run_in_pool(pool_, std::move(adopt));

  std::vector<std::string> missing;
  for (auto& [id, network] : networks_) {
    network.bridge_up = std::find(bridges.begin(), bridges.end(), network.record.bridge) != bridges.end();
    if (network.bridge_up || !network.record.is_bridge()) continue;
    if (!network.record.predefined) {
      missing.push_back(id);
    } else if (network.record.has_subnet()) {  // gone under its containers: the next one gets a bridge, and any free subnet
      forget_subnet(network.record);
      network.pool = AddressPool();
      save_or_log(network);
    }
  }
  for (const std::string& id : missing) {  // after a reboot
    try {
      co_await ensure_bridge(id);
    } catch (const std::exception& error) {
      log::error("the bridge of network {} cannot be made again: {}", networks_.at(id).record.resource.name, error.what());
    }
  }
}

}  // namespace stack::engine::network
