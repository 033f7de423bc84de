#include "engine/api/json_fields.hpp"

namespace stack::engine::api {

using detail::Empty;

template <class V>
void fields(V& v, LogConfig& x) {
  v("Type", x.type);
  v("Config", x.config, Empty::keep);
}

template <class V>
void fields(V& v, Ulimit& x) {
  v("Name", x.name);
  v("Hard", x.hard);
  v("Soft", x.soft);
}

template <class V>
void fields(V& v, DeviceMapping& x) {
  v("PathOnHost", x.path_on_host);
  v("PathInContainer", x.path_in_container);
  v("CgroupPermissions", x.cgroup_permissions);
}

template <class V>
void fields(V& v, DeviceRequest& x) {
  v("Driver", x.driver);
  v("Count", x.count);
  v("DeviceIDs", x.device_ids);
  v("Capabilities", x.capabilities);
  v("Options", x.options);
}

template <class V>
void fields(V& v, WeightDevice& x) {
  v("Path", x.path);
  v("Weight", x.weight);
}

template <class V>
void fields(V& v, ThrottleDevice& x) {
  v("Path", x.path);
  v("Rate", x.rate);
}

template <class V>
void fields(V& v, BindOptions& x) {
  v("Propagation", x.propagation, Empty::omit);
  v("NonRecursive", x.non_recursive, Empty::omit);
  v("CreateMountpoint", x.create_mountpoint, Empty::omit);
  v("ReadOnlyNonRecursive", x.read_only_non_recursive, Empty::omit);
  v("ReadOnlyForceRecursive", x.read_only_force_recursive, Empty::omit);
}

template <class V>
void fields(V& v, DriverConfig& x) {
  v("Name", x.name, Empty::omit);
  v("Options", x.options, Empty::omit);
}

template <class V>
void fields(V& v, VolumeOptions& x) {
  v("NoCopy", x.no_copy, Empty::omit);
  v("Labels", x.labels, Empty::omit);
  v("Subpath", x.subpath, Empty::omit);
  v("DriverConfig", x.driver_config, Empty::omit);
}

template <class V>
void fields(V& v, ImageOptions& x) {
  v("Subpath", x.subpath, Empty::omit);
}

template <class V>
void fields(V& v, TmpfsOptions& x) {
  v("SizeBytes", x.size_bytes, Empty::omit);
  v("Mode", x.mode, Empty::omit);
  v("Options", x.options, Empty::omit);
}

template <class V>
void fields(V& v, Mount& x) {
  v("Type", x.type, Empty::omit);
  v("Source", x.source, Empty::omit);
  v("Target", x.target, Empty::omit);
  v("ReadOnly", x.read_only, Empty::omit);
  v("Consistency", x.consistency, Empty::omit);
  v("BindOptions", x.bind_options, Empty::omit);
  v("VolumeOptions", x.volume_options, Empty::omit);
  v("ImageOptions", x.image_options, Empty::omit);
  v("TmpfsOptions", x.tmpfs_options, Empty::omit);
}

template <class V>
void resource_fields(V& v, HostConfig& x) {
  v("CpuShares", x.cpu_shares);
  v("Memory", x.memory);
  v("NanoCpus", x.nano_cpus);
  v("CgroupParent", x.cgroup_parent);
  v("BlkioWeight", x.blkio_weight);
  v("BlkioWeightDevice", x.blkio_weight_device);
  v("BlkioDeviceReadBps", x.blkio_device_read_bps);
  v("BlkioDeviceWriteBps", x.blkio_device_write_bps);
  v("BlkioDeviceReadIOps", x.blkio_device_read_iops);
  v("BlkioDeviceWriteIOps", x.blkio_device_write_iops);
  v("CpuPeriod", x.cpu_period);
  v("CpuQuota", x.cpu_quota);
  v("CpuRealtimePeriod", x.cpu_realtime_period);
  v("CpuRealtimeRuntime", x.cpu_realtime_runtime);
  v("CpusetCpus", x.cpuset_cpus);
  v("CpusetMems", x.cpuset_mems);
  v("Devices", x.devices);
  v("DeviceCgroupRules", x.device_cgroup_rules);
  v("DeviceRequests", x.device_requests);
  v("MemoryReservation", x.memory_reservation);
  v("MemorySwap", x.memory_swap);
  v("MemorySwappiness", x.memory_swappiness);
  v("OomKillDisable", x.oom_kill_disable);
  v("Init", x.init, Empty::omit);
  v("PidsLimit", x.pids_limit);
  v("Ulimits", x.ulimits);
  v("CpuCount", x.cpu_count);
  v("CpuPercent", x.cpu_percent);
  v("IOMaximumIOps", x.io_maximum_iops);
  v("IOMaximumBandwidth", x.io_maximum_bandwidth);
}

template <class V>
void fields(V& v, HostConfig& x) {
  v("Binds", x.binds);
  v("ContainerIDFile", x.container_id_file);
  v("LogConfig", x.log_config);
  v("NetworkMode", x.network_mode);
  v("PortBindings", x.port_bindings, Empty::keep);
  v("RestartPolicy", x.restart_policy);
  v("AutoRemove", x.auto_remove);
  v("VolumeDriver", x.volume_driver);
  v("VolumesFrom", x.volumes_from);
  if (V::reading || !x.console_size.empty())
    v("ConsoleSize", x.console_size);
  else
    v.constant("ConsoleSize", std::vector{0, 0});
  v("Annotations", x.annotations, Empty::omit);
  v("CapAdd", x.cap_add);
  v("CapDrop", x.cap_drop);
  v("CgroupnsMode", x.cgroupns_mode);
  v("Dns", x.dns);
  v("DnsOptions", x.dns_options);
  v("DnsSearch", x.dns_search);
  v("ExtraHosts", x.extra_hosts, Empty::keep);
  v("GroupAdd", x.group_add);
  v("IpcMode", x.ipc_mode);
  v("Cgroup", x.cgroup);
  v("Links", x.links);
  v("OomScoreAdj", x.oom_score_adj);
  v("PidMode", x.pid_mode);
  v("Privileged", x.privileged);
  v("PublishAllPorts", x.publish_all_ports);
  v("ReadonlyRootfs", x.readonly_rootfs);
  v("SecurityOpt", x.security_opt);
  v("StorageOpt", x.storage_opt, Empty::omit);
  v("Tmpfs", x.tmpfs, Empty::omit);
  v("UTSMode", x.uts_mode);
  v("UsernsMode", x.userns_mode);
  v("ShmSize", x.shm_size);
  v("Sysctls", x.sysctls, Empty::omit);
  v("Runtime", x.runtime);
  v("Isolation", x.isolation);
  resource_fields(v, x);
  v("Mounts", x.mounts, Empty::omit);
  v("MaskedPaths", x.masked_paths);
  v("ReadonlyPaths", x.readonly_paths);
}

template struct detail::StructCodec<HostConfig>;
template struct detail::StructCodec<Ulimit>;
STACK_API_JSON(HostConfig)

}  // namespace stack::engine::api
