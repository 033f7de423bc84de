#pragma once
// --subnet, --ip-range, --gateway and --aux-address of `network create`, put together.
#include <string>
#include <vector>

#include "engine/api/network_types.hpp"

namespace stack::cli {

struct PoolFlags {
  std::vector<std::string> subnets, ranges, gateways;
  std::vector<std::string> aux_addresses;  ///< "NAME=IP"
};

/// Each range, gateway and address with the subnet it is in. Throws UsageError for what is in none, for subnets that overlap
/// and for what is no address.
std::vector<engine::api::IpamPool> pools_of(const PoolFlags& flags);

}  // namespace stack::cli
