#include "engine/container/spec.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.hpp"
#include "engine/container/host_checks.hpp"
#include "engine/container/security_options.hpp"
#include "engine/container/settings.hpp"

namespace stack::engine::container {

namespace {

constexpr const char* default_path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

bool same_variable(std::string_view a, std::string_view b) { return a.substr(0, a.find('=')) == b.substr(0, b.find('=')); }

void set_variable(std::vector<std::string>& env, const std::string& assignment) {
  const bool removes = assignment.find('=') == std::string::npos;  // "NAME" alone takes it away
  const auto found =
      std::find_if(env.begin(), env.end(), [&](const auto& present) { return same_variable(present, assignment); });
  if (removes) {
    if (found != env.end()) env.erase(found);
  } else if (found != env.end()) {
    *found = assignment;
  } else {
    env.push_back(assignment);
  }
}

void set_namespaces(runtime::Spec& spec, const SpecInput& input) {
  const api::HostConfig& host = input.record.host_config;
  auto& namespaces = spec.linux_.namespaces;
  const auto drop = [&](runtime::NamespaceType type) {
    std::erase_if(namespaces, [&](const auto& ns) { return ns.type == type; });
  };
  const auto join = [&](runtime::NamespaceType type, pid_t pid, const char* file) {
    drop(type);
    namespaces.push_back({type, fmt::format("/proc/{}/ns/{}", pid, file)});
  };
  if (host.pid_mode == "host")
    drop(runtime::NamespaceType::pid);
  else if (input.pid_of_pid_namespace > 0)
    join(runtime::NamespaceType::pid, input.pid_of_pid_namespace, "pid");
  if (host.ipc_mode == "host")
    drop(runtime::NamespaceType::ipc);
  else if (input.pid_of_ipc_namespace > 0)
    join(runtime::NamespaceType::ipc, input.pid_of_ipc_namespace, "ipc");
  if (host.network_mode == "host") drop(runtime::NamespaceType::network);
  if (host.uts_mode == "host") drop(runtime::NamespaceType::uts);
  drop(runtime::NamespaceType::cgroup);
  if (host.cgroupns_mode == "private") namespaces.push_back({runtime::NamespaceType::cgroup, ""});
}

/// /dev/shm goes with the IPC namespace, whoever's that is.
void set_shm(runtime::Spec& spec, const SpecInput& input) {
  const api::HostConfig& host = input.record.host_config;
  if (host.ipc_mode == "none") std::erase_if(spec.mounts, [](const auto& mount) { return mount.destination == "/dev/shm"; });
  for (auto& mount : spec.mounts) {
    if (mount.destination != "/dev/shm") continue;
    if (host.ipc_mode == "host") {
      mount = {"/dev/shm", "bind", "/dev/shm", {"rbind", "rprivate"}, {}};
    } else if (input.pid_of_ipc_namespace > 0) {
      mount = {
          "/dev/shm", "bind", "/dev/shm", {"bind", "rprivate"}, fmt::format("/proc/{}/ns/mnt", input.pid_of_ipc_namespace)};
    } else {
      std::erase_if(mount.options, [](const auto& option) { return option.rfind("size=", 0) == 0; });
      mount.options.push_back(fmt::format("size={}", host.shm_size > 0 ? host.shm_size : default_shm_size));
    }
  }
}

void set_mounts(runtime::Spec& spec, const SpecInput& input) {
  set_shm(spec, input);
  std::vector<runtime::Mount> ours;
  for (const auto& mount : input.record.mounts) {
    const auto layers = input.image_layers.find(mount.source);
    ours.push_back(to_runtime_mount(mount, layers == input.image_layers.end() ? std::vector<std::string>() : layers->second));
  }
  const auto taken = [&](const std::string& destination) {
    return std::any_of(ours.begin(), ours.end(), [&](const auto& mount) { return mount.destination == destination; });
  };
  // a user's own mount replaces the default one of the same place; a /dev of one's own is taken as it is
  const bool own_dev = taken("/dev");
  std::erase_if(spec.mounts, [&](const auto& mount) {
    return taken(mount.destination) || (own_dev && mount.destination.rfind("/dev/", 0) == 0);
  });
  const bool readonly = input.record.host_config.readonly_rootfs;
  const auto add_file = [&](const std::string& source, const char* destination) {
    if (source.empty() || taken(destination)) return;
    ours.push_back({destination, "bind", source, {"bind", "rprivate"}});
    if (readonly) ours.back().options.push_back("ro");
  };
  add_file(input.resolv_conf_file, "/etc/resolv.conf");
  add_file(input.hostname_file, "/etc/hostname");
  add_file(input.hosts_file, "/etc/hosts");
  std::stable_sort(ours.begin(), ours.end(), [](const auto& a, const auto& b) {
    return std::count(a.destination.begin(), a.destination.end(), '/') <
           std::count(b.destination.begin(), b.destination.end(), '/');
  });
  spec.mounts.insert(spec.mounts.end(), ours.begin(), ours.end());
}

[[noreturn]] void no_device(const std::string& path, const std::string& why) {
  throw Error(ErrorCode::internal,
              fmt::format("error gathering device information while adding custom device \"{}\": {}", path, why));
}

void add_device(runtime::Spec& spec, const std::string& path, const struct stat& status, const std::string& permissions) {
  runtime::Device device;
  device.path = path;
  device.type = S_ISCHR(status.st_mode) ? 'c' : 'b';
  device.major = major(status.st_rdev);
  device.minor = minor(status.st_rdev);
  device.mode = status.st_mode & 07777;
  device.uid = status.st_uid;
  device.gid = status.st_gid;
  runtime::DeviceRule rule;
  rule.allow = true;
  rule.type = device.type;
  rule.major = device.major;
  rule.minor = device.minor;
  if (!permissions.empty()) rule.access = permissions;
  std::erase_if(spec.linux_.devices, [&](const auto& other) { return other.path == path; });
  spec.linux_.devices.push_back(device);
  spec.linux_.resources.devices.push_back(rule);
}

/// Every device below a directory of the host, at the same place below the directory in the container.
void add_device_directory(runtime::Spec& spec, const api::DeviceMapping& mapping, const std::string& inside) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(mapping.path_on_host, error), end; !error && at != end;
       at.increment(error))
    found.push_back(at->path());
  std::sort(found.begin(), found.end());
  bool any = false;
  for (const auto& path : found) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode))) continue;
    any = true;
    add_device(spec, inside + path.string().substr(mapping.path_on_host.size()), status, mapping.cgroup_permissions);
  }
  if (!any) no_device(mapping.path_on_host, "no such file or directory");
}

