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
      key<&Network::ipam_pools>("config", pools_type, "subnets", {Merge::refine, subnet_identity}),
      plain_row("options", options, "accepted, but docker compose never hands it on, and neither do we"),
  };
  return rows;
}
constexpr Type ipam_type{"a mapping", allow_mapping, nullptr, nullptr, nullptr, &ipam_keys};

constexpr Key ipam_row() {
  Key row = plain_row("ipam", ipam_type, "addresses");
  row.read = [](const Node& node, void* owner) {
    read_structure(node, ipam_keys(), owner, &static_cast<Network*>(owner)->ipam_extensions);
  };
  row.write = [](const void* owner, std::string_view name, Node& out, bool json) {
    Node value = Node::mapping();
    write_structure(ipam_keys(), owner, &static_cast<const Network*>(owner)->ipam_extensions, value, json);
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
    if (object.content && !object.content->empty() && object.environment.empty())
      out.members().push_back({std::string(name), Node::string(*object.content), {}});
  };
  return row;
}

}  // namespace

namespace {

constexpr Key object_name = key<&FileObject::name>("name", string, "its real name");
constexpr Key object_file = key<&FileObject::file>("file", path, "the file with its content");
constexpr Key object_environment = key<&FileObject::environment>("environment", string, "the variable with its content");
constexpr Key object_external = key<&FileObject::external>("external", external, "it is there already");
constexpr Key object_labels = key<&FileObject::labels>("labels", labels, "labels");
constexpr Key object_driver = key<&FileObject::driver>("driver", string, "Swarm: who keeps it");
constexpr Key object_driver_opts = key<&FileObject::driver_opts>("driver_opts", options, "Swarm: the driver's options");
constexpr Key object_template_driver = key<&FileObject::template_driver>("template_driver", string, "Swarm: how to fill it in");

std::span<const Key> secret_keys() {
  static constexpr std::array rows{object_name,   object_file,   object_environment, object_external,
                                   object_labels, object_driver, object_driver_opts, object_template_driver};
  return rows;
}

std::span<const Key> config_keys() {
  static constexpr std::array rows{object_name,     object_file,   object_environment,    content_row(),
                                   object_external, object_labels, object_template_driver};
  return rows;
}

}  // namespace

/// Everything either of them may say.
template <>
std::span<const Key> keys_of<FileObject>() {
  static constexpr std::array rows{object_name,   object_file,   object_environment, content_row(),         object_external,
                                   object_labels, object_driver, object_driver_opts, object_template_driver};
  return rows;
}

const Type service_type = structure<Service>("a mapping");

namespace {

constexpr Type service_entry = structure<Service>();
constexpr Type network_entry{"a mapping or nothing", allow_mapping | allow_null, sf::named_external, nullptr, nullptr,
                             &keys_of<Network>};
constexpr Type volume_entry{"a mapping or nothing", allow_mapping | allow_null, sf::named_external, nullptr, nullptr,
                            &keys_of<Volume>,       resolve_bind_volume};
constexpr Type secret_entry{"a mapping", allow_mapping, sf::file_object, nullptr, nullptr, &secret_keys};
constexpr Type config_entry{"a mapping", allow_mapping, sf::file_object, nullptr, nullptr, &config_keys};
constexpr Type model_entry{"a mapping", allow_mapping, sf::model, nullptr, nullptr, &keys_of<Model>};
constexpr Type jobs_map{"a mapping of jobs", allow_mapping, sf::part_names, nullptr, &job_entry};
constexpr Type services_map{"a mapping of services", allow_mapping, sf::part_names, nullptr, &service_entry};
constexpr Type networks_map{"a mapping of networks", allow_mapping, nullptr, nullptr, &network_entry};
constexpr Type volumes_map{"a mapping of volumes", allow_mapping, sf::part_names, nullptr, &volume_entry};
constexpr Type secrets_map{"a mapping of secrets", allow_mapping, sf::part_names, nullptr, &secret_entry};
constexpr Type configs_map{"a mapping of configs", allow_mapping, sf::part_names, nullptr, &config_entry};
constexpr Type models_map{"a mapping of models", allow_mapping, nullptr, nullptr, &model_entry};

std::span<const Key> include_keys() {
  static constexpr std::array rows{
      plain_row("path", string_or_list, "the file, or files that are laid over one another"),
      plain_row("project_directory", string, "what its relative paths start from; the directory of the first file by default"),
      plain_row("env_file", string_or_list, "files of variables for its interpolation; .env there by default"),
  };
  return rows;
}
constexpr Type include_entry{"a path or a mapping", allow_string | allow_mapping, sf::include, nullptr, nullptr, &include_keys};
constexpr Type includes_type{"a list of paths or mappings", allow_list | allow_null, nullptr, &include_entry};

constexpr Key version_row() {
  Key row = plain_row("version", nullable_scalar, "obsolete");
  row.support = Support::deprecated;
  return row;
}

/// docker compose prints them in YAML only.
constexpr Key models_row() {
  Key row = key<&Project::models>("models", models_map, "AI models they use");
  row.write = [](const void* owner, std::string_view name, Node& out, bool json) {
    Node value;
    if (!json && write(static_cast<const Project*>(owner)->models, value, json))
      out.members().push_back({std::string(name), std::move(value), {}});
  };
  return row;
}

}  // namespace

template <>
std::span<const Key> keys_of<Project>() {
  static constexpr std::array rows{
      version_row(),
      key<&Project::name>("name", string, "the project's name"),
      plain_row("include", includes_type, "other compose files whose parts join these"),
      key<&Project::services>("services", services_map, "the services"),
      custom_row("jobs", jobs_map, "containers that run to completion, by hand or on a schedule", read_jobs, write_jobs),
      key<&Project::networks>("networks", networks_map, "their networks"),
      key<&Project::volumes>("volumes", volumes_map, "their volumes"),
      key<&Project::secrets>("secrets", secrets_map, "their secrets"),
      key<&Project::configs>("configs", configs_map, "their configs"),
      models_row(),
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
  if (!found.is_scalar() || found.is_null()) return out;
  out += " (" + found.text().substr(0, 40) + ")";
  if (!found.is_string() && type.allowed == allow_string && type.to_long == nullptr) out += "; put quotes around it";
  if (found.as_string().starts_with('-') && (type.allowed & allow_list) != 0) out += "; a space must follow the '-' of an item";
  return out;
}

}  // namespace stack::compose
