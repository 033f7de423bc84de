#include "engine/network/endpoint_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"

namespace stack::engine::network {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::invalid_argument, message); }

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

InterfaceSysctl parse_interface_sysctl(std::string_view text) {
  const auto equals = text.find('=');
  const auto parts = split(text.substr(0, equals), '.');
  const bool family = parts.size() > 1 && (parts[1] == "ipv4" || parts[1] == "ipv6" || parts[1] == "mpls");
  const bool plain = std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part.empty() || part.find('/') != std::string_view::npos;
  });
  if (equals == std::string_view::npos || !family || !plain || parts.size() < 5 || parts[0] != "net" || parts[3] != "IFNAME")
    refuse(
        fmt::format("unrecognised network interface sysctl '{}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' "
                    "must be 'ipv4', 'ipv6' or 'mpls'",
                    text));
  InterfaceSysctl result;
  result.before = fmt::format("/proc/sys/net/{}/{}/", parts[1], parts[2]);
  for (std::size_t i = 4; i < parts.size(); ++i) result.after += fmt::format("/{}", parts[i]);
  result.value = text.substr(equals + 1);
  return result;
}

}  // namespace

std::vector<InterfaceSysctl> parse_interface_sysctls(std::string_view text) {
  std::vector<InterfaceSysctl> result;
  if (text.empty()) return result;
  for (const std::string_view one : split(text, ',')) result.push_back(parse_interface_sysctl(one));
  return result;
}

void check_interface_name(const std::string& name) {
  constexpr std::size_t longest = 15;
  if (name.empty() || name.size() > longest || name == "." || name == ".." || name == "lo" ||
      name.find_first_of("/: \t\n") != std::string::npos)
    refuse(
        fmt::format("invalid interface name \"{}\": at most {} characters, no '/', ':' or space, and not lo", name, longest));
}

std::vector<std::string> interface_names(const std::vector<std::string>& wanted, const std::vector<std::string>& taken) {
  std::set<std::string> used(taken.begin(), taken.end());
  for (const std::string& name : wanted) {
    if (name.empty()) continue;
    check_interface_name(name);
    if (!used.insert(name).second) refuse(fmt::format("the interface name \"{}\" is asked for twice", name));
  }
  std::vector<std::string> names;
  int number = 0;
  for (const std::string& name : wanted) {
    names.push_back(name);
    while (names.back().empty()) {
      std::string next = "eth" + std::to_string(number++);
      if (used.insert(next).second) names.back() = std::move(next);
    }
  }
  return names;
}

Ipv4 parse_link_local(const std::string& text) {
  constexpr std::uint32_t prefix = 0xa9fe0000, mask = 0xffff0000;  // 169.254.0.0/16
  const auto address = Ipv4::parse(text);
  if (!address && text.find(':') != std::string::npos)
    refuse(fmt::format("the link-local IP address {} is not possible: there is no IPv6 inside networks yet", text));
  if (!address) refuse(fmt::format("invalid link-local IP address: {}", text));
  if ((address->value & mask) != prefix)
    refuse(fmt::format("invalid link local IP address: {} (it is not in 169.254.0.0/16)", text));
  return *address;
}

std::multimap<std::string, std::string> parse_links(const std::vector<std::string>& links) {
  std::multimap<std::string, std::string> result;
  for (const std::string& link : links) {
    const auto colon = link.find(':');
    const std::string container = link.substr(0, colon);
    const std::string alias = colon == std::string::npos ? container : link.substr(colon + 1);
    if (container.empty() || alias.empty() || alias.find(':') != std::string::npos)
      refuse(fmt::format("bad format for links: {}", link));
    result.emplace(alias, container);
  }
  return result;
}

}  // namespace stack::engine::network
