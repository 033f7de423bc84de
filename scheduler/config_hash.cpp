#include "scheduler/config_hash.hpp"

#include "base/digest.hpp"
#include "compose/print.hpp"

namespace stack::scheduler {

std::string config_hash(const compose::Service& service) { return sha256_hex(compose::json_for_hash(service)); }
std::string config_hash(const compose::Network& network) { return sha256_hex(compose::json_for_hash(network)); }
std::string config_hash(const compose::Volume& volume) { return sha256_hex(compose::json_for_hash(volume)); }

}  // namespace stack::scheduler
