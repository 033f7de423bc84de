#pragma once
// What HostConfig may ask for about process, security, namespaces and limits, and on which hosts. Pure.
#include <string>
#include <vector>

#include "engine/container/settings.hpp"

namespace stack::engine::container {

/// Throws invalid_argument, mostly with Docker's texts, for what cannot be; takes back what this kernel cannot do where Docker
/// only warns, and says so in `warnings`. `config` is the request's, without the image's.
void check_isolation_and_limits(const api::ContainerConfig& config, api::HostConfig& host, const HostFacts& facts,
                                std::vector<std::string>& warnings);

/// The part of it that is about limits, which an update may change.
void check_limits(api::HostConfig& host, const HostFacts& facts, std::vector<std::string>& warnings);

/// Throws invalid_argument for what is no IP address. Asked when the container starts, as by Docker's engine.
void check_name_servers(const std::vector<std::string>& servers);

/// "c 10:200 rwm" → type, numbers ("*": any) and access. Throws invalid_argument.
struct DeviceCgroupRule {
  char type = 'a';
  std::string major, minor, access;
};
DeviceCgroupRule parse_device_cgroup_rule(const std::string& text);

/// The names of HostConfig.Ulimits are those of getrlimit(2) without RLIMIT_, in small letters.
std::string rlimit_name(const std::string& ulimit);  ///< "RLIMIT_NOFILE"

/// "0-2,5" → 0, 1, 2, 5; empty: that is no list of numbers.
std::vector<int> parse_number_list(std::string_view text);

}  // namespace stack::engine::container
