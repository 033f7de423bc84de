#include "engine/network/ipam.hpp"

#include <algorithm>

namespace stack::engine::network {

std::optional<Ipv4Subnet> choose_subnet(const std::vector<Ipv4Subnet>& taken) {
  std::vector<Ipv4Subnet> candidates;
  for (std::uint32_t second = 17; second <= 31; ++second) candidates.push_back({{172u << 24 | second << 16}, 16});
  for (std::uint32_t third = 0; third < 256; third += 16) candidates.push_back({{192u << 24 | 168u << 16 | third << 8}, 20});
  for (const Ipv4Subnet& candidate : candidates)
    if (std::none_of(taken.begin(), taken.end(), [&](const Ipv4Subnet& other) { return candidate.overlaps(other); }))
      return candidate;
  return std::nullopt;
}

AddressPool::AddressPool(Ipv4Subnet subnet, std::optional<Ipv4Subnet> range, const std::vector<Ipv4>& reserved)
    : subnet_(subnet) {
  const Ipv4Subnet within = range.value_or(subnet);
  first_ = std::max(within.network().value, subnet.network().value);
  last_ = std::min(within.last().value, subnet.last().value);
  hint_ = first_;
  for (const Ipv4 address : reserved) used_.insert(address.value);
}

bool AddressPool::usable(std::uint32_t address) const {
  if (!subnet_.contains(Ipv4{address})) return false;
  return subnet_.bits >= 31 || (address != subnet_.network().value && address != subnet_.last().value);
}

std::optional<Ipv4> AddressPool::allocate() {
  for (std::uint64_t at = hint_; at <= last_; ++at) {
    const auto address = static_cast<std::uint32_t>(at);
    if (!usable(address) || !used_.insert(address).second) continue;
    hint_ = address;
    return Ipv4{address};
  }
  return std::nullopt;
}

bool AddressPool::allocate(Ipv4 address) { return usable(address.value) && used_.insert(address.value).second; }

void AddressPool::release(Ipv4 address) {
  used_.erase(address.value);
  if (address.value >= first_ && address.value < hint_) hint_ = address.value;
}

Mac mac_for(Ipv4 address) {
  const auto part = address.bytes();
  return {0x02, 0x42, part[0], part[1], part[2], part[3]};
}

}  // namespace stack::engine::network
