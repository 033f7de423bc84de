#include "engine/network/name_table.hpp"

#include <algorithm>
#include <atomic>
#include <set>
#include <unordered_map>

namespace stack::engine::network {

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return text;
}

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// Immutable names of one network.
struct NetworkNames {
  std::string suffix;  ///< ".shop_default", lower case
  std::unordered_map<std::string, std::vector<dns::Address>, Hash, std::equal_to<>> addresses;
  std::map<dns::Address, std::string> reverse;

  const std::vector<dns::Address>* find(std::string_view name) const {
    const auto entry = addresses.find(name);
    return entry == addresses.end() ? nullptr : &entry->second;
  }
};

using Links = std::unordered_map<std::string, std::vector<std::string>, Hash, std::equal_to<>>;  ///< alias → names; lower case

class ContainerView : public dns::View {
public:
  std::vector<std::shared_ptr<const NetworkNames>> networks;
  std::vector<Links> links;  ///< of each network

  bool find(std::string_view name, std::vector<dns::Address>& addresses) const override {
    if (find_link(name, addresses)) return true;
    const std::vector<dns::Address>* found = lookup(name);
    if (found == nullptr) return false;
    addresses.insert(addresses.end(), found->begin(), found->end());
    return true;
  }
  std::string_view reverse(const dns::Address& address) const override {
    for (const auto& network : networks)
      if (const auto entry = network->reverse.find(address); entry != network->reverse.end()) return entry->second;
    return {};
  }

private:
  bool find_link(std::string_view name, std::vector<dns::Address>& addresses) const {
    for (std::size_t i = 0; i < networks.size(); ++i) {
      const auto targets = links[i].find(name);
      if (targets == links[i].end()) continue;
      const std::size_t before = addresses.size();
      for (const std::string& target : targets->second)
        if (const auto* found = networks[i]->find(target)) addresses.insert(addresses.end(), found->begin(), found->end());
      if (addresses.size() > before) return true;  // a link to a container that is not up hides no other name
    }
    return false;
  }

  /// A plain name on any of the networks, or "name.network" on that one.
  const std::vector<dns::Address>* lookup(std::string_view name) const {
    for (const auto& network : networks)
      if (const auto* found = network->find(name)) return found;
    for (const auto& network : networks) {
      const std::string& suffix = network->suffix;
      if (name.size() <= suffix.size() || name.substr(name.size() - suffix.size()) != suffix) continue;
      if (const auto* found = network->find(name.substr(0, name.size() - suffix.size()))) return found;
    }
    return nullptr;
  }
};

struct Entry {
  Ipv4 address;
  std::vector<std::string> names;
  Links links;
};

struct Network {
  std::string name;
  std::map<std::string, Entry> containers;  ///< by id: answers keep one order
  std::shared_ptr<const NetworkNames> names;
};

std::shared_ptr<const NetworkNames> build(const Network& network) {
  auto names = std::make_shared<NetworkNames>();
  names->suffix = "." + lower(network.name);
  for (const auto& [id, entry] : network.containers) {
    const dns::Address address = dns::Address::from_v4(entry.address.bytes());
    std::set<std::string> own;  // an alias may repeat the container's name
    for (const std::string& name : entry.names)
      if (own.insert(lower(name)).second) names->addresses[lower(name)].push_back(address);
    if (!entry.names.empty()) names->reverse[address] = entry.names.front() + "." + network.name;
  }
  return names;
}

}  // namespace

struct NameTable::Tables {
  std::map<std::string, Network> networks;
  std::set<std::string> changed;                                 ///< networks
  std::map<std::string, std::vector<std::string>> of_container;  ///< its networks, in the order they came
};

struct NameTable::Snapshot {
  std::unordered_map<std::string, std::shared_ptr<const ContainerView>, Hash, std::equal_to<>> views;
};

NameTable::NameTable() : tables_(std::make_unique<Tables>()), snapshot_(std::make_shared<Snapshot>()) {}
NameTable::~NameTable() = default;

void NameTable::add(const std::string& network_id, const std::string& network_name, const std::string& container_id,
                    Ipv4 address, const std::vector<std::string>& names) {
  Network& network = tables_->networks[network_id];
  network.name = network_name;
  if (network.containers.insert_or_assign(container_id, Entry{address, names, {}}).second)
    tables_->of_container[container_id].push_back(network_id);
  tables_->changed.insert(network_id);
}

void NameTable::set_links(const std::string& network_id, const std::string& container_id,
                          std::multimap<std::string, std::string> links) {
  Links& own = tables_->networks[network_id].containers[container_id].links;
  own.clear();
  for (const auto& [alias, container] : links) own[lower(alias)].push_back(lower(container));
  tables_->changed.insert(network_id);
}

void NameTable::remove(const std::string& network_id, const std::string& container_id) {
  const auto network = tables_->networks.find(network_id);
  if (network == tables_->networks.end() || network->second.containers.erase(container_id) == 0) return;
  if (network->second.containers.empty()) tables_->networks.erase(network);
  auto& networks = tables_->of_container[container_id];
  networks.erase(std::remove(networks.begin(), networks.end(), network_id), networks.end());
  if (networks.empty()) tables_->of_container.erase(container_id);
  tables_->changed.insert(network_id);
}

void NameTable::publish() {
  if (tables_->changed.empty()) return;
  for (const std::string& id : tables_->changed)
    if (const auto network = tables_->networks.find(id); network != tables_->networks.end())
      network->second.names = build(network->second);
  tables_->changed.clear();
  auto snapshot = std::make_shared<Snapshot>();
  for (const auto& [container, networks] : tables_->of_container) {
    auto view = std::make_shared<ContainerView>();
    for (const std::string& id : networks) {
      const Network& network = tables_->networks.at(id);
      view->networks.push_back(network.names);
      view->links.push_back(network.containers.at(container).links);
    }
    snapshot->views.emplace(container, std::move(view));
  }
  std::atomic_store(&snapshot_, std::shared_ptr<const Snapshot>(std::move(snapshot)));
}

std::shared_ptr<const dns::View> NameTable::view(std::string_view endpoint) const {
  const auto snapshot = std::atomic_load(&snapshot_);
  const auto entry = snapshot->views.find(endpoint);
  return entry == snapshot->views.end() ? nullptr : entry->second;
}

}  // namespace stack::engine::network
