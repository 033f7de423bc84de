#include "engine/network/manager.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/crash_point.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "dns/server.hpp"
#include "engine/network/manager_impl.hpp"

namespace stack::engine::network {

namespace asio = boost::asio;

namespace {

/// A request that has begun is finished even when the client is gone: half of it would be worse.
auto not_cancellable() { return asio::this_coro::reset_cancellation_state(asio::disable_cancellation()); }

}  // namespace

Manager::Impl::Impl(asio::any_io_executor loop, asio::thread_pool& pool, NetworkStore& store, std::shared_ptr<NameTable> names,
                    dns::Server* dns, ManagerOptions options)
    : loop_(std::move(loop)),
      pool_(pool),
      store_(store),
      names_(std::move(names)),
      dns_(dns),
      options_(std::move(options)),
      bridge_prefix_("stk" + options_.instance.substr(0, 6)),
      veth_prefix_("stv" + options_.instance.substr(0, 4)),
      host_(std::make_shared<Host>("stack-" + options_.instance, bridge_prefix_, options_.host_lock)) {}

void Manager::Impl::start() {
  auto subnets = [this] {
    std::vector<Ipv4Subnet> all;
    for (const auto& [id, network] : networks_)
      if (network.record.has_subnet()) all.push_back(network.record.subnet);
    return all;
  };
  batcher_ = std::make_shared<Batcher>(loop_, pool_, host_, subnets, [this] { names_->publish(); });
}

void Manager::Impl::close() { batcher_->close(); }

std::optional<std::string> Manager::Impl::find(const std::string& network) const {
  for (const auto& [id, entry] : networks_)
    if (entry.record.resource.name == network && entry.record.state != NetworkRecord::State::removing) return id;
  std::optional<std::string> found;
  if (network.empty()) return found;
  for (auto entry = networks_.lower_bound(network); entry != networks_.end() && entry->first.rfind(network, 0) == 0; ++entry) {
    if (entry->second.record.state == NetworkRecord::State::removing) continue;
    if (found) throw Error(ErrorCode::invalid_argument, "network " + network + " is ambiguous (several ids begin with it)");
    found = entry->first;
  }
  return found;
}

std::string Manager::Impl::get(const std::string& network) const {
  auto id = find(network);
  if (!id) throw Error(ErrorCode::not_found, "network " + network + " not found");
  return *id;
}

void Manager::Impl::emit(const std::string& action, const NetworkRecord& record, const std::string& container_id) const {
  if (!options_.on_event) return;
  const NetworkEvent event{action, record.resource.id, record.resource.name, record.resource.driver, container_id};
  options_.on_event(event);
}

void Manager::Impl::fill_pool(Network& network) {
  std::vector<Ipv4> reserved = network.record.auxiliary;
  reserved.push_back(network.record.gateway);
  network.pool = AddressPool(network.record.subnet, network.record.range, reserved);
}

bool Manager::Impl::is_idle_default(const std::string& network_id, const std::string& but_for_container) const {
  const auto network = networks_.find(network_id);
  if (network == networks_.end() || !network->second.record.predefined || !network->second.bridge_up) return false;
  for (const auto& [container, attached] : attachments_)
    for (const Endpoint& endpoint : attached->record.endpoints)
      if (endpoint.network_id == network_id && container != but_for_container && !attached->detaching) return false;
  return true;
}

void Manager::Impl::retire_bridge(Network& network, Work& work) {
  work.remove_links.push_back(network.record.bridge);
  work.firewall.remove_networks.push_back(network.record.firewall());
  network.bridge_up = false;
  forget_subnet(network.record);
  network.pool = AddressPool();
  save_or_log(network);
}

void Manager::Impl::save_or_log(const Network& network) {
  try {
    store_.record_network(network.record.resource.id, network.record.to_json());
  } catch (const std::exception& error) {
    log::error("record of network {}: {}", network.record.resource.name, error.what());
  }
}

void Manager::Impl::forget_network(const std::string& id) {
  networks_.erase(id);
  try {
    store_.remove_network(id);
  } catch (const std::exception& error) {
    log::error("record of the removed network {}: {}", id, error.what());
  }
}

asio::awaitable<void> Manager::Impl::finish_teardown(std::shared_ptr<Work> work, std::vector<std::string> network_ids) {
  for (const std::string& id : network_ids)
    if (is_idle_default(id, {})) retire_bridge(networks_.at(id), *work);
  if (work->remove_links.empty() && work->firewall.remove_networks.empty()) co_return;
  try {
    co_await batcher_->run(work, nullptr);
  } catch (const std::exception& error) {
    log::error("removal of interfaces: {}", error.what());
  }
}

void Manager::Impl::check_overlap(const NetworkRecord& record) const {
  if (!record.has_subnet()) return;
  for (const auto& [id, other] : networks_)
    if (other.record.has_subnet() && other.record.subnet.overlaps(record.subnet))
      throw Error(ErrorCode::forbidden, "invalid pool request: Pool overlaps with other one on this address space (network " +
                                            other.record.resource.name + " has " + other.record.subnet.to_string() + ")");
}

asio::awaitable<void> Manager::Impl::make_bridge(std::string id) {
  auto work = std::make_shared<Work>();
  if (Network& network = networks_.at(id); network.record.predefined) {
    // Without its bridge it had no claim on the subnet it once had, which another network may have taken since.
    forget_subnet(network.record);
    network.pool = AddressPool();
  }
  {
    const NetworkRecord& record = networks_.at(id).record;
    BridgeWork bridge;
    bridge.name = record.bridge;
    bridge.network = record.resource.name;
    if (record.has_subnet()) {
      bridge.subnet = record.subnet;
      bridge.gateway = record.gateway;
    }
    bridge.mtu = record.mtu();
    bridge.firewall = record.firewall();
    work->bridge = bridge;
  }
  networks_.at(id).creating = std::make_shared<Signal>(loop_);
  auto complete = [self = shared_from_this(), id, work] {
    Network& network = self->networks_.at(id);
    if (!network.record.has_subnet()) {
      set_subnet(network.record, *work->bridge->subnet);
      self->fill_pool(network);
    }
    network.bridge_up = true;
    network.warning = work->warning;
  };
  std::exception_ptr error;
  try {
    co_await batcher_->run(work, std::move(complete));
  } catch (...) {
    error = std::current_exception();
  }
  const auto creating = std::exchange(networks_.at(id).creating, nullptr);
  creating->set();
  if (error) std::rethrow_exception(error);
}

asio::awaitable<void> Manager::Impl::ensure_bridge(std::string id) {
  for (;;) {
    const auto network = networks_.find(id);
    if (network == networks_.end() || network->second.record.state == NetworkRecord::State::removing)
      throw Error(ErrorCode::not_found, "network " + id + " not found");
    if (network->second.bridge_up) co_return;
    if (!network->second.creating) break;
    const auto creating = network->second.creating;
    co_await creating->wait();
  }
  co_await make_bridge(id);
  save(networks_.at(id));
}

asio::awaitable<std::string> Manager::Impl::create(api::NetworkCreate request) {
  co_await not_cancellable();
  if (is_predefined_name(request.name))
    throw Error(ErrorCode::forbidden, "operation is not permitted on predefined " + request.name + " network");
  for (const auto& [id, network] : networks_)
    if (network.record.resource.name == request.name)
      throw Error(ErrorCode::conflict, "network with name " + request.name + " already exists");
  const std::string id = random_id();
  Network network;
  network.record = make_network(request, id, bridge_prefix_);
  check_overlap(network.record);
  if (network.record.has_subnet()) fill_pool(network);
  networks_.emplace(id, std::move(network));
  std::exception_ptr error;
  try {
    save(networks_.at(id));
    crash_point("network.create.intent");
    co_await make_bridge(id);
    crash_point("network.create.done");
    networks_.at(id).record.state = NetworkRecord::State::ready;
    save(networks_.at(id));
  } catch (...) {
    error = std::current_exception();
  }
  Network& made = networks_.at(id);
  if (error) {
    auto undo = std::make_shared<Work>();
    made.record.state = NetworkRecord::State::removing;
    if (made.bridge_up) {
      undo->remove_links.push_back(made.record.bridge);
      undo->firewall.remove_networks.push_back(made.record.firewall());
    }
    std::vector<std::string> no_networks;
    co_await finish_teardown(undo, std::move(no_networks));
    forget_network(id);
    std::rethrow_exception(error);
  }
  emit("create", made.record);
  co_return id;
}

std::string Manager::Impl::endpoints_text(const std::string& network_id) const {
  std::string text;
  for (const auto& [container, attached] : attachments_)
    for (const Endpoint& endpoint : attached->record.endpoints)
      if (endpoint.network_id == network_id)
        text += fmt::format("{}name:\"{}\" id:\"{}\"", text.empty() ? "" : ", ", attached->record.container_name,
                            endpoint.id.substr(0, 12));
  return text;
}

asio::awaitable<void> Manager::Impl::remove(std::string name) {
  co_await not_cancellable();
  const std::string id = get(name);
  Network& network = networks_.at(id);
  if (network.record.predefined)
    throw Error(ErrorCode::forbidden, network.record.resource.name + " is a pre-defined network and cannot be removed");
  if (const std::string active = endpoints_text(id); !active.empty())
    throw Error(ErrorCode::forbidden, "error while removing network: network " + network.record.resource.name +
                                          " has active endpoints (" + active + ")");
  if (network.creating) throw Error(ErrorCode::conflict, "network " + name + " is being created");
  network.record.state = NetworkRecord::State::removing;
  save_or_log(network);
  crash_point("network.remove.intent");
  auto work = std::make_shared<Work>();
  if (network.bridge_up) {
    work->remove_links.push_back(network.record.bridge);
    work->firewall.remove_networks.push_back(network.record.firewall());
  }
  std::exception_ptr error;
  try {
    co_await batcher_->run(work, nullptr);
  } catch (...) {
    error = std::current_exception();
  }
  const NetworkRecord gone = networks_.at(id).record;
  if (error) {
    networks_.at(id).record.state = NetworkRecord::State::ready;
    save_or_log(networks_.at(id));
    std::rethrow_exception(error);
  }
  forget_network(id);
  crash_point("network.remove.done");
  emit("destroy", gone);
}

NameStatistics Manager::Impl::name_statistics() const {
  if (dns_ == nullptr) return {};
  const dns::Statistics counted = dns_->statistics();
  return {counted.local, counted.forwarded, counted.cached, counted.dropped};
}

api::NetworkResource Manager::Impl::inspect(const std::string& id, bool with_containers) const {
  const NetworkRecord& record = networks_.at(id).record;
  api::NetworkResource resource = record.resource;
  if (!with_containers) return resource;
  for (const auto& [container, attached] : attachments_) {
    for (const Endpoint& endpoint : attached->record.endpoints) {
      if (endpoint.network_id != id) continue;
      api::EndpointResource entry;
      entry.name = attached->record.container_name;
      entry.endpoint_id = endpoint.id;
      entry.mac_address = endpoint.mac;
      entry.ipv4_address = Ipv4Subnet{endpoint.address, endpoint.prefix_length}.to_string();
      resource.containers.emplace(container, std::move(entry));
    }
  }
  return resource;
}

Manager::Manager(asio::any_io_executor loop, asio::thread_pool& pool, NetworkStore& store, std::shared_ptr<NameTable> names,
                 dns::Server* dns, ManagerOptions options)
    : impl_(std::make_shared<Impl>(std::move(loop), pool, store, std::move(names), dns, std::move(options))) {
  impl_->start();
}
Manager::~Manager() { impl_->close(); }

asio::awaitable<void> Manager::restore(std::vector<RunningContainer> running) { return impl_->restore(std::move(running)); }
asio::awaitable<std::string> Manager::create(api::NetworkCreate request) { return impl_->create(std::move(request)); }
asio::awaitable<void> Manager::remove(std::string network) { return impl_->remove(std::move(network)); }
asio::awaitable<Attachment> Manager::attach(AttachRequest request) { return impl_->attach(std::move(request)); }
asio::awaitable<void> Manager::detach(std::string container_id) { return impl_->detach(std::move(container_id)); }
asio::awaitable<Connection> Manager::connect(std::string container_id, EndpointRequest request) {
  return impl_->connect(std::move(container_id), std::move(request));
}
asio::awaitable<void> Manager::disconnect(std::string container_id, std::string network) {
  return impl_->disconnect(std::move(container_id), std::move(network));
}

asio::awaitable<std::vector<std::string>> Manager::prune(std::function<bool(const api::NetworkResource&)> matches) {
  std::vector<std::string> candidates;
  for (const auto& [id, network] : impl_->networks_) {
    const api::NetworkResource resource = impl_->inspect(id, true);
    if (!network.record.predefined && network.record.state == NetworkRecord::State::ready && resource.containers.empty() &&
        matches(resource))
      candidates.push_back(id);
  }
  std::vector<std::string> removed;
  for (const std::string& id : candidates) {
    bool gone = false;
    try {
      co_await impl_->remove(id);
      gone = true;
    } catch (const Error&) {  // somebody uses it by now
    }
    if (gone) removed.push_back(id);
  }
  co_return removed;
}

std::optional<std::string> Manager::find(const std::string& network) const { return impl_->find(network); }
std::string Manager::get(const std::string& network) const { return impl_->get(network); }
api::NetworkResource Manager::inspect(const std::string& network) const { return impl_->inspect(impl_->get(network), true); }

std::vector<api::NetworkResource> Manager::list() const {
  std::vector<api::NetworkResource> all;
  for (const auto& [id, network] : impl_->networks_)
    if (network.record.state == NetworkRecord::State::ready) all.push_back(impl_->inspect(id, false));
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

std::string Manager::warning(const std::string& id) const {
  const auto found = impl_->networks_.find(id);
  return found == impl_->networks_.end() ? std::string() : found->second.warning;
}

void Manager::rename(const std::string& container_id, const std::string& new_name) { impl_->rename(container_id, new_name); }

std::vector<Endpoint> Manager::endpoints(const std::string& container_id) const {
  const auto found = impl_->attachments_.find(container_id);
  return found == impl_->attachments_.end() ? std::vector<Endpoint>{} : found->second->record.endpoints;
}

std::vector<PortBinding> Manager::ports(const std::string& container_id) const {
  const auto found = impl_->attachments_.find(container_id);
  return found == impl_->attachments_.end() ? std::vector<PortBinding>{} : found->second->record.ports;
}

NameStatistics Manager::name_statistics() const { return impl_->name_statistics(); }

int Manager::netns(const std::string& container_id) const {
  const auto found = impl_->attachments_.find(container_id);
  return found == impl_->attachments_.end() ? -1 : found->second->netns.get();
}

api::EndpointSettings to_api(const Endpoint& endpoint) {
  api::EndpointSettings settings;
  settings.aliases = endpoint.aliases;
  settings.mac_address = endpoint.mac;
  settings.network_id = endpoint.network_id;
  settings.endpoint_id = endpoint.id;
  settings.gateway = endpoint.gateway;
  settings.ip_address = endpoint.address.to_string();
  settings.ip_prefix_len = endpoint.prefix_length;
  settings.dns_names = endpoint.dns_names;
  return settings;
}

}  // namespace stack::engine::network
