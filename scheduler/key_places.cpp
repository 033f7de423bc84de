#include "scheduler/key_places.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stack::scheduler {

namespace {

using compose::Project;
using compose::Service;

struct Complaint {
  std::string_view key;    ///< attribute path in the service
  std::string_view words;  ///< what Docker Engine and ours say when it is wrong
};

/// The first that fits counts: what is more special comes first, and what wins over another key before that.
constexpr Complaint complaints[] = {
    {"memswap_limit", "memoryswap"},
    {"deploy.resources.reservations.memory", "memory reservation"},
    {"mem_reservation", "memory reservation"},
    {"deploy.resources.limits.memory", "memory limit"},
    {"mem_limit", "memory limit"},
    {"mem_swappiness", "memory swappiness"},
    {"deploy.resources.limits.cpus", "CPUs is from"},
    {"cpus", "CPUs is from"},
    {"cpuset", "CPUs are not available"},
    {"cpuset", "cpuset.cpus"},
    {"cpuset", "cpuset cpus"},
    {"cpu_shares", "CPU shares"},
    {"cpu_shares", "cpu-shares"},
    {"cpus", "Nano CPUs"},
    {"cpu_rt_runtime", "real-time"},
    {"cpu_rt_period", "real-time"},
    {"blkio_config", "blkio weight"},
    {"cpu_period", "CPU cfs period"},
    {"cpu_quota", "CPU cfs quota"},
    {"shm_size", "SHM size"},
    {"oom_score_adj", "oom score adj"},
    {"user", "unable to find user"},
    {"group_add", "unable to find group"},
    {"user", "unable to find group"},
    {"working_dir", "cwd"},
    {"working_dir", "the working directory"},
    {"working_dir", "Cannot mkdir"},
    {"entrypoint", "exec: \""},
    {"command", "exec: \""},
    {"cap_add", "CapAdd"},
    {"cap_drop", "CapDrop"},
    {"sysctls", "sysctl"},
    {"ulimits", "rlimit"},
    {"ulimits", "RLIMIT_"},
    {"ulimits", "ulimit"},
    {"security_opt", "security-opt"},
    {"security_opt", "seccomp profile"},
    {"device_cgroup_rules", "device cgroup rule"},
    {"stop_signal", "invalid signal"},
    {"deploy.restart_policy", "restart policy"},
    {"restart", "restart policy"},
    {"logging", "logging plugin"},
    {"logging", "log opt"},
    {"platform", "specified platform"},
    {"healthcheck", "in Healthcheck"},
    {"container_name", "The container name"},
    {"hostname", "invalid hostname"},
    {"dns", "bad nameserver"},
    {"userns_mode", "userns"},
    {"userns_mode", "user namespace mode"},
    {"links", "used with links"},
    {"links", "could not get container for"},
    {"external_links", "could not get container for"},
    {"links", "Cannot link"},
    {"ipc", "IPC mode"},
    {"ipc", "IPC namespace"},
    {"pid", "PID mode"},
    {"pid", "PID namespace"},
    {"uts", "UTS mode"},
    {"network_mode", "network namespace of"},
    {"network_mode", "network mode"},
    {"network_mode", "network type"},
    {"isolation", "invalid isolation"},
    {"runtime", "runtime name"},
    {"storage_opt", "storage-opt"},
    {"storage_opt", "Unknown option"},
    {"gpus", "device driver"},
    {"deploy.resources.reservations.devices", "device driver"},
    {"cgroup_parent", "cgroup parent"},
    {"group_add", "uids and gids"},
    {"user", "uids and gids"},
    {"mac_address", "MAC address"},
};

/// Adds the places of one service that are written in the files.
class Collector {
public:
  explicit Collector(const Service& service) : service_(service) {}

  void add(const std::string& key, std::vector<std::string> words) {
    if (const auto place = service_.written_at(key)) places.push_back({key, to_string(*place), std::move(words)});
  }

