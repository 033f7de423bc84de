#include "engine/container/host_checks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <regex>
#include <set>

#include "base/error.hpp"
#include "engine/container/security_options.hpp"
#include "engine/runtime/seccomp_file.hpp"

namespace stack::engine::container {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::invalid_argument, message); }

bool shares_with_container(const std::string& mode) { return mode.starts_with("container:"); }

// ---- namespaces ----------------------------------------------------------------------------------------------------------

void check_mode(const char* what, const std::string& mode, const std::vector<std::string>& known, bool may_share) {
  const bool shared = may_share && shares_with_container(mode) && mode.size() > std::string_view("container:").size();
  if (!shared && std::find(known.begin(), known.end(), mode) == known.end())
    refuse(fmt::format("invalid {} mode: {}", what, mode));
}

void check_modes(const api::HostConfig& host) {
  check_mode("IPC", host.ipc_mode, {"", "none", "private", "shareable", "host"}, true);
  check_mode("PID", host.pid_mode, {"", "host"}, true);
  check_mode("UTS", host.uts_mode, {"", "host"}, false);
  check_mode("cgroup namespace", host.cgroupns_mode, {"", "host", "private"}, false);
  if (!host.userns_mode.empty() && host.userns_mode != "host")
    refuse(fmt::format("invalid user namespace mode: {}: only host is possible, this engine does not remap users",
                       host.userns_mode));
  if (host.network_mode == "container:") refuse("invalid network mode: invalid container format container:<name|id>");
  if (!host.isolation.empty() && host.isolation != "default")
    refuse(fmt::format("invalid isolation ({}): linux only supports 'default'", host.isolation));
}

/// What another container's, or the host's, namespaces decide already.
void check_conflicts(const api::ContainerConfig& config, const api::HostConfig& host) {
  if (host.uts_mode == "host" && !config.hostname.empty()) refuse("conflicting options: hostname and the UTS mode");
  if (host.uts_mode == "host" && !config.domainname.empty()) refuse("conflicting options: domainname and the UTS mode");
  const bool container = shares_with_container(host.network_mode);
  if (config.network_disabled && (container || host.network_mode == "host"))
    refuse(fmt::format("conflicting options: a disabled network and the network mode {}", host.network_mode));
  if (!host.links.empty() && (container || host.network_mode == "host"))
    refuse(fmt::format("conflicting options: {} can't be used with links. This would result in undefined behavior",
                       container ? "container type network" : "host type networking"));
  if (!container) return;
  if (!config.hostname.empty()) refuse("conflicting options: hostname and the network mode");
  if (!host.dns.empty()) refuse("conflicting options: dns and the network mode");
  if (!host.extra_hosts.empty()) refuse("conflicting options: custom host-to-IP mapping and the network mode");
  if (!host.port_bindings.empty() || host.publish_all_ports)
    refuse("conflicting options: port publishing and the container type network mode");
  if (!config.exposed_ports.empty()) refuse("conflicting options: port exposing and the container type network mode");
}

// ---- kernel parameters ---------------------------------------------------------------------------------------------------

/// "net/ipv4/conf/eth0.1/forwarding" is "net.ipv4.conf.eth0/1.forwarding" with the separators the other way round.
std::string with_dots(std::string name) {
  const auto first = name.find_first_of("./");
  if (first == std::string::npos || name[first] == '.') return name;
  for (char& c : name) c = c == '/' ? '.' : c == '.' ? '/' : c;
  return name;
}