void add_mapped_devices(runtime::Spec& spec, api::DeviceMapping mapping) {
  while (mapping.path_on_host.size() > 1 && mapping.path_on_host.back() == '/') mapping.path_on_host.pop_back();
  struct stat status {};
  if (::stat(mapping.path_on_host.c_str(), &status) != 0)
    no_device(mapping.path_on_host, errno == ENOENT ? "no such file or directory" : std::strerror(errno));
  std::string inside = mapping.path_in_container.empty() ? mapping.path_on_host : mapping.path_in_container;
  if (inside.front() != '/') inside.insert(0, 1, '/');
  if (S_ISDIR(status.st_mode))
    add_device_directory(spec, mapping, inside);
  else if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))
    add_device(spec, inside, status, mapping.cgroup_permissions);
  else
    no_device(mapping.path_on_host, "not a device node");
}

/// "c 10:200 rwm", "b *:* rmw", "a *:* rwm"
void add_device_rule(runtime::Spec& spec, const std::string& text) {
  const DeviceCgroupRule parsed = parse_device_cgroup_rule(text);
  const auto number = [](const std::string& digits) {
    return digits == "*" ? std::nullopt : std::optional<std::int64_t>(std::stoll(digits));
  };
  runtime::DeviceRule rule;
  rule.allow = true;
  rule.type = parsed.type;
  rule.major = number(parsed.major);
  rule.minor = number(parsed.minor);
  rule.access = parsed.access;
  spec.linux_.resources.devices.push_back(rule);
}

