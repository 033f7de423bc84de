// The key table of what stands beside the services: networks, volumes, secrets, configs, and the whole file.
#include <array>

#include "compose/codec.hpp"
#include "compose/key_types.hpp"

namespace stack::compose {

using namespace types;

namespace {

std::string subnet_identity(const Node& item) {
  const Node* subnet = item.find("subnet");
  return subnet == nullptr ? std::string() : subnet->text();
}

}  // namespace

template <>
std::span<const Key> keys_of<IpamPool>() {
  static constexpr std::array rows{
      key<&IpamPool::subnet>("subnet", string, "in CIDR form"),
      key<&IpamPool::gateway>("gateway", string, "the bridge's own address"),
      key<&IpamPool::ip_range>("ip_range", string, "the part containers get addresses of"),
      key<&IpamPool::aux_addresses>("aux_addresses", options, "addresses that are taken"),
  };
  return rows;
}

namespace {

constexpr Type pool_type = structure<IpamPool>();
constexpr Type pools_type{"a list of mappings", allow_list, nullptr, &pool_type};

// `ipam` is a level of its own in the file only.
std::span<const Key> ipam_keys() {
  static constexpr std::array rows{
      key<&Network::ipam_driver>("driver", string, "who gives addresses out"),
      key<&Network::ipam_pools>("config", pools_type, "subnets", {Merge::by_identity, subnet_identity}),
      plain_row("options", options, "accepted, but docker compose never hands it on, and neither do we"),
  };
  return rows;
}
constexpr Type ipam_type{"a mapping", allow_mapping, nullptr, nullptr, nullptr, &ipam_keys};

constexpr Key ipam_row() {
  Key row = plain_row("ipam", ipam_type, "addresses");
  row.read = [](const Node& node, void* owner) { read_structure(node, ipam_keys(), owner, nullptr); };
  row.write = [](const void* owner, std::string_view name, Node& out, bool json) {
    Node value = Node::mapping();
    write_structure(ipam_keys(), owner, nullptr, value, json);
    if (json || !value.members().empty()) out.members().push_back({std::string(name), std::move(value), {}});
  };
  return row;
}

}  // namespace

template <>
std::span<const Key> keys_of<Network>() {
  static constexpr std::array rows{
      key<&Network::name>("name", string, "its real name"),
      key<&Network::driver>("driver", string, "bridge by default"),
      key<&Network::driver_opts>("driver_opts", options, "the driver's options"),
      ipam_row(),
      key<&Network::external>("external", external, "it is there already"),
      key<&Network::internal>("internal", boolean, "no way outside"),
      key<&Network::attachable>("attachable", boolean, "Swarm: containers may join"),
      key<&Network::labels>("labels", labels, "labels"),
      key<&Network::enable_ipv4>("enable_ipv4", boolean, "give out IPv4 addresses"),
      key<&Network::enable_ipv6>("enable_ipv6", boolean, "give out IPv6 addresses"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<Volume>() {
  static constexpr std::array rows{
      key<&Volume::name>("name", string, "its real name"),
      key<&Volume::driver>("driver", string, "local by default"),
      key<&Volume::driver_opts>("driver_opts", options, "the driver's options"),
      key<&Volume::external>("external", external, "it is there already"),
      key<&Volume::labels>("labels", labels, "labels"),
  };
  return rows;
}

namespace {

/// What came out of a variable is not printed.
constexpr Key content_row() {
  Key row = key<&FileObject::content>("content", string, "its content");
  row.write = [](const void* owner, std::string_view name, Node& out, bool) {
    const auto& object = *static_cast<const FileObject*>(owner);
    if (object.content && object.environment.empty())
      out.members().push_back({std::string(name), Node::string(*object.content), {}});
  };
  return row;
}

}  // namespace

template <>
std::span<const Key> keys_of<FileObject>() {
  static constexpr std::array rows{
      key<&FileObject::name>("name", string, "its real name"),
      key<&FileObject::file>("file", path, "the file with its content"),
      key<&FileObject::environment>("environment", string, "the variable with its content"),
      content_row(),
      key<&FileObject::external>("external", external, "it is there already"),
      key<&FileObject::labels>("labels", labels, "labels"),
      later("driver", "Swarm: a secret's driver"),
      later("driver_opts", "Swarm: its options"),
      key<&FileObject::template_driver>("template_driver", string, "Swarm: how to fill it in"),
  };
  return rows;
}

const Type service_type = structure<Service>("a mapping");

namespace {

constexpr Type service_entry = structure<Service>();
constexpr Type network_entry{"a mapping or nothing", allow_mapping | allow_null, nullptr, nullptr, nullptr, &keys_of<Network>};
constexpr Type volume_entry{"a mapping or nothing", allow_mapping | allow_null, nullptr, nullptr, nullptr, &keys_of<Volume>};
constexpr Type file_object_entry = structure<FileObject>();
constexpr Type services_map{"a mapping of services", allow_mapping, nullptr, nullptr, &service_entry};
constexpr Type networks_map{"a mapping of networks", allow_mapping, nullptr, nullptr, &network_entry};
constexpr Type volumes_map{"a mapping of volumes", allow_mapping, nullptr, nullptr, &volume_entry};
constexpr Type file_objects_map{"a mapping", allow_mapping, nullptr, nullptr, &file_object_entry};

constexpr Key version_row() {
  Key row = plain_row("version", nullable_scalar, "obsolete");
  row.support = Support::deprecated;
  return row;
}

}  // namespace

template <>
std::span<const Key> keys_of<Project>() {
  static constexpr std::array rows{
      version_row(),
      key<&Project::name>("name", string, "the project's name"),
      later("include", "other compose files"),
      key<&Project::services>("services", services_map, "the services"),
      key<&Project::networks>("networks", networks_map, "their networks"),
      key<&Project::volumes>("volumes", volumes_map, "their volumes"),
      key<&Project::secrets>("secrets", file_objects_map, "their secrets"),
      key<&Project::configs>("configs", file_objects_map, "their configs"),
      later("models", "AI models"),
  };
  return rows;
}

const Type document_type = structure<Project>("a mapping with services");

const Key* find_key(std::span<const Key> keys, std::string_view name) {
  for (const Key& key : keys)
    if (key.name == name) return &key;
  return nullptr;
}

std::string wrong_type(const Type& type, const Node& found) {
  std::string out = "expected " + std::string(type.expected) + ", found " + std::string(found.kind_name());
  if (found.is_scalar() && !found.is_null()) out += " (" + found.text().substr(0, 40) + ")";
  return out;
}

}  // namespace stack::compose
