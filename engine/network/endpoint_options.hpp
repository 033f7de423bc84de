#pragma once
// What may be asked of one interface of a container beside its address: its name, kernel parameters, link-local addresses,
// links. Pure; everything throws invalid_argument.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/net_address.hpp"

namespace stack::engine::network {

// keys of EndpointSettings.DriverOpts
inline constexpr const char* option_interface_name = "com.docker.network.endpoint.ifname";
inline constexpr const char* option_sysctls = "com.docker.network.endpoint.sysctls";

/// A kernel parameter of one interface.
struct InterfaceSysctl {
  std::string before, after;  ///< "/proc/sys/net/ipv4/conf/" and "/log_martians": the interface's name goes between them
  std::string value;
};
/// "net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.conf.IFNAME.forwarding=0"
std::vector<InterfaceSysctl> parse_interface_sysctls(std::string_view text);

void check_interface_name(const std::string& name);

/// A name for each interface: the one asked for, or the first of eth0, eth1, … that nobody else has. `taken` are in use
/// already.
std::vector<std::string> interface_names(const std::vector<std::string>& wanted, const std::vector<std::string>& taken = {});

/// "169.254.8.8"
Ipv4 parse_link_local(const std::string& text);

/// "container:alias" …: alias → containers. One without a colon is its own alias.
std::multimap<std::string, std::string> parse_links(const std::vector<std::string>& links);

}  // namespace stack::engine::network
