#include "engine/runtime/spec.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace stack::engine::runtime {

namespace {

using nlohmann::json;

constexpr std::array<std::pair<NamespaceType, const char*>, 7> namespace_names{{{NamespaceType::mount, "mount"},
                                                                                {NamespaceType::pid, "pid"},
                                                                                {NamespaceType::network, "network"},
                                                                                {NamespaceType::ipc, "ipc"},
                                                                                {NamespaceType::uts, "uts"},
                                                                                {NamespaceType::cgroup, "cgroup"},
                                                                                {NamespaceType::user, "user"}}};

[[noreturn]] void bad(const std::string& field, const std::string& problem) {
  throw Error(ErrorCode::invalid_argument, "runtime spec: " + field + ": " + problem);
}

template <class T>
void read(const json& object, const char* key, T& target) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return;
  try {
    target = found->get<T>();
  } catch (const json::exception&) {
    bad(key, "wrong type");
  }
}
template <class T>
void read(const json& object, const char* key, std::optional<T>& target) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return;
  T value{};
  read(object, key, value);
  target = value;
}
/// The object at `key`, an empty one when absent.
json child(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return json::object();
  if (!found->is_object() && !found->is_array()) bad(key, "wrong type");
  return *found;
}
template <class T>
void put(json& object, const char* key, const std::optional<T>& value) {
  if (value) object[key] = *value;
}
template <class T>
void put_unless_empty(json& object, const char* key, const T& value) {
  if (!value.empty()) object[key] = value;
}

json print_user(const User& user) {
  json result{{"uid", user.uid}, {"gid", user.gid}};
  put_unless_empty(result, "additionalGids", user.additional_gids);
  put(result, "umask", user.umask);
  put_unless_empty(result, "x-stack-name", user.name);
  put_unless_empty(result, "x-stack-groups", user.additional_group_names);
  return result;
}

User parse_user(const json& object) {
  User user;
  read(object, "uid", user.uid);
  read(object, "gid", user.gid);
  read(object, "additionalGids", user.additional_gids);
  read(object, "umask", user.umask);
  read(object, "x-stack-name", user.name);
  read(object, "x-stack-groups", user.additional_group_names);
  return user;
}

json print_process(const Process& process) {
  const Capabilities& caps = process.capabilities;
  json result{{"user", print_user(process.user)},
              {"args", process.args},
              {"env", process.env},
              {"cwd", process.cwd},
              {"noNewPrivileges", process.no_new_privileges},
              {"capabilities",
               {{"bounding", caps.bounding},
                {"effective", caps.effective},
                {"permitted", caps.permitted},
                {"inheritable", caps.inheritable},
                {"ambient", caps.ambient}}}};
  if (process.terminal) result["terminal"] = true;
  if (process.console_rows != 0) result["consoleSize"] = {{"height", process.console_rows}, {"width", process.console_columns}};
  for (const Rlimit& limit : process.rlimits)
    result["rlimits"].push_back({{"type", limit.type}, {"hard", limit.hard}, {"soft", limit.soft}});
  put(result, "oomScoreAdj", process.oom_score_adj);
  put_unless_empty(result, "apparmorProfile", process.apparmor_profile);
  if (process.init) result["x-stack-init"] = true;
  return result;
}

Process parse_process(const json& object) {
  Process process;
  process.user = parse_user(child(object, "user"));
  read(object, "terminal", process.terminal);
  const json size = child(object, "consoleSize");
  read(size, "height", process.console_rows);
  read(size, "width", process.console_columns);
  read(object, "args", process.args);
  read(object, "env", process.env);
  read(object, "cwd", process.cwd);
  read(object, "noNewPrivileges", process.no_new_privileges);
  read(object, "oomScoreAdj", process.oom_score_adj);
  read(object, "apparmorProfile", process.apparmor_profile);
  read(object, "x-stack-init", process.init);
  const json caps = child(object, "capabilities");
  read(caps, "bounding", process.capabilities.bounding);
  read(caps, "effective", process.capabilities.effective);
  read(caps, "permitted", process.capabilities.permitted);
  read(caps, "inheritable", process.capabilities.inheritable);
  read(caps, "ambient", process.capabilities.ambient);
  for (const json& item : child(object, "rlimits")) {
    Rlimit limit;
    read(item, "type", limit.type);
    read(item, "hard", limit.hard);
    read(item, "soft", limit.soft);
    process.rlimits.push_back(std::move(limit));
  }
  return process;
}

/// The lists of block devices: name in JSON, name of the value, member.
struct BlockDeviceList {
  const char* name;
  const char* value;
  std::vector<BlockDeviceValue> Resources::*list;
};
constexpr std::array<BlockDeviceList, 5> block_device_lists{
    {{"weightDevice", "weight", &Resources::blkio_weight_device},
     {"throttleReadBpsDevice", "rate", &Resources::throttle_read_bps},
     {"throttleWriteBpsDevice", "rate", &Resources::throttle_write_bps},
     {"throttleReadIOPSDevice", "rate", &Resources::throttle_read_iops},
     {"throttleWriteIOPSDevice", "rate", &Resources::throttle_write_iops}}};

