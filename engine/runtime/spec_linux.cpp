// linux of the runtime spec, but for its resources.
#include <array>

#include "engine/runtime/spec_json.hpp"

namespace stack::engine::runtime::spec_json {

namespace {

constexpr std::array<std::pair<NamespaceType, const char*>, 8> namespace_names{{{NamespaceType::mount, "mount"},
                                                                                {NamespaceType::pid, "pid"},
                                                                                {NamespaceType::network, "network"},
                                                                                {NamespaceType::ipc, "ipc"},
                                                                                {NamespaceType::uts, "uts"},
                                                                                {NamespaceType::cgroup, "cgroup"},
                                                                                {NamespaceType::user, "user"},
                                                                                {NamespaceType::time, "time"}}};

NamespaceType parse_namespace_type(const std::string& name) {
  for (const auto& [type, known] : namespace_names) {
    if (name == known) return type;
  }
  bad("linux.namespaces", "unknown type \"" + name + "\"");
}

}  // namespace

json print_id_mappings(const std::vector<IdMapping>& mappings) {
  json result = json::array();
  for (const IdMapping& mapping : mappings)
    result.push_back({{"containerID", mapping.container}, {"hostID", mapping.host}, {"size", mapping.size}});
  return result;
}

std::vector<IdMapping> parse_id_mappings(const json& object, const char* key) {
  std::vector<IdMapping> mappings;
  for (const json& item : child(object, key)) {
    IdMapping mapping;
    read(item, "containerID", mapping.container);
    read(item, "hostID", mapping.host);
    read(item, "size", mapping.size);
    mappings.push_back(mapping);
  }
  return mappings;
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
  put_unless_empty(result, "uidMappings", print_id_mappings(linux_.uid_mappings));
  put_unless_empty(result, "gidMappings", print_id_mappings(linux_.gid_mappings));
  for (const auto& [clock, offset] : linux_.time_offsets)
    result["timeOffsets"][clock] = {{"secs", offset.seconds}, {"nanosecs", offset.nanoseconds}};
  if (!linux_.personality.empty()) result["personality"] = {{"domain", linux_.personality}};
  if (!linux_.seccomp.empty()) result["seccomp"] = json::parse(linux_.seccomp);
  return result;
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
    if (type.size() != 1 || std::string_view("cubp").find(type.front()) == std::string_view::npos)
      bad("linux.devices", "invalid device type \"" + type + "\" of " + device.path);
    device.type = type == "u" ? 'c' : type.front();
    linux_.devices.push_back(std::move(device));
  }
  read(object, "cgroupsPath", linux_.cgroups_path);
  linux_.resources = parse_resources(child(object, "resources"));
  read(object, "sysctl", linux_.sysctl);
  read(object, "maskedPaths", linux_.masked_paths);
  read(object, "readonlyPaths", linux_.readonly_paths);
  read(object, "rootfsPropagation", linux_.rootfs_propagation);
  linux_.uid_mappings = parse_id_mappings(object, "uidMappings");
  linux_.gid_mappings = parse_id_mappings(object, "gidMappings");
  const json offsets = child(object, "timeOffsets");
  for (const auto& [clock, value] : offsets.items()) {
    TimeOffset& offset = linux_.time_offsets[clock];
    read(value, "secs", offset.seconds);
    read(value, "nanosecs", offset.nanoseconds);
  }
  read(child(object, "personality"), "domain", linux_.personality);
  if (const json seccomp = child(object, "seccomp"); !seccomp.empty())
    linux_.seccomp = seccomp.dump(-1, ' ', false, json::error_handler_t::replace);
  return linux_;
}

}  // namespace stack::engine::runtime::spec_json
