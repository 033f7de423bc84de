#pragma once
// The text of a container's /etc/hosts, /etc/hostname and /etc/resolv.conf.
#include <string>
#include <utility>
#include <vector>

namespace stack::engine::network {

struct HostsFile {
  std::string hostname;
  std::string domainname;              ///< may be empty
  std::vector<std::string> addresses;  ///< of the container's interfaces, the gateway's endpoint first
  std::vector<std::string>
      extra_hosts;                 ///< "name:address" as in HostConfig.ExtraHosts; the address may be "host-gateway" or "[v6]"
  std::string host_gateway;        ///< what host-gateway stands for
  std::vector<std::string> links;  ///< whole lines for linked containers
};
/// Throws invalid_argument for an extra host without an address, or host-gateway where there is none.
std::string hosts_file(const HostsFile& hosts);
/// The line of one of its addresses; empty without a hostname.
std::string own_host_line(const HostsFile& hosts, const std::string& address);

/// A resolv.conf, parsed.
struct ResolvConf {
  std::vector<std::string> nameservers;
  std::vector<std::string> search;
  std::vector<std::string> options;
};
ResolvConf parse_resolv_conf_file(const std::string& text);
/// What the host's own resolver uses, seen past a local stub (systemd-resolved): its loopback nameservers are left out.
ResolvConf host_resolv_conf();

struct ResolvConfRequest {
  bool has_dns = false;                  ///< Attachment::has_dns: 127.0.0.11 answers
  std::vector<std::string> dns;          ///< HostConfig.Dns
  std::vector<std::string> dns_search;   ///< HostConfig.DnsSearch; "." alone: none
  std::vector<std::string> dns_options;  ///< HostConfig.DnsOptions
};
std::string resolv_conf(const ResolvConfRequest& request, const ResolvConf& host);

}  // namespace stack::engine::network
