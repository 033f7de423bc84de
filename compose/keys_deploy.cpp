// The key table of a service's deploy section, and of device requests.
#include <array>

#include "compose/codec.hpp"
#include "compose/key_types.hpp"

namespace stack::compose {

using namespace types;

template <>
std::span<const Key> keys_of<DeviceRequest>() {
  static constexpr std::array rows{
      key<&DeviceRequest::capabilities>("capabilities", strings, "what the devices must be able to do"),
      key<&DeviceRequest::driver>("driver", string, "who provides them"),
      key<&DeviceRequest::count>("count", device_count, "how many, or all"),
      key<&DeviceRequest::device_ids>("device_ids", strings, "which ones"),
      key<&DeviceRequest::options>("options", labels, "the driver's options"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<DiscreteResource>() {
  static constexpr std::array rows{
      key<&DiscreteResource::kind>("kind", string, "what"),
      key<&DiscreteResource::value>("value", integer, "how many"),
  };
  return rows;
}

namespace {
constexpr Type discrete_resource_type = structure<DiscreteResource>();
}  // namespace

template <>
std::span<const Key> keys_of<GenericResource>() {
  static constexpr std::array rows{
      key<&GenericResource::discrete>("discrete_resource_spec", discrete_resource_type, "a number of something"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<ResourceLimits>() {
  static constexpr std::array rows{
      key<&ResourceLimits::cpus>("cpus", single_number, "how many CPUs"),
      key<&ResourceLimits::memory, AsText>("memory", byte_size, "bytes"),
      key<&ResourceLimits::pids>("pids", integer, "processes and threads"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<RestartPolicy>() {
  static constexpr std::array rows{
      key<&RestartPolicy::condition>("condition", string, "none, on-failure or any"),
      key<&RestartPolicy::delay>("delay", duration, "time between attempts"),
      key<&RestartPolicy::max_attempts>("max_attempts", count, "how many attempts"),
      key<&RestartPolicy::window>("window", duration, "how long it must run to count as a success"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<UpdateConfig>() {
  static constexpr std::array rows{
      key<&UpdateConfig::parallelism>("parallelism", count, "how many at a time; 0: all"),
      key<&UpdateConfig::delay, NotZero>("delay", duration, "time between two groups"),
      key<&UpdateConfig::failure_action>("failure_action", string, "continue, pause or rollback"),
      key<&UpdateConfig::monitor, NotZero>("monitor", duration, "how long to watch each for a failure"),
      key<&UpdateConfig::max_failure_ratio>("max_failure_ratio", single_number, "failures to accept, of 1"),
      key<&UpdateConfig::order>("order", update_order, "start-first or stop-first"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<PlacementPreference>() {
  static constexpr std::array rows{
      key<&PlacementPreference::spread>("spread", string, "the node label over whose values to spread"),
  };
  return rows;
}

namespace {
constexpr Type preference_type = structure<PlacementPreference>();
constexpr Type preferences_type{"a list of mappings", allow_list, nullptr, &preference_type};
}  // namespace

template <>
std::span<const Key> keys_of<Placement>() {
  static constexpr std::array rows{
      key<&Placement::constraints>("constraints", strings, "what a node must be"),
      key<&Placement::preferences>("preferences", preferences_type, "what it had better be"),
      key<&Placement::max_replicas_per_node>("max_replicas_per_node", count, "how many containers one node may have"),
  };
  return rows;
}

namespace {

constexpr Type device_request_type{"a mapping", allow_mapping, sf::device_request, nullptr, nullptr, &keys_of<DeviceRequest>};
constexpr Type device_requests_type{"a list of device requests", allow_list, nullptr, &device_request_type};
constexpr Type generic_resource_type = structure<GenericResource>();
constexpr Type generic_resources_type{"a list of mappings", allow_list, nullptr, &generic_resource_type};

std::span<const Key> reservation_keys() {
  static constexpr std::array rows{
      key<&ResourceLimits::cpus>("cpus", single_number, "Swarm: CPUs set aside"),
      key<&ResourceLimits::memory, AsText>("memory", byte_size, "bytes"),
      key<&ResourceLimits::devices>("devices", device_requests_type, "devices it needs"),
      key<&ResourceLimits::generic_resources>("generic_resources", generic_resources_type, "Swarm's own resources"),
  };
  return rows;
}

constexpr Type limits_type = structure<ResourceLimits>(), restart_policy_type = structure<RestartPolicy>(),
               update_config_type = structure<UpdateConfig>(), placement_type = structure<Placement>();
constexpr Type reservations_type{"a mapping", allow_mapping, nullptr, nullptr, nullptr, &reservation_keys};

/// The same structure as the limits', with other keys.
constexpr Key reservations_row() {
  Key row = plain_row("reservations", reservations_type, "what is set aside for it");
  row.read = [](const Node& node, void* owner) {
    auto& reservations = static_cast<Deploy*>(owner)->reservations;
    reservations.reset();
    if (node.is_null()) return;
    reservations.emplace();
    read_structure(node, reservation_keys(), &*reservations, &reservations->extensions);
  };
  row.write = [](const void* owner, std::string_view name, Node& out, bool json) {
    const auto& reservations = static_cast<const Deploy*>(owner)->reservations;
    if (!reservations) return;
    Node value = Node::mapping();
    write_structure(reservation_keys(), &*reservations, &reservations->extensions, value, json);
    out.members().push_back({std::string(name), std::move(value), {}});
  };
  return row;
}

// `resources` is a level of its own in the file only.
std::span<const Key> resources_keys() {
  static constexpr std::array rows{key<&Deploy::limits>("limits", limits_type, "most it may use"), reservations_row()};
  return rows;
}
constexpr Type resources_type{"a mapping", allow_mapping, nullptr, nullptr, nullptr, &resources_keys};

constexpr Key resources_row() {
  Key row = plain_row("resources", resources_type, "limits and reservations");
  row.read = [](const Node& node, void* owner) {
    read_structure(node, resources_keys(), owner, &static_cast<Deploy*>(owner)->resources_extensions);
  };
  row.write = [](const void* owner, std::string_view name, Node& out, bool json) {
    Node value = Node::mapping();
    write_structure(resources_keys(), owner, &static_cast<const Deploy*>(owner)->resources_extensions, value, json);
    if (json || !value.members().empty()) out.members().push_back({std::string(name), std::move(value), {}});
  };
  return row;
}

}  // namespace

template <>
std::span<const Key> keys_of<Deploy>() {
  static constexpr std::array rows{
      key<&Deploy::mode>("mode", string, "replicated, global, replicated-job or global-job; Swarm's but for the first"),
      key<&Deploy::replicas>("replicas", instances, "how many containers"),
      key<&Deploy::labels>("labels", labels, "of the service, not of its containers"),
      key<&Deploy::update_config>("update_config", update_config_type, "Swarm: rolling updates"),
      key<&Deploy::rollback_config>("rollback_config", update_config_type, "Swarm: rolling back"),
      resources_row(),
      key<&Deploy::restart_policy>("restart_policy", restart_policy_type, "when to start it again"),
      key<&Deploy::placement, NotEmpty>("placement", placement_type, "Swarm: which nodes"),
      key<&Deploy::endpoint_mode>("endpoint_mode", string, "Swarm: vip or dnsrr"),
  };
  return rows;
}

}  // namespace stack::compose
