#include "engine/network/hosts_file.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/error.hpp"

namespace stack::engine::network {

namespace {

constexpr const char* embedded_server = "127.0.0.11";
constexpr const char* system_resolv_conf = "/etc/resolv.conf";
constexpr const char* behind_systemd_resolved = "/run/systemd/resolve/resolv.conf";

bool is_loopback(const std::string& nameserver) { return nameserver.rfind("127.", 0) == 0 || nameserver == "::1"; }

std::string read_file(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += " " + word;
  return text;
}

std::string extra_host_line(const std::string& extra, const HostsFile& hosts) {
  const std::size_t separator = extra.find_first_of(":=");
  if (separator == std::string::npos || separator == 0 || separator + 1 == extra.size())
    throw Error(ErrorCode::invalid_argument, "bad format for add-host: \"" + extra + "\"");
  std::string address = extra.substr(separator + 1);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') address = address.substr(1, address.size() - 2);
  if (address == "host-gateway") {
    address = hosts.host_gateway;
    if (address.empty())
      throw Error(ErrorCode::invalid_argument, "unable to derive the IP value for host-gateway: this container has no gateway");
  }
  return address + "\t" + extra.substr(0, separator) + "\n";
}

}  // namespace

std::string hosts_file(const HostsFile& hosts) {
  std::string text =
      "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\n"
      "ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n";
  for (const std::string& extra : hosts.extra_hosts) text += extra_host_line(extra, hosts);
  for (const std::string& link : hosts.links) text += link + "\n";
  for (const std::string& address : hosts.addresses) text += own_host_line(hosts, address);
  return text;
}

std::string own_host_line(const HostsFile& hosts, const std::string& address) {
  if (hosts.hostname.empty()) return {};
  std::string names = hosts.hostname;
  if (const std::size_t dot = hosts.hostname.find('.'); !hosts.domainname.empty())
    names = hosts.hostname + "." + hosts.domainname + " " + hosts.hostname;
  else if (dot != std::string::npos && dot != 0)  // a full name as hostname: its first part is known too
    names += " " + hosts.hostname.substr(0, dot);
  return address + "\t" + names + "\n";
}

ResolvConf parse_resolv_conf_file(const std::string& text) {
  ResolvConf result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    line = line.substr(0, line.find_first_of("#;"));
    std::istringstream words(line);
    std::string key;
    words >> key;
    std::vector<std::string> values;
    for (std::string value; words >> value;) values.push_back(value);
    if (values.empty()) continue;
    if (key == "nameserver") result.nameservers.push_back(values.front());
    if (key == "search" || key == "domain") result.search = values;  // the last one counts
    if (key == "options") result.options.insert(result.options.end(), values.begin(), values.end());
  }
  return result;
}

ResolvConf host_resolv_conf() {
  ResolvConf conf = parse_resolv_conf_file(read_file(system_resolv_conf));
  const auto drop_local = [](ResolvConf& from) {
    from.nameservers.erase(std::remove_if(from.nameservers.begin(), from.nameservers.end(), is_loopback),
                           from.nameservers.end());
  };
  drop_local(conf);
  if (!conf.nameservers.empty()) return conf;
  ResolvConf behind = parse_resolv_conf_file(read_file(behind_systemd_resolved));
  drop_local(behind);
  return behind.nameservers.empty() ? conf : behind;
}

std::string resolv_conf(const ResolvConfRequest& request, const ResolvConf& host) {
  std::vector<std::string> search = request.dns_search.empty() ? host.search : request.dns_search;
  if (search == std::vector<std::string>{"."}) search.clear();
  std::vector<std::string> options = request.dns_options.empty() ? host.options : request.dns_options;
  std::vector<std::string> nameservers = request.dns.empty() ? host.nameservers : request.dns;
  if (request.has_dns) {
    nameservers = {embedded_server};
    const auto sets_ndots = [](const std::string& option) { return option.rfind("ndots:", 0) == 0; };
    // A container's name has no dot, and must not be tried with every search domain first.
    if (std::none_of(options.begin(), options.end(), sets_ndots)) options.push_back("ndots:0");
  }
  std::string text;
  for (const std::string& nameserver : nameservers) text += "nameserver " + nameserver + "\n";
  if (!search.empty()) text += "search" + join(search) + "\n";
  if (!options.empty()) text += "options" + join(options) + "\n";
  return text;
}

}  // namespace stack::engine::network
