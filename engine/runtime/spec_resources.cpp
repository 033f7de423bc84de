// linux.resources of the runtime spec.
#include <array>

#include "engine/runtime/spec_json.hpp"

namespace stack::engine::runtime::spec_json {

namespace {

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

}  // namespace

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
  if (resources.memory_check_before_update) memory["checkBeforeUpdate"] = true;
  json cpu = json::object();
  put(cpu, "shares", resources.cpu_shares);
  put(cpu, "quota", resources.cpu_quota);
  put(cpu, "period", resources.cpu_period);
  put(cpu, "realtimeRuntime", resources.cpu_realtime_runtime);
  put(cpu, "realtimePeriod", resources.cpu_realtime_period);
  put_unless_empty(cpu, "cpus", resources.cpuset_cpus);
  put_unless_empty(cpu, "mems", resources.cpuset_mems);
  put(cpu, "idle", resources.cpu_idle);
  put(cpu, "burst", resources.cpu_burst);
  for (const HugepageLimit& limit : resources.hugepage_limits)
    result["hugepageLimits"].push_back({{"pageSize", limit.page_size}, {"limit", limit.limit}});
  json network = json::object();
  put(network, "classID", resources.network_class);
  for (const auto& [interface, priority] : resources.network_priorities)
    network["priorities"].push_back({{"name", interface}, {"priority", priority}});
  put_unless_empty(result, "network", network);
  put_unless_empty(result, "memory", memory);
  put_unless_empty(result, "cpu", cpu);
  if (resources.pids_limit) result["pids"] = {{"limit", *resources.pids_limit}};
  put_unless_empty(result, "blockIO", print_block_io(resources));
  put_unless_empty(result, "unified", resources.unified);
  for (const auto& [device, limit] : resources.rdma) {
    json& item = result["rdma"][device] = json::object();
    put(item, "hcaHandles", limit.handles);
    put(item, "hcaObjects", limit.objects);
  }
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
    if (type.empty()) type = "a";
    if (type.size() != 1 || std::string_view("acb").find(type.front()) == std::string_view::npos)
      bad("linux.resources.devices", "invalid device type \"" + type + "\"");
    if (rule.access.find_first_not_of("rwm") != std::string::npos)
      bad("linux.resources.devices", "invalid access \"" + rule.access + "\"");
    rule.type = type.front();
    for (auto* number : {&rule.major, &rule.minor})
      if (*number && **number < 0) number->reset();  // written so for "any"
    if (rule.access.empty()) rule.access = "rwm";
    resources.devices.push_back(std::move(rule));
  }
  const json memory = child(object, "memory");
  read(memory, "limit", resources.memory_limit);
  read(memory, "reservation", resources.memory_reservation);
  read(memory, "swap", resources.memory_swap);
  read(memory, "swappiness", resources.memory_swappiness);
  read(memory, "disableOOMKiller", resources.oom_kill_disable);
  read(memory, "checkBeforeUpdate", resources.memory_check_before_update);
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
  read(cpu, "idle", resources.cpu_idle);
  read(cpu, "burst", resources.cpu_burst);
  for (const json& item : child(object, "hugepageLimits")) {
    HugepageLimit limit;
    read(item, "pageSize", limit.page_size);
    read(item, "limit", limit.limit);
    resources.hugepage_limits.push_back(std::move(limit));
  }
  const json network = child(object, "network");
  read(network, "classID", resources.network_class);
  for (const json& item : child(network, "priorities")) {
    std::string interface;
    std::uint32_t priority = 0;
    read(item, "name", interface);
    read(item, "priority", priority);
    resources.network_priorities[interface] = priority;
  }
  read(object, "unified", resources.unified);
  const json rdma = child(object, "rdma");
  if (rdma.is_array() && !rdma.empty()) bad("rdma", "wrong type");
  for (const auto& [device, value] : rdma.items()) {
    RdmaLimit& limit = resources.rdma[device];
    read(value, "hcaHandles", limit.handles);
    read(value, "hcaObjects", limit.objects);
  }
  return resources;
}

}  // namespace stack::engine::runtime::spec_json
