#pragma once
// The flags of `container run` and `container create`, all of docker's: as they were given, and as the engine is asked.
//
//   ContainerOptions options;
//   declare(flags, options);
//   flags.command_line(options.words, 1);
//   …
//   api::ContainerCreateRequest request = request_of(options);
//
// What a flag's value means is told by the file of its kind: environment, mounts, networks, ports, limits.
#include <optional>
#include <string>
#include <vector>

#include "cli/flags.hpp"
#include "engine/api/container_config_types.hpp"

namespace stack::cli::container_options {

using Texts = std::vector<std::string>;

struct ContainerOptions {
  Texts words;  ///< image, then the command

  // the process
  bool interactive = false, tty = false, no_healthcheck = false;
  std::optional<bool> init;
  std::optional<std::string> entrypoint;
  std::string user, directory, stop_signal;
  std::optional<int> stop_timeout;
  Texts attach, environment, environment_files, groups, labels, label_files, annotations;
  std::string health_command, health_interval, health_timeout, health_start_period, health_start_interval;
  std::optional<int> health_retries;

  // the container
  std::string name, cidfile, platform, pull = "missing", restart = "no", runtime, isolation;
  std::string hostname, domainname, log_driver;
  bool remove = false, quiet = false;
  Texts log_options, storage_options;

  // files
  bool read_only = false;
  Texts volumes, mounts, tmpfs, volumes_from, devices, device_rules;
  std::string volume_driver, shm_size;

  // networks
  bool publish_all = false;
  Texts publish, expose, networks, aliases, links, link_local_ips, dns, dns_options, dns_search, hosts;
  std::string ip, ip6, mac_address;

  // limits
  std::string memory, memory_reservation, memory_swap, cpus, cpuset_cpus, cpuset_mems, cgroup_parent;
  std::optional<int> memory_swappiness, cpu_shares, cpu_period, cpu_quota, cpu_rt_period, cpu_rt_runtime, pids_limit,
      blkio_weight, oom_score_adj;
  bool oom_kill_disable = false;
  Texts ulimits, sysctls, blkio_weight_devices, read_bps, write_bps, read_iops, write_iops, gpus;

  // isolation
  bool privileged = false;
  Texts cap_add, cap_drop, security;
  std::string cgroup_namespace, ipc, pid, user_namespace, uts;
};

/// Every flag that both commands have.
void declare(Flags& flags, ContainerOptions& options);

/// Reads the files that are named, and the variables of this process that are. Throws UsageError naming the flag.
engine::api::ContainerCreateRequest request_of(const ContainerOptions& options);

}  // namespace stack::cli::container_options
