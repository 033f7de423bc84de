#include "engine/container/endpoint_checks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <vector>

#include "base/error.hpp"
#include "base/net_address.hpp"
#include "engine/network/endpoint_options.hpp"
#include "engine/network/records.hpp"

namespace stack::engine::container {

namespace {

/// Collects what is wrong.
class Problems {
public:
  void add(std::string text) { texts_.push_back(std::move(text)); }
  void add_from(const std::function<void()>& check) {
    try {
      check();
    } catch (const Error& error) {
      add(error.what());
    }
  }
  void throw_if_any(const std::string& network) const {
    if (texts_.empty()) return;
    const std::string list = texts_.size() == 1 ? texts_.front() : fmt::format("* {}", fmt::join(texts_, "\n* "));
    throw Error(ErrorCode::invalid_argument,
                fmt::format("invalid config for network {}: invalid endpoint settings:\n{}", network, list));
  }

private:
  std::vector<std::string> texts_;
};

void check_addresses(const api::EndpointIpamConfig& ipam, bool user_defined, Problems& problems) {
  if (!user_defined && !(ipam.ipv4_address.empty() && ipam.ipv6_address.empty()))
    problems.add("user specified IP address is supported on user defined networks only");
  if (!ipam.ipv4_address.empty() && !Ipv4::parse(ipam.ipv4_address))
    problems.add(fmt::format("invalid IPv4 address: {}", ipam.ipv4_address));
  if (!ipam.ipv6_address.empty())  // no network has an IPv6 subnet yet
    problems.add("user specified IP address is supported only when connecting to networks with user configured subnets");
  for (const std::string& address : ipam.link_local_ips) problems.add_from([&] { network::parse_link_local(address); });
}

}  // namespace

void check_endpoint(const std::string& network, const api::EndpointSettings& settings) {
  const bool user_defined = !network::is_predefined_name(network);
  Problems problems;
  if (settings.ipam_config) check_addresses(*settings.ipam_config, user_defined, problems);
  if (!settings.aliases.empty() && !user_defined)
    problems.add("network-scoped alias is supported only for containers in user defined networks");
  const auto option = [&](const char* name) {
    const auto found = settings.driver_opts.find(name);
    return found == settings.driver_opts.end() ? std::string() : found->second;
  };
  problems.add_from([&] { network::parse_interface_sysctls(option(network::option_sysctls)); });
  if (const std::string name = option(network::option_interface_name); !name.empty())
    problems.add_from([&] { network::check_interface_name(name); });
  problems.add_from([&] { network::parse_links(settings.links); });
  problems.throw_if_any(network);
  if (!settings.mac_address.empty() && !parse_mac(settings.mac_address))
    throw Error(ErrorCode::invalid_argument,
                fmt::format("invalid config for network {}: invalid MAC address {}", network, settings.mac_address));
}

std::string kept_link(const std::string& link_name, const std::string& alias, const std::string& own_name) {
  return fmt::format("/{}:/{}/{}", link_name, own_name, alias);
}

Link parse_kept_link(const std::string& kept) {
  const auto colon = kept.find(':');
  return {kept.substr(1, colon - 1), kept.substr(kept.rfind('/') + 1)};
}

Link parse_link(const std::string& text) {
  const auto links = network::parse_links({text});
  return {links.begin()->second, links.begin()->first};
}

}  // namespace stack::engine::container
