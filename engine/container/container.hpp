#pragma once
// One container as the engine remembers it: what was asked for, what became of it, and which changes of state are allowed.
#include <sys/types.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/types.hpp"

namespace stack::engine::container {

//   created ──start──▶ running ◀──unpause/pause──▶ paused
//      ▲                 │  ▲                        │ (kill)
//      │ start failed    │  └───start────┐           ▼
//      │                 ▼               │
//      └──────────    exited ◀─ exit ─ running ─ exit, policy says so ─▶ restarting ─ delay ─▶ running
//                        │                                                  │ stop
//   created, exited, dead ──remove──▶ removing ──▶ (gone) or dead           └──▶ exited
enum class State : std::uint8_t { created, running, paused, restarting, removing, exited, dead };

const char* to_string(State state);
State parse_state(std::string_view text);  ///< throws invalid_argument

/// Is there an arrow from one to the other in the picture above?
bool may_become(State from, State to);

/// Is its first process alive (or about to be again)?
inline bool is_active(State state) { return state == State::running || state == State::paused || state == State::restarting; }

/// The operation under way when the row was written: what recovery rolls forward or back.
enum class Intent : std::uint8_t { none, create, start, remove, remove_with_volumes };
const char* to_string(Intent intent);

/// A mount of the container, resolved at creation.
struct MountPoint {
  std::string type;         ///< bind, volume, tmpfs, image
  std::string name;         ///< of a volume, or of an image as it was asked for
  std::string source;       ///< host path; of an image its id
  std::string destination;  ///< absolute, clean
  std::string mode;         ///< as written: "ro,z"
  std::string propagation;  ///< binds: rprivate unless said otherwise
  bool rw = true;
  bool anonymous = false;            ///< a volume without a name: `rm -v` removes it
  bool no_copy = false;              ///< do not fill an empty volume from the image
  bool create_source = false;        ///< binds of the short form: a missing directory is made
  bool recursive = true;             ///< binds: submounts too
  bool read_only_recursive = true;   ///< read-only: submounts too
  std::string subpath;               ///< of a volume or image
  std::vector<std::string> options;  ///< tmpfs: size=…, mode=…
  api::StringMap labels;             ///< of a volume that is made here
  api::StringMap driver_options;     ///< the same
  bool from_mounts_api = false;      ///< came as HostConfig.Mounts, for the texts of errors
};

struct Record {
  std::string id;
  std::string name;  ///< without the slash
  api::Timestamp created{};
  std::string image_id;                                    ///< "sha256:…"
  api::ContainerConfig config;                             ///< the request's, merged with the image's
  api::HostConfig host_config;                             ///< with the defaults Docker shows
  std::map<std::string, api::EndpointSettings> endpoints;  ///< by network name, as asked for; the primary network included
  std::string path;                                        ///< argv[0]
  std::vector<std::string> args;                           ///< the rest
  std::vector<MountPoint> mounts;

  State state = State::created;
  Intent intent = Intent::none;
  pid_t pid = 0;
  int exit_code = 0;
  bool oom_killed = false;
  std::string error;
  std::optional<api::Timestamp> started_at, finished_at;
  int restart_count = 0;
  bool manually_stopped = false;  ///< by stop or kill: `unless-stopped` stays down over an engine's restart
  std::string health_status;      ///< the last one, so that a restarted engine goes on from there; empty: no health check
};

void to_json(nlohmann::json& json, const Record& record);
void from_json(const nlohmann::json& json, Record& record);

/// "docker ps" STATUS: "Up 3 seconds (healthy)", "Exited (0) 2 minutes ago". `health` is starting, healthy, unhealthy or empty.
std::string status_text(const Record& record, std::string_view health, api::Timestamp now);

/// "3 seconds", "About a minute", "2 weeks".
std::string human_duration(std::chrono::nanoseconds duration);

api::Timestamp now();

}  // namespace stack::engine::container
