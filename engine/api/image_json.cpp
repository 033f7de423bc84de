#include "engine/api/json_fields.hpp"

namespace stack::engine::api {

using detail::Empty;

template <class V>
void fields(V& v, ImageConfig& x) {
  v("User", x.user);
  v("ExposedPorts", x.exposed_ports, Empty::omit);
  v("Env", x.env);
  v("Cmd", x.cmd);
  v("Healthcheck", x.healthcheck, Empty::omit);
  v("ArgsEscaped", x.args_escaped, Empty::omit);
  v("Volumes", x.volumes);
  v("WorkingDir", x.working_dir);
  v("Entrypoint", x.entrypoint);
  v("OnBuild", x.on_build);
  v("Labels", x.labels);
  v("StopSignal", x.stop_signal, Empty::omit);
  v("Shell", x.shell, Empty::omit);
}

template <class V>
void fields(V& v, RootFs& x) {
  v("Type", x.type);
  v("Layers", x.layers, Empty::omit);
}

template <class V>
void fields(V& v, ImageInspect& x) {
  v("Id", x.id);
  v("RepoTags", x.repo_tags, Empty::keep);
  v("RepoDigests", x.repo_digests, Empty::keep);
  v("Parent", x.parent);
  v("Comment", x.comment);
  v("Created", x.created);
  v("DockerVersion", x.docker_version);
  v("Author", x.author);
  v("Config", x.config);
  v("Architecture", x.architecture);
  v("Variant", x.variant, Empty::omit);
  v("Os", x.os);
  v("OsVersion", x.os_version, Empty::omit);
  v("Size", x.size);
  v("GraphDriver", x.graph_driver);
  v("RootFS", x.root_fs);
  v.object("Metadata", [&](auto& metadata) { metadata("LastTagTime", x.last_tag_time); });
}

template <class V>
void fields(V& v, ImageSummary& x) {
  v("Containers", x.containers);
  v("Created", x.created);
  v("Id", x.id);
  v("Labels", x.labels);
  v("ParentId", x.parent_id);
  v("RepoDigests", x.repo_digests, Empty::keep);
  v("RepoTags", x.repo_tags, Empty::keep);
  v("SharedSize", x.shared_size);
  v("Size", x.size);
}

template <class V>
void fields(V& v, ImageHistory& x) {
  v("Id", x.id);
  v("Created", x.created);
  v("CreatedBy", x.created_by);
  v("Tags", x.tags);
  v("Size", x.size);
  v("Comment", x.comment);
}

template <class V>
void fields(V& v, ImageDelete& x) {
  v("Untagged", x.untagged, Empty::omit);
  v("Deleted", x.deleted, Empty::omit);
}

template <class V>
void fields(V& v, BuildOptions& x) {
  v("t", x.tags, Empty::omit);
  v("dockerfile", x.dockerfile, Empty::omit);
  v("remote", x.remote, Empty::omit);
  v("buildargs", x.build_args, Empty::omit);
  v("labels", x.labels, Empty::omit);
  v("target", x.target, Empty::omit);
  v("cachefrom", x.cache_from, Empty::omit);
  v("extrahosts", x.extra_hosts, Empty::omit);
  v("networkmode", x.network_mode, Empty::omit);
  v("platform", x.platform, Empty::omit);
  v("session", x.session, Empty::omit);
  v("nocache", x.no_cache, Empty::omit);
  v("pull", x.pull, Empty::omit);
  v("rm", x.remove);
  v("forcerm", x.force_remove, Empty::omit);
  v("q", x.quiet, Empty::omit);
  v("shmsize", x.shm_size, Empty::omit);
  v("memory", x.memory, Empty::omit);
  v("memswap", x.memory_swap, Empty::omit);
  v("cpushares", x.cpu_shares, Empty::omit);
  v("cpuperiod", x.cpu_period, Empty::omit);
  v("cpuquota", x.cpu_quota, Empty::omit);
  v("cpusetcpus", x.cpuset_cpus, Empty::omit);
  v("cpusetmems", x.cpuset_mems, Empty::omit);
  v("cgroupparent", x.cgroup_parent, Empty::omit);
  v("ulimits", x.ulimits, Empty::omit);
}

STACK_API_JSON(ImageConfig)
STACK_API_JSON(ImageInspect)
STACK_API_JSON(ImageSummary)
STACK_API_JSON(ImageHistory)
STACK_API_JSON(ImageDelete)
STACK_API_JSON(BuildOptions)

}  // namespace stack::engine::api
