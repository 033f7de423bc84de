#pragma once
// Which subnet a network gets and which address an endpoint: arithmetic only.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/net_address.hpp"

namespace stack::engine::network {

/// The first of Docker's default subnets (172.17.0.0/16 … 172.31.0.0/16, then 192.168.0.0/20 … 192.168.240.0/20) that overlaps
/// nothing of `taken`. Empty: all do.
std::optional<Ipv4Subnet> choose_subnet(const std::vector<Ipv4Subnet>& taken);

/// The addresses of one network.
class AddressPool {
public:
  AddressPool() = default;
  /// `range`: where addresses are picked when none is asked for; `reserved`: gateway and auxiliary addresses.
  AddressPool(Ipv4Subnet subnet, std::optional<Ipv4Subnet> range, const std::vector<Ipv4>& reserved);

  std::optional<Ipv4> allocate();  ///< the lowest free one; empty: none is left
  bool allocate(Ipv4 address);     ///< false: taken, or not an address for an endpoint of this subnet
  void release(Ipv4 address);
  bool contains(Ipv4 address) const { return subnet_.contains(address); }
  const Ipv4Subnet& subnet() const { return subnet_; }

private:
  bool usable(std::uint32_t address) const;
  Ipv4Subnet subnet_;
  std::uint32_t first_ = 0, last_ = 0;  // of the range, inclusive
  std::uint32_t hint_ = 0;              // no address below it, in the range, is free
  std::set<std::uint32_t> used_;
};

/// A locally administered address made of an IPv4 address: a container that gets a predecessor's address has its MAC too, so
/// neighbours' caches stay right.
Mac mac_for(Ipv4 address);

}  // namespace stack::engine::network
