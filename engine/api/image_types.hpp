#pragma once
// Images as the API shows them, and the options of POST /build.
#include "engine/api/container_types.hpp"

namespace stack::engine::api {

/// Config of an image: what a container of it inherits
struct ImageConfig {
  std::string user;
  std::set<std::string> exposed_ports;
  std::vector<std::string> env;
  std::optional<std::vector<std::string>> cmd, entrypoint;
  std::optional<HealthConfig> healthcheck;
  bool args_escaped = false;
  std::set<std::string> volumes;
  std::string working_dir;
  std::optional<std::vector<std::string>> on_build;
  StringMap labels;
  std::string stop_signal;
  std::vector<std::string> shell;
};

struct RootFs {
  std::string type = "layers";
  std::vector<std::string> layers;  ///< diff ids; absent when none
};

/// GET /images/{name}/json
struct ImageInspect {
  std::string id;
  std::vector<std::string> repo_tags, repo_digests;  ///< [] when none
  std::string parent, comment;
  std::optional<Timestamp> created;
  std::string docker_version, author;
  ImageConfig config;
  std::string architecture, variant, os, os_version;
  std::int64_t size = 0;
  GraphDriver graph_driver;
  RootFs root_fs;
  std::optional<Timestamp> last_tag_time;  ///< Metadata.LastTagTime
};

/// An item of GET /images/json
struct ImageSummary {
  std::string id, parent_id;
  std::vector<std::string> repo_tags, repo_digests;  ///< [] when none
  std::int64_t created = 0;                          ///< Unix seconds
  std::int64_t size = 0;
  std::int64_t shared_size = -1;
  StringMap labels;
  std::int64_t containers = -1;
};

/// An item of GET /images/{name}/history
struct ImageHistory {
  std::string id;  ///< "<missing>" for what has no image of its own
  std::int64_t created = 0;
  std::string created_by;
  std::vector<std::string> tags;
  std::int64_t size = 0;
  std::string comment;
};

/// An item of DELETE /images/{name}: one of the two
struct ImageDelete {
  std::string untagged, deleted;
};

/// Query of POST /build
struct BuildOptions {
  std::vector<std::string> tags;                                 ///< t
  std::string dockerfile;                                        ///< path inside the context; empty = Dockerfile
  std::string remote;                                            ///< a context the engine fetches
  std::map<std::string, std::optional<std::string>> build_args;  ///< null = only if the Dockerfile has a default
  StringMap labels;
  std::string target;
  std::vector<std::string> cache_from;
  std::vector<std::string> extra_hosts;
  std::string network_mode;
  std::string platform;
  std::string session;  ///< BuildKit; empty = classic
  bool no_cache = false, pull = false, remove = true, force_remove = false, quiet = false;
  std::int64_t shm_size = 0, memory = 0, memory_swap = 0, cpu_shares = 0, cpu_period = 0, cpu_quota = 0;
  std::string cpuset_cpus, cpuset_mems, cgroup_parent;
  std::vector<Ulimit> ulimits;
  StringMap secrets;  ///< id → content, UTF-8; sent in a header of ours, which only our engine reads; never in a plan
};

void to_json(nlohmann::json&, const ImageConfig&);
void from_json(const nlohmann::json&, ImageConfig&);
void to_json(nlohmann::json&, const ImageInspect&);
void from_json(const nlohmann::json&, ImageInspect&);
void to_json(nlohmann::json&, const ImageSummary&);
void from_json(const nlohmann::json&, ImageSummary&);
void to_json(nlohmann::json&, const ImageHistory&);
void from_json(const nlohmann::json&, ImageHistory&);
void to_json(nlohmann::json&, const ImageDelete&);
void from_json(const nlohmann::json&, ImageDelete&);
/// Only for plans: on the wire BuildOptions is a query string, see build_query().
void to_json(nlohmann::json&, const BuildOptions&);
void from_json(const nlohmann::json&, BuildOptions&);

}  // namespace stack::engine::api
