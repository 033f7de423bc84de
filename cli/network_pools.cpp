#include "cli/network_pools.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "cli/flags.hpp"

namespace stack::cli {

namespace api = engine::api;

namespace {

/// An address of either family, or the subnet that its first bits are.
struct Prefix {
  int family = AF_INET;
  std::array<unsigned char, 16> bytes{};
  int bits = 0;

  bool contains(const Prefix& other) const {
    if (family != other.family || bits > other.bits) return false;
    for (int bit = 0; bit < bits; ++bit) {
      const auto index = static_cast<std::size_t>(bit / 8);
      if (((bytes[index] ^ other.bytes[index]) >> (7 - bit % 8)) & 1) return false;
    }
    return true;
  }
};

Prefix parse(const std::string& text, std::string_view flag) {
  Prefix prefix;
  const std::size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  prefix.family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  const int widest = prefix.family == AF_INET ? 32 : 128;
  prefix.bits = widest;
  bool good = ::inet_pton(prefix.family, address.c_str(), prefix.bytes.data()) == 1;
  if (slash != std::string::npos) {
    const char* const begin = text.data() + slash + 1;
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), prefix.bits);
    good = good && error == std::errc{} && end == text.data() + text.size() && prefix.bits >= 0 && prefix.bits <= widest;
  }
  if (!good) throw UsageError(fmt::format("invalid address \"{}\" for {}", text, flag));
  return prefix;
}

Prefix parse_subnet(const std::string& text, std::string_view flag) {
  if (text.find('/') == std::string::npos)
    throw UsageError(fmt::format("invalid subnet \"{}\" for {}: ADDRESS/BITS is needed", text, flag));
  return parse(text, flag);
}

class Pools {
public:
  explicit Pools(const std::vector<std::string>& subnets) {
    for (const std::string& text : subnets) {
      const Prefix prefix = parse_subnet(text, "--subnet");
      for (std::size_t i = 0; i < prefixes_.size(); ++i)
        if (prefix.contains(prefixes_[i]) || prefixes_[i].contains(prefix))
          throw UsageError(fmt::format("the subnets {} and {} overlap", pools_[i].subnet, text));
      prefixes_.push_back(prefix);
      pools_.emplace_back().subnet = text;
    }
  }

  api::IpamPool& that_contains(const Prefix& prefix, const std::string& text, std::string_view what) {
    for (std::size_t i = 0; i < prefixes_.size(); ++i)
      if (prefixes_[i].contains(prefix)) return pools_[i];
    throw UsageError(fmt::format("no matching subnet for {} {}", what, text));
  }

  std::vector<api::IpamPool> take() { return std::move(pools_); }

private:
  std::vector<Prefix> prefixes_;
  std::vector<api::IpamPool> pools_;
};

void set_once(std::string& field, const std::string& value, std::string_view what) {
  if (!field.empty()) throw UsageError(fmt::format("two {}s ({} and {}) in one subnet", what, field, value));
  field = value;
}

}  // namespace

std::vector<api::IpamPool> pools_of(const PoolFlags& flags) {
  if (flags.subnets.empty() && !(flags.ranges.empty() && flags.gateways.empty() && flags.aux_addresses.empty()))
    throw UsageError("--ip-range, --gateway and --aux-address need a --subnet");
  Pools pools(flags.subnets);
  for (const std::string& range : flags.ranges)
    set_once(pools.that_contains(parse_subnet(range, "--ip-range"), range, "range").ip_range, range, "range");
  for (const std::string& gateway : flags.gateways)
    set_once(pools.that_contains(parse(gateway, "--gateway"), gateway, "gateway").gateway, gateway, "gateway");
  for (const std::string& aux : flags.aux_addresses) {
    const std::size_t equals = aux.find('=');
    if (equals == std::string::npos)
      throw FlagError(fmt::format("invalid value \"{}\" for --aux-address: NAME=IP is needed", aux));
    const std::string address = aux.substr(equals + 1);
    pools.that_contains(parse(address, "--aux-address"), address, "aux-address").aux_addresses[aux.substr(0, equals)] = address;
  }
  return pools.take();
}

}  // namespace stack::cli