/// Values of block devices by number instead of path.
template <class Entry>
std::vector<runtime::BlockDeviceValue> block_devices(const std::vector<Entry>& entries) {
  std::vector<runtime::BlockDeviceValue> devices;
  for (const Entry& entry : entries) {
    struct stat status {};
    if (::stat(entry.path.c_str(), &status) != 0)
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("stat {}: {}", entry.path, errno == ENOENT ? "no such file or directory" : std::strerror(errno)));
    if (!S_ISBLK(status.st_mode))
      throw Error(ErrorCode::invalid_argument, fmt::format("{} is no block device: its speed cannot be limited", entry.path));
    if constexpr (requires { entry.weight; })
      devices.push_back({major(status.st_rdev), minor(status.st_rdev), entry.weight});
    else if (entry.rate > 0)  // 0: no limit
      devices.push_back({major(status.st_rdev), minor(status.st_rdev), entry.rate});
  }
  return devices;
}

void set_block_io(runtime::Resources& resources, const api::HostConfig& host) {
  if (host.blkio_weight > 0) resources.blkio_weight = host.blkio_weight;
  resources.blkio_weight_device = block_devices(host.blkio_weight_device);
  resources.throttle_read_bps = block_devices(host.blkio_device_read_bps);
  resources.throttle_write_bps = block_devices(host.blkio_device_write_bps);
  resources.throttle_read_iops = block_devices(host.blkio_device_read_iops);
  resources.throttle_write_iops = block_devices(host.blkio_device_write_iops);
}

void set_resources(runtime::Resources& resources, const api::HostConfig& host) {
  if (host.memory > 0) resources.memory_limit = host.memory;
  if (host.memory_reservation > 0) resources.memory_reservation = host.memory_reservation;
  if (host.memory_swap != 0) resources.memory_swap = host.memory_swap;
  if (host.memory_swappiness && *host.memory_swappiness >= 0)
    resources.memory_swappiness = static_cast<std::uint64_t>(*host.memory_swappiness);
  resources.oom_kill_disable = host.oom_kill_disable.value_or(false);
  if (host.cpu_shares > 0) resources.cpu_shares = static_cast<std::uint64_t>(host.cpu_shares);
  if (host.nano_cpus > 0) {
    constexpr std::int64_t period = 100'000;
    resources.cpu_period = period;
    resources.cpu_quota = host.nano_cpus * period / 1'000'000'000;
  }
  if (host.cpu_period > 0) resources.cpu_period = static_cast<std::uint64_t>(host.cpu_period);
  if (host.cpu_quota != 0) resources.cpu_quota = host.cpu_quota;
  resources.cpuset_cpus = host.cpuset_cpus;
  resources.cpuset_mems = host.cpuset_mems;
  if (host.pids_limit) resources.pids_limit = *host.pids_limit;
  if (host.cpu_realtime_period > 0) resources.cpu_realtime_period = static_cast<std::uint64_t>(host.cpu_realtime_period);
  if (host.cpu_realtime_runtime > 0) resources.cpu_realtime_runtime = host.cpu_realtime_runtime;
  set_block_io(resources, host);
}

void set_process(runtime::Spec& spec, const SpecInput& input, const SecurityOptions& security) {
  const Record& record = input.record;
  runtime::Process& process = spec.process;
  process.terminal = record.config.tty;
  if (record.host_config.console_size.size() == 2) {
    process.console_rows = static_cast<std::uint16_t>(record.host_config.console_size[0]);
    process.console_columns = static_cast<std::uint16_t>(record.host_config.console_size[1]);
  }
  process.user.name = record.config.user;
  process.user.additional_group_names = record.host_config.group_add;
  process.args = record.args;
  process.args.insert(process.args.begin(), record.path);
  process.env = process_environment(record, record.config.tty);
  process.cwd = record.config.working_dir.empty() ? "/" : record.config.working_dir;
  process.capabilities = container_capabilities(record.host_config);
  process.no_new_privileges = security.no_new_privileges;
  if (input.apparmor && security.apparmor_profile != "unconfined") process.apparmor_profile = security.apparmor_profile;
  process.init = record.host_config.init.value_or(false);
  process.oom_score_adj = static_cast<int>(record.host_config.oom_score_adj);  // 0, too: ours need not be
  set_rlimits(process, record.host_config.ulimits);
}

}  // namespace

