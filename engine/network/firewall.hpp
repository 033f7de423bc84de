#pragma once
// The packet filter of one engine: one nftables table of its own, and, in tables of others (nftables or the old x_tables) whose
// forward chain drops, two rules marked as ours. Text is made by pure functions; Firewall applies it.
#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/net_address.hpp"
#include "engine/network/attachment.hpp"
#include "engine/network/legacy_iptables.hpp"
#include "engine/network/nft.hpp"

namespace stack::engine::network {

struct FirewallNetwork {
  std::string bridge;
  Ipv4Subnet subnet;
  bool internal = false;        ///< nothing goes out or comes in
  bool masquerade = true;       ///< what goes out has the host's address
  bool inter_container = true;  ///< containers on it may talk to each other
  auto operator<=>(const FirewallNetwork&) const = default;
};

struct FirewallPort {
  Protocol protocol = Protocol::tcp;
  Ipv4 host_address;  ///< 0.0.0.0: every local one
  std::uint16_t host_port = 0;
  Ipv4 address;  ///< of the container
  std::uint16_t port = 0;
  auto operator<=>(const FirewallPort&) const = default;
};

struct FirewallChange {
  std::vector<FirewallNetwork> add_networks, remove_networks;
  std::vector<FirewallPort> add_ports, remove_ports;
  bool empty() const { return add_networks.empty() && remove_networks.empty() && add_ports.empty() && remove_ports.empty(); }
};

/// nft commands. The table is complete with its elements, and replaces what was there in one transaction.
std::string firewall_table(const std::string& table, const std::set<FirewallNetwork>& networks,
                           const std::set<FirewallPort>& ports);
std::string firewall_elements(const std::string& table, const FirewallChange& change);

/// Blocking; one call at a time.
class Firewall {
public:
  /// `bridge_pattern`: what our bridges' names begin with, e.g. "stk1a2b3c".
  Firewall(std::string table, std::string bridge_pattern);

  /// One transaction. The table comes with the first network and goes with the last one. When the kernel's table is not what we
  /// left (flushed by somebody), it is made anew.
  void change(const FirewallChange& change);
  /// Replaces everything, whatever was there.
  void reset(const std::vector<FirewallNetwork>& networks, const std::vector<FirewallPort>& ports);
  /// Accepts our traffic in others' forward chains that drop; does nothing where it is done.
  void pass_others();
  /// What a user must know: somebody else's chain may drop traffic of our networks, and that cannot be changed. Empty: all is
  /// well.
  const std::string& shortcoming() const { return shortcoming_; }

private:
  void apply(const FirewallChange& change);
  void remove_everything();
  void remove_from_others();
  std::set<std::string> interface_names() const;
  void pass_nft_tables();
  std::string table_;
  std::string pattern_;
  LegacyIptables legacy_;
  std::string shortcoming_;
  Nft nft_;
  std::set<FirewallNetwork> networks_;
  std::set<FirewallPort> ports_;
};

}  // namespace stack::engine::network