/// "net.ipv4.conf.eth0.log_martians": which interface is eth0 is known only when the networks are connected.
bool is_of_one_interface(std::string_view name) {
  std::vector<std::string_view> parts;
  while (!name.empty()) {
    const auto dot = std::min(name.find('.'), name.size());
    parts.push_back(name.substr(0, dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  if (parts.size() < 5 || (parts[1] != "ipv4" && parts[1] != "ipv6" && parts[1] != "mpls")) return false;
  const std::string_view number = parts[3].starts_with("eth") ? parts[3].substr(3) : std::string_view();
  return !number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Only what has a namespace of its own may be set.
void check_sysctls(const api::HostConfig& host) {
  static const std::set<std::string> ipc{"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
                                         "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};
  for (const auto& [written, value] : host.sysctls) {
    const std::string name = with_dots(written);
    if (name.starts_with("net.")) {
      if (host.network_mode == "host") refuse(fmt::format("sysctl \"{}\" not allowed in host network namespace", name));
      if (is_of_one_interface(name))
        refuse(
            fmt::format("interface specific sysctl setting \"{}\" must be supplied using driver option "
                        "'com.docker.network.endpoint.sysctls'",
                        name));
    } else if (ipc.contains(name) || name.starts_with("fs.mqueue.")) {
      if (host.ipc_mode == "host") refuse(fmt::format("sysctl \"{}\" is not allowed in the hosts ipc namespace", name));
    } else if (name == "kernel.hostname") {
      refuse("sysctl \"kernel.hostname\" is not allowed as it conflicts with the OCI \"hostname\" field");
    } else if (name != "kernel.domainname" || host.uts_mode == "host") {
      refuse(fmt::format("sysctl \"{}\" is not in a separate kernel namespace", name));
    }
  }
}

// ---- security ------------------------------------------------------------------------------------------------------------

void check_security(const api::HostConfig& host) {
  const SeccompChoice seccomp = seccomp_choice(host);
  if (!seccomp.profile.empty()) runtime::parse_seccomp_profile(seccomp.profile, {}, runtime::running_kernel());
}

void check_ulimits(const std::vector<api::Ulimit>& ulimits) {
  for (const api::Ulimit& limit : ulimits) {
    rlimit_name(limit.name);
    const auto soft = static_cast<std::uint64_t>(limit.soft), hard = static_cast<std::uint64_t>(limit.hard);  // -1: unlimited
    if (soft > hard)
      refuse(fmt::format("ulimit {}: soft limit must be less than or equal to hard limit: {} > {}", limit.name, limit.soft,
                         limit.hard));
  }
}

// ---- devices -------------------------------------------------------------------------------------------------------------

/// As Go prints a list of lists.
std::string shown(const std::vector<std::vector<std::string>>& lists) {
  std::vector<std::string> texts;
  texts.reserve(lists.size());
  for (const auto& list : lists) texts.push_back(fmt::format("[{}]", fmt::join(list, " ")));
  return fmt::format("[{}]", fmt::join(texts, " "));
}

void check_devices(const api::HostConfig& host) {
  for (const api::DeviceMapping& device : host.devices)
    if (device.cgroup_permissions.find_first_not_of("rwm") != std::string::npos)
      refuse(fmt::format("invalid permissions of device {}: \"{}\" (they are of r, w and m)", device.path_on_host,
                         device.cgroup_permissions));
  for (const std::string& rule : host.device_cgroup_rules) parse_device_cgroup_rule(rule);
  for (const api::DeviceRequest& request : host.device_requests) {
    if (request.driver == "cdi")
      refuse(fmt::format("CDI device injection failed: unresolvable CDI devices {}", fmt::join(request.device_ids, ", ")));
    refuse(fmt::format("could not select device driver \"{}\" with capabilities: {}", request.driver,
                       shown(request.capabilities)));
  }
}

// ---- limits --------------------------------------------------------------------------------------------------------------

void check_numbers(const std::string& wanted, const std::string& available, const char* field, const char* things) {
  if (wanted.empty()) return;
  const std::vector<int> numbers = parse_number_list(wanted);
  if (numbers.empty()) refuse(fmt::format("Invalid value {} for {}: invalid format: {}", wanted, field, wanted));
  const std::vector<int> present = parse_number_list(available);
  const bool all = std::all_of(numbers.begin(), numbers.end(),
                               [&](int number) { return std::find(present.begin(), present.end(), number) != present.end(); });
  if (!all && !present.empty())
    refuse(fmt::format("Requested {} are not available - requested {}, available: {}", things, wanted, available));
}

void check_cpu(api::HostConfig& host, const HostFacts& facts, std::vector<std::string>& warnings) {
  check_numbers(host.cpuset_cpus, facts.cpuset_cpus, "cpuset cpus", "CPUs");
  check_numbers(host.cpuset_mems, facts.cpuset_mems, "cpuset mems", "memory nodes");
  constexpr std::int64_t least_shares = 2, most_shares = 262144;
  if (host.cpu_shares > 0 && host.cpu_shares < least_shares)
    refuse(fmt::format("the minimum allowed cpu-shares is {}", least_shares));
  if (host.cpu_shares > most_shares) refuse(fmt::format("the maximum allowed cpu-shares is {}", most_shares));
  if ((host.cpu_realtime_period != 0 || host.cpu_realtime_runtime != 0) && facts.unified_cgroups)
    refuse("kernel does not support CPU real-time scheduler");
  if (host.cpu_realtime_period != 0 && host.cpu_realtime_runtime > host.cpu_realtime_period)
    refuse("cpu real-time runtime cannot be higher than cpu real-time period");
  if (host.cpu_percent > 0) {
    warnings.emplace_back("linux does not support CPU percent. Percent discarded.");
    host.cpu_percent = 0;
  }
  if (host.cpu_count > 0) {
    warnings.emplace_back("linux does not support a count of CPUs. Count discarded.");
    host.cpu_count = 0;
  }
}

void check_memory(api::HostConfig& host, const HostFacts& facts, std::vector<std::string>& warnings) {
  if (facts.unified_cgroups && host.memory_swappiness && *host.memory_swappiness != -1) {
    warnings.emplace_back(
        "Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness "
        "discarded.");
    host.memory_swappiness.reset();
  }
  if (!host.oom_kill_disable.value_or(false)) return;
  if (facts.unified_cgroups) {
    warnings.emplace_back("Your kernel does not support OomKillDisable. OomKillDisable discarded.");
    host.oom_kill_disable.reset();
  } else if (host.memory == 0) {
    warnings.emplace_back(
        "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of "
        "resources.");
  }
}

void check_block_io(api::HostConfig& host, const HostFacts& facts, std::vector<std::string>& warnings) {
  if (host.io_maximum_bandwidth != 0) refuse("invalid option: QoS maximum bandwidth configuration is not supported on linux");
  if (host.io_maximum_iops != 0) refuse("invalid option: QoS maximum IOPs configuration is not supported on linux");
  if (host.blkio_weight > 0 && !facts.blkio_weight) {
    warnings.emplace_back("Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.");
    host.blkio_weight = 0;
  }
  if (!host.blkio_weight_device.empty() && !facts.blkio_weight) {
    warnings.emplace_back(
        "Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device discarded.");
    host.blkio_weight_device.clear();
  }
  const auto check_weight = [](std::uint64_t weight) {
    if (weight < 10 || weight > 1000) refuse("Range of blkio weight is from 10 to 1000");
  };
  if (host.blkio_weight > 0) check_weight(host.blkio_weight);
  for (const api::WeightDevice& device : host.blkio_weight_device) check_weight(device.weight);
}

/// What is in an engine's own parent group and not known to it goes when it starts.
void check_cgroup_parent(const std::string& parent) {
  const auto start = std::min(parent.find_first_not_of('/'), parent.size());
  if (parent.substr(start).starts_with("stack-"))
    refuse(fmt::format("invalid cgroup parent {}: names that begin with stack- belong to engines", parent));
}

void check_storage(const api::StringMap& options) {
  for (const auto& [name, value] : options)
    refuse(name == "size" ? "--storage-opt is supported only for overlay over xfs with 'pquota' mount option"
                          : "Unknown option " + name);
}

}  // namespace

std::vector<int> parse_number_list(std::string_view text) {
  constexpr int most = 8192;  // as many as the kernel may be built for
  std::vector<int> numbers;
  const auto number = [](std::string_view digits, int& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return !digits.empty() && error == std::errc{} && end == digits.data() + digits.size() && value >= 0 && value < most;
  };
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const std::string_view range = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const auto dash = range.find('-');
    int first = 0, last = 0;
    if (!number(range.substr(0, dash), first)) return {};
    last = first;
    if (dash != std::string_view::npos && (!number(range.substr(dash + 1), last) || last < first)) return {};
    for (; first <= last; ++first) numbers.push_back(first);
  }
  return numbers;
}

DeviceCgroupRule parse_device_cgroup_rule(const std::string& text) {
  static const std::regex pattern(R"(([acb]) ([0-9]{1,9}|\*):([0-9]{1,9}|\*) ([rwm]{1,3}))");
  std::smatch match;
  if (!std::regex_match(text, match, pattern)) refuse(fmt::format("invalid device cgroup rule format: '{}'", text));
  return {match[1].str().front(), match[2], match[3], match[4]};
}

std::string rlimit_name(const std::string& ulimit) {
  static const std::set<std::string> known{"as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
                                           "nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};
  std::string name = "RLIMIT_" + ulimit;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (!known.contains(ulimit)) refuse("wrong rlimit value: " + name);
  return name;
}

void check_limits(api::HostConfig& host, const HostFacts& facts, std::vector<std::string>& warnings) {
  check_cpu(host, facts, warnings);
  check_memory(host, facts, warnings);
  check_block_io(host, facts, warnings);
}

void check_isolation_and_limits(const api::ContainerConfig& config, api::HostConfig& host, const HostFacts& facts,
                                std::vector<std::string>& warnings) {
  if (host.annotations.contains("")) refuse("invalid Annotations: the empty string is not permitted as an annotation key");
  check_modes(host);
  check_conflicts(config, host);
  check_sysctls(host);
  check_security(host);
  check_ulimits(host.ulimits);
  check_devices(host);
  check_limits(host, facts, warnings);
  check_cgroup_parent(host.cgroup_parent);
  check_storage(host.storage_opt);
}

void check_name_servers(const std::vector<std::string>& servers) {
  for (const std::string& server : servers) {
    boost::system::error_code invalid;
    boost::asio::ip::make_address(server, invalid);
    if (invalid) refuse(fmt::format("bad nameserver address {}: it is no IP address", server));
  }
}

}  // namespace stack::engine::container
