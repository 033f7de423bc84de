// The key table of a service and its parts.
#include <array>

#include "compose/codec.hpp"
#include "compose/key_types.hpp"

namespace stack::compose {
namespace {

using namespace types;

constexpr KeyOptions replaced{.merge = Merge::replace};
constexpr KeyOptions unique{.merge = Merge::append_unique};

std::string field(const Node& item, std::string_view name) {
  const Node* value = item.find(name);
  return value == nullptr ? std::string() : value->text();
}

std::string port_identity(const Node& item) {
  return field(item, "host_ip") + ' ' + field(item, "target") + ' ' + field(item, "published") + ' ' + field(item, "protocol");
}
std::string target_identity(const Node& item) { return field(item, "target"); }
std::string path_identity(const Node& item) { return field(item, "path"); }
std::string assignment_name(const Node& item) {
  const std::string text = item.text();
  return text.substr(0, text.find('='));
}
std::string secret_identity(const Node& item) {
  const std::string target = field(item, "target");
  return target.empty() ? "/run/secrets/" + field(item, "source") : target;
}
std::string config_identity(const Node& item) {
  const std::string target = field(item, "target");
  return target.empty() ? '/' + field(item, "source") : target;
}

}  // namespace

// ---- parts of a service --------------------------------------------------------------------------------------------------

template <>
std::span<const Key> keys_of<Dependency>() {
  static constexpr std::array rows{
      key<&Dependency::condition>("condition", condition, "what must be true of it before this service starts"),
      key<&Dependency::restart>("restart", boolean, "restart this service when that one was updated"),
      key<&Dependency::required, Always>("required", boolean, "false: go on without it, with a warning"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<Healthcheck>() {
  static constexpr std::array rows{
      key<&Healthcheck::test>("test", healthcheck_test, "the command whose exit status tells", replaced),
      key<&Healthcheck::timeout>("timeout", duration, "a probe that takes longer has failed"),
      key<&Healthcheck::interval>("interval", duration, "time between probes"),
      key<&Healthcheck::retries>("retries", count, "failures in a row that make it unhealthy"),
      key<&Healthcheck::start_period>("start_period", duration, "failures in this time after the start do not count"),
      key<&Healthcheck::start_interval>("start_interval", duration, "time between probes in the start period"),
      key<&Healthcheck::disable>("disable", boolean, "switch the image's health check off"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<EnvFile>() {
  static constexpr std::array rows{
      key<&EnvFile::path>("path", path, "a file of NAME=value lines"),
      key<&EnvFile::required, Always>("required", boolean, "false: it may be missing"),
      key<&EnvFile::format>("format", string, "raw: nothing is unquoted or expanded"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<Logging>() {
  static constexpr std::array rows{
      key<&Logging::driver>("driver", string, "where the output goes"),
      key<&Logging::options>("options", options, "the driver's options"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<Port>() {
  static constexpr std::array rows{
      key<&Port::name>("name", string, "a name for people"),
      key<&Port::mode>("mode", string, "ingress or host"),
      key<&Port::host_ip>("host_ip", string, "the host's address it is published at; all by default"),
      key<&Port::target>("target", integer, "the container's port"),
      key<&Port::published>("published", published, "the host's port, or a range to take one of"),
      key<&Port::protocol>("protocol", string, "tcp, udp or sctp"),
      key<&Port::app_protocol>("app_protocol", string, "what is spoken there"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<Device>() {
  static constexpr std::array rows{
      key<&Device::source>("source", string, "the host's device"),
      key<&Device::target>("target", string, "its path in the container"),
      key<&Device::permissions>("permissions", string, "of r, w and m"),
  };
  return rows;
}

// docker compose prints the keys of these two with a capital in JSON
template <>
std::span<const Key> keys_of<WeightDevice>() {
  static constexpr std::array rows{
      capital_in_json<&WeightDevice::path, Always>("path", string, "the host's block device"),
      capital_in_json<&WeightDevice::weight, Always>("weight", integer, "its relative weight, 10 to 1000"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<ThrottleDevice>() {
  static constexpr std::array rows{
      capital_in_json<&ThrottleDevice::path, Always>("path", string, "the host's block device"),
      capital_in_json<&ThrottleDevice::rate, AlwaysAsText>("rate", byte_size, "bytes or operations a second"),
  };
  return rows;
}

namespace {
constexpr Type weight_device_type = structure<WeightDevice>(), throttle_device_type = structure<ThrottleDevice>();
constexpr Type weight_devices_type{"a list of mappings", allow_list, nullptr, &weight_device_type};
constexpr Type throttle_devices_type{"a list of mappings", allow_list, nullptr, &throttle_device_type};
}  // namespace

template <>
std::span<const Key> keys_of<BlkioConfig>() {
  static constexpr std::array rows{
      key<&BlkioConfig::weight>("weight", integer, "relative weight, 10 to 1000"),
      key<&BlkioConfig::weight_device>("weight_device", weight_devices_type, "weights for single devices"),
      key<&BlkioConfig::device_read_bps>("device_read_bps", throttle_devices_type, "bytes read a second, at most"),
      key<&BlkioConfig::device_read_iops>("device_read_iops", throttle_devices_type, "reads a second, at most"),
      key<&BlkioConfig::device_write_bps>("device_write_bps", throttle_devices_type, "bytes written a second, at most"),
      key<&BlkioConfig::device_write_iops>("device_write_iops", throttle_devices_type, "writes a second, at most"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<CredentialSpec>() {
  static constexpr std::array rows{
      key<&CredentialSpec::config>("config", string, "a config that holds it"),
      key<&CredentialSpec::file>("file", string, "a file that holds it"),
      key<&CredentialSpec::registry>("registry", string, "a value of the Windows registry that holds it"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<ServiceNetwork>() {
  static constexpr std::array rows{
      key<&ServiceNetwork::aliases>("aliases", strings, "more names on this network", unique),
      key<&ServiceNetwork::driver_opts>("driver_opts", options, "the driver's options"),
      key<&ServiceNetwork::gw_priority>("gw_priority", integer, "the network with the highest is the default route"),
      key<&ServiceNetwork::interface_name>("interface_name", string, "name of the interface in the container"),
      key<&ServiceNetwork::ipv4_address>("ipv4_address", string, "a fixed address"),
      key<&ServiceNetwork::ipv6_address>("ipv6_address", string, "a fixed address"),
      key<&ServiceNetwork::link_local_ips>("link_local_ips", strings, "link-local addresses", unique),
      key<&ServiceNetwork::mac_address>("mac_address", string, "a fixed hardware address"),
      key<&ServiceNetwork::priority>("priority", number, "networks are connected in descending order"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<FileReference>() {
  static constexpr std::array rows{
      key<&FileReference::source>("source", string, "name of the secret or config"),
      key<&FileReference::target>("target", string, "path in the container"),
      key<&FileReference::uid>("uid", string, "its owner"),
      key<&FileReference::gid>("gid", string, "its group"),
      key<&FileReference::mode, AsMode>("mode", file_mode, "its permissions"),
  };
  return rows;
}

// ---- mounts --------------------------------------------------------------------------------------------------------------

template <>
std::span<const Key> keys_of<Mount::Bind>() {
  static constexpr std::array rows{
      key<&Mount::Bind::selinux>("selinux", selinux, "z or Z"),
      key<&Mount::Bind::propagation>("propagation", string, "private, rslave …"),
      key<&Mount::Bind::create_host_path>("create_host_path", boolean, "make the directory when the host lacks it"),
      key<&Mount::Bind::recursive>("recursive", string, "enabled, disabled, writable or readonly"),
  };
  return rows;
}
template <>
std::span<const Key> keys_of<Mount::Volume>() {
  static constexpr std::array rows{
      key<&Mount::Volume::labels>("labels", labels, "of the volume when it is made here"),
      key<&Mount::Volume::nocopy>("nocopy", boolean, "do not fill it from the image"),
      key<&Mount::Volume::subpath>("subpath", string, "a directory inside the volume"),
  };
  return rows;
}
template <>
std::span<const Key> keys_of<Mount::Tmpfs>() {
  static constexpr std::array rows{
      key<&Mount::Tmpfs::size, AsText>("size", byte_count, "most it may hold"),
      key<&Mount::Tmpfs::mode>("mode", file_mode, "permissions of its root"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<Mount::Image>() {
  static constexpr std::array rows{
      key<&Mount::Image::subpath>("subpath", string, "a directory inside the image"),
  };
  return rows;
}

namespace {
constexpr Type bind_type = structure<Mount::Bind>(), volume_mount_type = structure<Mount::Volume>(),
               tmpfs_type = structure<Mount::Tmpfs>(), image_mount_type = structure<Mount::Image>();
}  // namespace

template <>
std::span<const Key> keys_of<Mount>() {
  static constexpr std::array rows{
      key<&Mount::type>("type", mount_type, "bind, volume, tmpfs or image"),
      key<&Mount::source>("source", string, "host path, or name of a volume or image"),
      key<&Mount::target>("target", string, "path in the container"),
      key<&Mount::read_only>("read_only", boolean, "no writing"),
      key<&Mount::consistency>("consistency", string, "has no effect on Linux"),
      key<&Mount::bind>("bind", bind_type, "options of a bind mount"),
      key<&Mount::volume>("volume", volume_mount_type, "options of a volume"),
      key<&Mount::tmpfs>("tmpfs", tmpfs_type, "options of a tmpfs"),
      key<&Mount::image>("image", image_mount_type, "options of an image mount"),
  };
  return rows;
}

// ---- service -------------------------------------------------------------------------------------------------------------

namespace {

constexpr Type gpu_request_type{"a mapping", allow_mapping, sf::gpu_request, nullptr, nullptr, &keys_of<DeviceRequest>};
constexpr Type gpus_type{"all or a list of device requests", allow_string | allow_list, sf::gpus, &gpu_request_type};
constexpr Type develop_type{"a mapping", allow_mapping | allow_null, nullptr, nullptr, nullptr, &keys_of<Develop>};
constexpr Type provider_type{"a mapping", allow_mapping, sf::provider, nullptr, nullptr, &keys_of<Provider>};
constexpr Type service_model_type{"a mapping or nothing", allow_mapping | allow_null, nullptr, nullptr, nullptr,
                                  &keys_of<ServiceModel>};
constexpr Type service_models_type{"a list of models or a mapping", allow_list | allow_mapping, sf::service_models, nullptr,
                                   &service_model_type};
constexpr Type build_type{"a path or a mapping", allow_string | allow_mapping, sf::build, nullptr, nullptr, &keys_of<Build>};
constexpr Type dependency_type{"a mapping", allow_mapping, sf::dependency, nullptr, nullptr, &keys_of<Dependency>};
constexpr Type depends_on_type{"a list of services or a mapping", allow_list | allow_mapping, sf::depends_on, nullptr,
                               &dependency_type};
constexpr Type deploy_type{"a mapping", allow_mapping | allow_null, nullptr, nullptr, nullptr, &keys_of<Deploy>};
constexpr Type device_type{"a string or a mapping", allow_string | allow_mapping, sf::device, nullptr, nullptr,
                           &keys_of<Device>};
constexpr Type devices_type{"a list of devices", allow_list, nullptr, &device_type};
constexpr Type env_file_type{"a path or a mapping", allow_mapping, nullptr, nullptr, nullptr, &keys_of<EnvFile>};
constexpr Type env_files_type{"a path or a list of paths", allow_string | allow_list, sf::env_files, &env_file_type};
constexpr Type healthcheck_type = structure<Healthcheck>();
constexpr Type blkio_type = structure<BlkioConfig>();
constexpr Type credential_spec_type = structure<CredentialSpec>();
constexpr Type label_files_type{"a path or a list of paths", allow_string | allow_list, sf::list, &path};
constexpr Type logging_type = structure<Logging>();
constexpr Type service_network_type{"a mapping or nothing",  allow_mapping | allow_null, nullptr, nullptr, nullptr,
                                    &keys_of<ServiceNetwork>};
constexpr Type service_networks_type{"a list of networks or a mapping", allow_list | allow_mapping, sf::service_networks,
                                     nullptr, &service_network_type};
constexpr Type port_type{"a port or a mapping", allow_mapping, sf::port, nullptr, nullptr, &keys_of<Port>};
constexpr Type ports_type{"a list of ports", allow_list, sf::ports, &port_type};
constexpr Type volume_entry_type{
    "a string or a mapping", allow_string | allow_mapping, sf::volume, nullptr, nullptr, &keys_of<Mount>, resolve_mount};
constexpr Type volumes_type{"a list of volumes", allow_list, nullptr, &volume_entry_type};

std::span<const Key> extends_keys() {
  static constexpr std::array rows{plain_row("service", string, "the service to start from"),
                                   plain_row("file", string, "the file it is in; this one by default")};
  return rows;
}
constexpr Type extends_type{
    "a service or a mapping", allow_string | allow_mapping, sf::extends, nullptr, nullptr, &extends_keys};

}  // namespace

template <>
std::span<const Key> keys_of<Service>() {
  static constexpr std::array rows{
      key<&Service::profiles>("profiles", strings, "started only when one of these is active", unique),
      key<&Service::annotations>("annotations", settings, "annotations of the container"),
      key<&Service::attach>("attach", boolean, "false: `up` does not show its output"),
      key<&Service::build>("build", build_type, "how to build its image"),
      key<&Service::develop>("develop", develop_type, "what `watch` does when files change"),
      key<&Service::blkio_config>("blkio_config", blkio_type, "limits of block devices"),
      key<&Service::cap_add>("cap_add", strings, "capabilities to add", unique),
      key<&Service::cap_drop>("cap_drop", strings, "capabilities to drop", unique),
      key<&Service::cgroup_parent>("cgroup_parent", string, "parent control group"),
      key<&Service::cgroup>("cgroup", cgroup, "cgroup namespace: host or private"),
      key<&Service::cpu_count>("cpu_count", integer, "Windows only"),
      key<&Service::cpu_percent>("cpu_percent", single_number, "Windows only"),
      key<&Service::cpu_period>("cpu_period", integer, "CFS period in microseconds"),
      key<&Service::cpu_quota>("cpu_quota", integer, "CFS quota in microseconds"),
      key<&Service::cpu_rt_period>("cpu_rt_period", integer, "real-time period in microseconds"),
      key<&Service::cpu_rt_runtime>("cpu_rt_runtime", integer, "real-time runtime in microseconds"),
      key<&Service::cpus>("cpus", single_number, "how many CPUs it may use"),
      key<&Service::cpuset>("cpuset", string, "which CPUs it may use"),
      key<&Service::cpu_shares>("cpu_shares", integer, "relative weight"),
      key<&Service::command, AlwaysInJson>("command", command, "replaces the image's command", replaced),
      key<&Service::configs>("configs", file_references_type, "configs to mount", {Merge::by_identity, config_identity}),
      key<&Service::container_name>("container_name", container_name, "a fixed name"),
      key<&Service::credential_spec>("credential_spec", credential_spec_type, "Windows only"),
      key<&Service::depends_on>("depends_on", depends_on_type, "what must be there first"),
      key<&Service::deploy>("deploy", deploy_type, "replicas and resources"),
      key<&Service::device_cgroup_rules>("device_cgroup_rules", unique_strings, "rules of the device control group", unique),
      key<&Service::devices>("devices", devices_type, "the host's devices to pass", {Merge::by_identity, target_identity}),
      key<&Service::dns>("dns", name_servers, "name servers", unique),
      key<&Service::dns_opt>("dns_opt", strings, "resolver options", unique),
      key<&Service::dns_search>("dns_search", string_or_list, "search domains", unique),
      key<&Service::domainname>("domainname", string, "domain of the container's host name"),
      key<&Service::entrypoint, AlwaysInJson>("entrypoint", command, "replaces the image's entrypoint", replaced),
      key<&Service::provider>("provider", provider_type, "a program that provides the service in place of a container"),
      key<&Service::environment>("environment", assignments, "environment variables"),
      key<&Service::env_files, AsEnvFiles>("env_file", env_files_type, "files of environment variables",
                                           {Merge::by_identity, path_identity}),
      key<&Service::expose>("expose", expose, "ports for other containers", unique),
      plain_row("extends", extends_type, "another service to start from"),
      key<&Service::external_links>("external_links", unique_strings, "links to containers of any project", unique),
      key<&Service::extra_hosts, AsHosts>("extra_hosts", extra_hosts, "more lines of /etc/hosts", {.merge = Merge::append_new}),
      key<&Service::group_add>("group_add", unique_strings_or_numbers, "more groups", unique),
      key<&Service::gpus>("gpus", gpus_type, "device requests for GPUs"),
      key<&Service::hostname>("hostname", string, "host name of the container"),
      key<&Service::healthcheck>("healthcheck", healthcheck_type, "how to tell that it works"),
      key<&Service::image>("image", string, "the image to run"),
      key<&Service::init>("init", boolean, "run an init process as pid 1"),
      key<&Service::ipc>("ipc", string, "IPC namespace"),
      key<&Service::isolation>("isolation", string, "default; others are for Windows only"),
      key<&Service::labels>("labels", labels, "of its containers"),
      key<&Service::label_files>("label_file", label_files_type, "files of labels"),
      key<&Service::links>("links", unique_strings, "other services, and names for them", unique),
      key<&Service::logging>("logging", logging_type, "where its output goes", {.merge = Merge::logging}),
      key<&Service::mem_limit, AsText>("mem_limit", byte_size, "most memory it may use"),
      key<&Service::mem_reservation, AsText>("mem_reservation", byte_size, "memory set aside for it"),
      key<&Service::memswap_limit, AsText>("memswap_limit", byte_size, "memory and swap together"),
      key<&Service::mem_swappiness, AsText>("mem_swappiness", integer, "0 to 100"),
      key<&Service::mac_address>("mac_address", string, "a fixed hardware address"),
      key<&Service::models>("models", service_models_type, "AI models it uses"),
      key<&Service::network_mode>("network_mode", string, "none, host, bridge, service:NAME or container:NAME"),
      key<&Service::networks>("networks", service_networks_type, "networks it is on"),
      key<&Service::oom_kill_disable>("oom_kill_disable", boolean, "do not kill it when memory runs out"),
      key<&Service::oom_score_adj>("oom_score_adj", integer, "-1000 to 1000"),
      key<&Service::pid>("pid", nullable_string, "PID namespace"),
      key<&Service::pids_limit>("pids_limit", integer, "processes and threads; -1: unlimited"),
      key<&Service::platform>("platform", string, "os/arch[/variant] of its image"),
      key<&Service::ports>("ports", ports_type, "ports to publish", {Merge::by_identity, port_identity}),
      key<&Service::privileged>("privileged", boolean, "all privileges"),
      key<&Service::pull_policy>("pull_policy", pull_policy, "when to pull its image"),
      plain_row("pull_refresh_after", string, "accepted and without effect, as in docker compose: see pull_policy"),
      key<&Service::read_only>("read_only", boolean, "its root file system cannot be written"),
      key<&Service::restart>("restart", string, "no, always, unless-stopped or on-failure[:N]"),
      key<&Service::runtime>("runtime", string, "an OCI runtime"),
      key<&Service::scale>("scale", instances, "how many containers"),
      key<&Service::secrets>("secrets", file_references_type, "secrets to mount", {Merge::by_identity, secret_identity}),
      key<&Service::security_opt>("security_opt", unique_strings, "security options", unique),
      key<&Service::shm_size, AsText>("shm_size", byte_size, "size of /dev/shm"),
      key<&Service::stdin_open>("stdin_open", boolean, "keep standard input open"),
      key<&Service::stop_grace_period>("stop_grace_period", duration, "time between the stop signal and SIGKILL"),
      key<&Service::stop_signal>("stop_signal", string, "SIGTERM by default"),
      key<&Service::storage_opt>("storage_opt", options, "storage driver's options"),
      key<&Service::sysctls>("sysctls", settings, "kernel parameters of its namespaces"),
      key<&Service::tmpfs>("tmpfs", string_or_list, "tmpfs mounts: PATH[:OPTIONS]", {Merge::by_identity, assignment_name}),
      key<&Service::tty>("tty", boolean, "give it a terminal"),
      key<&Service::ulimits>("ulimits", ulimits_type, "resource limits"),
      key<&Service::use_api_socket>("use_api_socket", boolean, "mount the engine's socket"),
      key<&Service::user>("user", string, "user[:group] it runs as"),
      key<&Service::userns_mode>("userns_mode", string, "user namespace"),
      key<&Service::uts>("uts", string, "UTS namespace"),
      key<&Service::volume_driver>("volume_driver", string, "driver of its volumes"),
      key<&Service::volumes>("volumes", volumes_type, "what to mount", {Merge::by_identity, target_identity}),
      key<&Service::volumes_from>("volumes_from", unique_strings, "volumes of other services and containers", unique),
      key<&Service::working_dir>("working_dir", string, "working directory"),
      custom_row("pre_start", pre_start_type, "containers that run and end before it starts", read_pre_start, write_pre_start),
      key<&Service::post_start>("post_start", hooks_type, "commands to run in it after it started"),
      key<&Service::pre_stop>("pre_stop", hooks_type, "commands to run in it before it stops"),
  };
  return rows;
}

}  // namespace stack::compose
