#include "dns/server.hpp"

namespace stack::dns {

std::vector<Upstream> parse_resolv_conf(std::string_view content) {
  std::vector<Upstream> upstreams;
  while (!content.empty() && upstreams.size() < max_upstreams) {
    const auto end = content.find('\n');
    std::string_view line = content.substr(0, end);
    content = end == std::string_view::npos ? std::string_view{} : content.substr(end + 1);
    constexpr std::string_view keyword = "nameserver";
    if (!line.starts_with(keyword)) continue;
    line.remove_prefix(keyword.size());
    const auto begin = line.find_first_not_of(" \t");
    if (begin == 0 || begin == std::string_view::npos) continue;
    line = line.substr(begin);
    if (const auto address = Address::parse(line.substr(0, line.find_first_of(" \t\r#;")))) upstreams.push_back({*address, 53});
  }
  return upstreams;
}

}  // namespace stack::dns
