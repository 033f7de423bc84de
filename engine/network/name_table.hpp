#pragma once
// The names of containers, for the DNS server. The loop thread changes the table, the DNS thread reads immutable views.
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/net_address.hpp"
#include "dns/backend.hpp"

namespace stack::engine::network {

/// A container sees the names of every network it is on and of no other. Names are compared without case. Several containers
/// with one name (replicas of a service) give all their addresses.
class NameTable : public dns::Backend {
public:
  NameTable();
  ~NameTable() override;

  /// Loop thread only. Changes become visible at publish(), so that a batch costs one snapshot.
  void add(const std::string& network_id, const std::string& network_name, const std::string& container_id, Ipv4 address,
           const std::vector<std::string>& names);  ///< the first name is what a reverse query gets
  /// Names that this container alone knows on a network: alias → container name. They stand above the names of others.
  void set_links(const std::string& network_id, const std::string& container_id, std::multimap<std::string, std::string> links);
  void remove(const std::string& network_id, const std::string& container_id);
  void publish();

  std::shared_ptr<const dns::View> view(std::string_view endpoint) const override;  ///< endpoint = container id; any thread

private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
  struct Snapshot;
  std::shared_ptr<const Snapshot> snapshot_;  // std::atomic_load / atomic_store
};

}  // namespace stack::engine::network