runtime::Resources limits_of(const api::HostConfig& host) {
  runtime::Resources resources;
  set_resources(resources, host);
  return resources;
}

void set_rlimits(runtime::Process& process, const std::vector<api::Ulimit>& ulimits) {
  for (const auto& limit : ulimits)
    process.rlimits.push_back(
        {rlimit_name(limit.name), static_cast<std::uint64_t>(limit.hard), static_cast<std::uint64_t>(limit.soft)});
}

runtime::Mount to_runtime_mount(const MountPoint& mount, const std::vector<std::string>& image_layers) {
  runtime::Mount result;
  result.destination = mount.destination;
  result.source = mount.source;
  if (mount.type == "tmpfs") {
    result.type = result.source = "tmpfs";
    result.options = mount.options;
    if (!mount.rw) {
      std::erase(result.options, "rw");
      result.options.push_back("ro");
    }
    return result;
  }
  if (mount.type == "image") {
    result.type = runtime::layers_type;
    for (const auto& layer : image_layers) result.options.push_back("lowerdir=" + layer);
  } else {
    result.type = "bind";
    result.options = {mount.recursive ? "rbind" : "bind"};
    result.options.push_back(mount.propagation.empty() ? "rprivate" : mount.propagation);
    if (!mount.rw) result.options.push_back(mount.read_only_recursive ? "rro" : "ro");
  }
  if (!mount.subpath.empty()) result.options.push_back("x-stack.subpath=" + mount.subpath);
  return result;
}

std::vector<std::string> process_environment(const Record& record, bool terminal, const std::vector<std::string>& extra) {
  std::vector<std::string> env{default_path, "HOSTNAME=" + record.config.hostname};
  if (terminal) env.emplace_back("TERM=xterm");
  for (const auto& variable : record.config.env) set_variable(env, variable);
  for (const auto& variable : extra) set_variable(env, variable);
  return env;
}

runtime::Capabilities container_capabilities(const api::HostConfig& host) {
  const auto names =
      host.privileged ? runtime::all_capabilities() : runtime::effective_capabilities(host.cap_add, host.cap_drop);
  return {names, names, names, {}, {}};
}

runtime::Spec build_spec(const SpecInput& input) {
  const Record& record = input.record;
  const api::HostConfig& host = record.host_config;
  runtime::Spec spec = runtime::default_spec();
  if (host.privileged) runtime::make_privileged(spec);
  const SecurityOptions security = parse_security_options(host.security_opt);
  if (host.masked_paths) spec.linux_.masked_paths = *host.masked_paths;
  if (host.readonly_paths) spec.linux_.readonly_paths = *host.readonly_paths;
  if (security.paths_unmasked) {
    spec.linux_.masked_paths.clear();
    spec.linux_.readonly_paths.clear();
  }
  if (security.writable_cgroups)
    for (auto& mount : spec.mounts)
      if (mount.type == "cgroup") std::erase(mount.options, "ro");
  set_namespaces(spec, input);
  if (host.uts_mode != "host") {
    spec.hostname = record.config.hostname;
    spec.domainname = record.config.domainname;
  }
  set_process(spec, input, security);
  spec.root.readonly = host.readonly_rootfs;
  spec.root.overlay = runtime::Overlay{input.snapshot.lower_dirs, input.snapshot.upper, input.snapshot.work};
  set_mounts(spec, input);
  spec.linux_.cgroups_path = input.cgroups_path;
  set_resources(spec.linux_.resources, host);
  for (const auto& device : host.devices) add_mapped_devices(spec, device);
  for (const auto& rule : host.device_cgroup_rules) add_device_rule(spec, rule);
  spec.linux_.sysctl = host.sysctls;
  spec.annotations = host.annotations;
  return spec;
}

}  // namespace stack::engine::container
