#pragma once
// /etc/hosts and /etc/resolv.conf of a container that runs, when its networks change. Blocking.
#include <string>

#include "engine/network/hosts_file.hpp"

namespace stack::engine::container {

/// Rewrites `path` in place: it is mounted in the container. Throws internal.
void write_in_place(const std::string& path, const std::string& content);

void add_host(const std::string& hosts_path, const std::string& address, const network::HostsFile& names);
void remove_host(const std::string& hosts_path, const std::string& address);

/// `path` now names the built-in server, unless somebody has written to it since `started_at` (unix nanoseconds): what the
/// container's own programs put there stays.
void use_built_in_dns(const std::string& path, network::ResolvConfRequest request, std::int64_t started_at);

}  // namespace stack::engine::container