  std::vector<KeyPlace> places;

private:
  const Service& service_;
};

std::string item(const char* list, std::size_t index) { return fmt::format("{}[{}]", list, index); }

void add_ports(const Service& service, Collector& to) {
  for (std::size_t i = 0; i < service.ports.size(); ++i) {
    const std::string port = ":" + service.ports[i].published;
    to.add(item("ports", i), {port, "already allocated"});
    to.add(item("ports", i), {port, "already in use"});
  }
}

void add_files(const Service& service, Collector& to) {
  for (std::size_t i = 0; i < service.devices.size(); ++i) to.add(item("devices", i), {service.devices[i].source});
  for (std::size_t i = 0; i < service.volumes.size(); ++i) {
    const compose::Mount& mount = service.volumes[i];
    to.add(item("volumes", i), {"Duplicate mount point", mount.target});
    if (mount.type == "bind") to.add(item("volumes", i), {mount.source});
  }
}

/// "/run:size=1m,mode=700"
void add_tmpfs(const Service& service, Collector& to) {
  for (std::size_t i = 0; i < service.tmpfs.size(); ++i) {
    const std::string& text = service.tmpfs[i];
    const std::size_t colon = text.find(':');
    to.add(item("tmpfs", i), {"Duplicate mount point", text.substr(0, colon)});
    to.add(item("tmpfs", i), {"tmpfs", text.substr(0, colon)});
    for (std::size_t at = colon; at < text.size();) {
      const std::size_t end = std::min(text.find(',', at + 1), text.size());
      to.add(item("tmpfs", i), {"tmpfs option", text.substr(at + 1, end - at - 1)});
      at = end;
    }
  }
}

/// Limits of block devices name the devices.
void add_block_devices(const Service& service, Collector& to) {
  if (!service.blkio_config) return;
  const compose::BlkioConfig& blkio = *service.blkio_config;
  const auto add = [&](const char* list, const auto& devices) {
    for (std::size_t i = 0; i < devices.size(); ++i) to.add(fmt::format("blkio_config.{}[{}]", list, i), {devices[i].path});
  };
  add("weight_device", blkio.weight_device);
  add("device_read_bps", blkio.device_read_bps);
  add("device_read_iops", blkio.device_read_iops);
  add("device_write_bps", blkio.device_write_bps);
  add("device_write_iops", blkio.device_write_iops);
}

/// The file itself is named at the top level.
void add_objects(const std::string& kind, const std::vector<compose::FileReference>& references,
                 const std::map<std::string, compose::FileObject>& objects, std::vector<KeyPlace>& to) {
  for (const compose::FileReference& reference : references) {
    const auto object = objects.find(reference.source);
    if (object == objects.end() || object->second.file.empty()) continue;
    to.push_back({kind + "." + object->first, to_string(object->second.location), {object->second.file}});
  }
}

/// What a volume of the `local` driver mounts is named where the volume is.
void add_volumes(const Project& project, const Service& service, std::vector<KeyPlace>& to) {
  for (const compose::Mount& mount : service.volumes) {
    const auto volume = project.volumes.find(mount.source);
    if (mount.type != "volume" || volume == project.volumes.end()) continue;
    to.push_back({"volumes." + volume->first, to_string(volume->second.location), {"mount local volume", volume->second.name}});
  }
}

void add_networks(const Project& project, const Service& service, Collector& to) {
  for (const auto& [key, settings] : service.networks)
    if (const auto network = project.networks.find(key); network != project.networks.end())
      to.add("networks." + key, {"network " + network->second.name});
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/// As words of their own: "/srv" is not in "/srv/data", nor ":80" in ":8080". What ends with '_' is the beginning of a word.
bool says(std::string_view message, std::string_view words) {
  const bool path = words.starts_with('/');
  const auto goes_on = [&](char c) { return is_name_character(c) || (path && c == '/'); };
  for (std::size_t at = 0; (at = message.find(words, at)) != std::string_view::npos; ++at) {
    const std::size_t end = at + words.size();
    const bool begins = at == 0 || !path || !goes_on(message[at - 1]);
    const bool ends =
        end == message.size() || !is_name_character(words.back()) || words.back() == '_' || !goes_on(message[end]);
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace

std::vector<KeyPlace> key_places(const Project& project, const Service& service) {
  Collector collector(service);
  add_ports(service, collector);
  add_files(service, collector);
  add_tmpfs(service, collector);
  add_block_devices(service, collector);
  add_objects("secrets", service.secrets, project.secrets, collector.places);
  add_objects("configs", service.configs, project.configs, collector.places);
  add_volumes(project, service, collector.places);
  add_networks(project, service, collector);
  for (const Complaint& complaint : complaints) collector.add(std::string(complaint.key), {std::string(complaint.words)});
  return std::move(collector.places);
}

std::vector<KeyPlace> health_places(const Service& service) {
  Collector collector(service);
  for (const char* words : {"is unhealthy", "is not healthy yet"}) collector.add("healthcheck", {words});
  for (const char* key : {"command", "entrypoint"}) collector.add(key, {"exited ("});
  return std::move(collector.places);
}

const KeyPlace* find_place(const std::vector<KeyPlace>& places, std::string_view message) {
  message = message.substr(0, message.find('\n'));  // what a container wrote is no complaint of the engine
  const auto fits = [&](const KeyPlace& place) {
    return std::all_of(place.words.begin(), place.words.end(), [&](const auto& words) { return says(message, words); });
  };
  const auto found = std::find_if(places.begin(), places.end(), fits);
  return found == places.end() ? nullptr : &*found;
}

}  // namespace stack::scheduler