json print_block_io(const Resources& resources) {
  json result = json::object();
  put(result, "weight", resources.blkio_weight);
  for (const BlockDeviceList& entry : block_device_lists)
    for (const BlockDeviceValue& device : resources.*entry.list)
      result[entry.name].push_back({{"major", device.major}, {"minor", device.minor}, {entry.value, device.value}});
  return result;
}

void parse_block_io(const json& object, Resources& resources) {
  read(object, "weight", resources.blkio_weight);
  for (const BlockDeviceList& entry : block_device_lists)
    for (const json& item : child(object, entry.name)) {
      BlockDeviceValue device;
      read(item, "major", device.major);
      read(item, "minor", device.minor);
      read(item, entry.value, device.value);
      (resources.*entry.list).push_back(device);
    }
}

json print_resources(const Resources& resources) {
  json result = json::object();
  for (const DeviceRule& rule : resources.devices) {
    json item{{"allow", rule.allow}, {"type", std::string(1, rule.type)}, {"access", rule.access}};
    put(item, "major", rule.major);
    put(item, "minor", rule.minor);
    result["devices"].push_back(std::move(item));
  }
  json memory = json::object();
  put(memory, "limit", resources.memory_limit);
  put(memory, "reservation", resources.memory_reservation);
  put(memory, "swap", resources.memory_swap);
  put(memory, "swappiness", resources.memory_swappiness);
  if (resources.oom_kill_disable) memory["disableOOMKiller"] = true;
  json cpu = json::object();
  put(cpu, "shares", resources.cpu_shares);
  put(cpu, "quota", resources.cpu_quota);
  put(cpu, "period", resources.cpu_period);
  put(cpu, "realtimeRuntime", resources.cpu_realtime_runtime);
  put(cpu, "realtimePeriod", resources.cpu_realtime_period);
  put_unless_empty(cpu, "cpus", resources.cpuset_cpus);
  put_unless_empty(cpu, "mems", resources.cpuset_mems);
  put_unless_empty(result, "memory", memory);
  put_unless_empty(result, "cpu", cpu);
  if (resources.pids_limit) result["pids"] = {{"limit", *resources.pids_limit}};
  put_unless_empty(result, "blockIO", print_block_io(resources));
  put_unless_empty(result, "unified", resources.unified);
  return result;
}

Resources parse_resources(const json& object) {
  Resources resources;
  for (const json& item : child(object, "devices")) {
    DeviceRule rule;
    std::string type = "a";
    read(item, "allow", rule.allow);
    read(item, "type", type);
    read(item, "major", rule.major);
    read(item, "minor", rule.minor);
    read(item, "access", rule.access);
    rule.type = type.empty() ? 'a' : type.front();
    resources.devices.push_back(std::move(rule));
  }
  const json memory = child(object, "memory");
  read(memory, "limit", resources.memory_limit);
  read(memory, "reservation", resources.memory_reservation);
  read(memory, "swap", resources.memory_swap);
  read(memory, "swappiness", resources.memory_swappiness);
  read(memory, "disableOOMKiller", resources.oom_kill_disable);
  const json cpu = child(object, "cpu");
  read(cpu, "shares", resources.cpu_shares);
  read(cpu, "quota", resources.cpu_quota);
  read(cpu, "period", resources.cpu_period);
  read(cpu, "realtimeRuntime", resources.cpu_realtime_runtime);
  read(cpu, "realtimePeriod", resources.cpu_realtime_period);
  read(cpu, "cpus", resources.cpuset_cpus);
  read(cpu, "mems", resources.cpuset_mems);
  read(child(object, "pids"), "limit", resources.pids_limit);
  parse_block_io(child(object, "blockIO"), resources);
  read(object, "unified", resources.unified);
  return resources;
}

json print_linux(const Linux& linux_) {
  json result{{"resources", print_resources(linux_.resources)}, {"cgroupsPath", linux_.cgroups_path}};
  for (const Namespace& ns : linux_.namespaces) {
    json item{{"type", namespace_names[static_cast<std::size_t>(ns.type)].second}};
    put_unless_empty(item, "path", ns.path);
    result["namespaces"].push_back(std::move(item));
  }
  for (const Device& device : linux_.devices) {
    result["devices"].push_back({{"path", device.path},
                                 {"type", std::string(1, device.type)},
                                 {"major", device.major},
                                 {"minor", device.minor},
                                 {"fileMode", device.mode},
                                 {"uid", device.uid},
                                 {"gid", device.gid}});
  }
  put_unless_empty(result, "sysctl", linux_.sysctl);
  put_unless_empty(result, "maskedPaths", linux_.masked_paths);
  put_unless_empty(result, "readonlyPaths", linux_.readonly_paths);
  put_unless_empty(result, "rootfsPropagation", linux_.rootfs_propagation);
  return result;
}

NamespaceType parse_namespace_type(const std::string& name) {
  for (const auto& [type, known] : namespace_names) {
    if (name == known) return type;
  }
  bad("linux.namespaces", "unknown type \"" + name + "\"");
}

Linux parse_linux(const json& object) {
  Linux linux_;
  for (const json& item : child(object, "namespaces")) {
    std::string type;
    Namespace ns;
    read(item, "type", type);
    read(item, "path", ns.path);
    ns.type = parse_namespace_type(type);
    linux_.namespaces.push_back(std::move(ns));
  }
  for (const json& item : child(object, "devices")) {
    Device device;
    std::string type = "c";
    read(item, "path", device.path);
    read(item, "type", type);
    read(item, "major", device.major);
    read(item, "minor", device.minor);
    read(item, "fileMode", device.mode);
    read(item, "uid", device.uid);
    read(item, "gid", device.gid);
    if (device.path.empty() || device.path.front() != '/') bad("linux.devices", "path must be absolute");
    device.type = type.empty() ? 'c' : type == "u" ? 'c' : type.front();
    linux_.devices.push_back(std::move(device));
  }
  read(object, "cgroupsPath", linux_.cgroups_path);
  linux_.resources = parse_resources(child(object, "resources"));
  read(object, "sysctl", linux_.sysctl);
  read(object, "maskedPaths", linux_.masked_paths);
  read(object, "readonlyPaths", linux_.readonly_paths);
  read(object, "rootfsPropagation", linux_.rootfs_propagation);
  return linux_;
}

json print_root(const Root& root) {
  json result{{"path", root.path}, {"readonly", root.readonly}};
  if (root.overlay) {
    result["x-stack-overlay"] = {{"lower", root.overlay->lower}, {"upper", root.overlay->upper}, {"work", root.overlay->work}};
  }
  return result;
}

Root parse_root(const json& object) {
  Root root;
  read(object, "path", root.path);
  read(object, "readonly", root.readonly);
  const json overlay = child(object, "x-stack-overlay");
  if (overlay.empty()) return root;
  root.overlay.emplace();
  read(overlay, "lower", root.overlay->lower);
  read(overlay, "upper", root.overlay->upper);
  read(overlay, "work", root.overlay->work);
  if (root.overlay->lower.empty()) bad("root.x-stack-overlay.lower", "no layer");
  return root;
}

}  // namespace

json to_json(const Spec& spec) {
  json result{{"ociVersion", "1.2.0"},
              {"process", print_process(spec.process)},
              {"root", print_root(spec.root)},
              {"linux", print_linux(spec.linux_)}};
  put_unless_empty(result, "hostname", spec.hostname);
  put_unless_empty(result, "domainname", spec.domainname);
  put_unless_empty(result, "annotations", spec.annotations);
  for (const Mount& mount : spec.mounts) {
    json item{{"destination", mount.destination}, {"type", mount.type}, {"source", mount.source}, {"options", mount.options}};
    put_unless_empty(item, "x-stack-source-namespace", mount.source_namespace);
    result["mounts"].push_back(std::move(item));
  }
  return result;
}

// Names of files on Linux are bytes, not text: what is not UTF-8 is replaced in the printed form only.
std::string print(const Spec& spec) { return to_json(spec).dump(-1, ' ', false, json::error_handler_t::replace); }

Process process_from_json(const json& object) { return parse_process(object); }
json process_to_json(const Process& process) { return print_process(process); }

Spec spec_from_json(const json& object) {
  if (!object.is_object()) bad("config.json", "not an object");
  Spec spec;
  read(object, "hostname", spec.hostname);
  read(object, "domainname", spec.domainname);
  read(object, "annotations", spec.annotations);
  spec.process = parse_process(child(object, "process"));
  spec.root = parse_root(child(object, "root"));
  spec.linux_ = parse_linux(child(object, "linux"));
  for (const json& item : child(object, "mounts")) {
    Mount mount;
    read(item, "destination", mount.destination);
    read(item, "type", mount.type);
    read(item, "source", mount.source);
    read(item, "options", mount.options);
    read(item, "x-stack-source-namespace", mount.source_namespace);
    if (mount.destination.empty() || mount.destination.front() != '/')
      bad("mounts", "destination must be absolute: " + mount.destination);
    spec.mounts.push_back(std::move(mount));
  }
  return spec;
}

Spec parse_spec(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (object.is_discarded()) bad("config.json", "not valid JSON");
  return spec_from_json(object);
}

}  // namespace stack::engine::runtime
