#include "engine/container/container.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.hpp"

namespace stack::engine::container {

namespace {

constexpr std::array<std::pair<State, const char*>, 7> state_names{{{State::created, "created"},
                                                                    {State::running, "running"},
                                                                    {State::paused, "paused"},
                                                                    {State::restarting, "restarting"},
                                                                    {State::removing, "removing"},
                                                                    {State::exited, "exited"},
                                                                    {State::dead, "dead"}}};

constexpr std::array<std::pair<Intent, const char*>, 5> intent_names{{{Intent::none, ""},
                                                                      {Intent::create, "create"},
                                                                      {Intent::start, "start"},
                                                                      {Intent::remove, "remove"},
                                                                      {Intent::remove_with_volumes, "remove-with-volumes"}}};

// Optional times are stored as nanoseconds since 1970; absent: null.
nlohmann::json time_to_json(const std::optional<api::Timestamp>& time) {
  return time ? nlohmann::json(time->time_since_epoch().count()) : nlohmann::json();
}

std::optional<api::Timestamp> time_from_json(const nlohmann::json& json) {
  if (!json.is_number_integer()) return std::nullopt;
  return api::Timestamp(std::chrono::nanoseconds(json.get<std::int64_t>()));
}

nlohmann::json mount_to_json(const MountPoint& mount) {
  return {{"type", mount.type},
          {"name", mount.name},
          {"source", mount.source},
          {"destination", mount.destination},
          {"mode", mount.mode},
          {"propagation", mount.propagation},
          {"rw", mount.rw},
          {"anonymous", mount.anonymous},
          {"no_copy", mount.no_copy},
          {"create_source", mount.create_source},
          {"recursive", mount.recursive},
          {"read_only_recursive", mount.read_only_recursive},
          {"subpath", mount.subpath},
          {"labels", mount.labels},
          {"driver_options", mount.driver_options},
          {"options", mount.options},
          {"from_mounts_api", mount.from_mounts_api}};
}

MountPoint mount_from_json(const nlohmann::json& json) {
  MountPoint mount;
  mount.type = json.at("type");
  mount.name = json.at("name");
  mount.source = json.at("source");
  mount.destination = json.at("destination");
  mount.mode = json.at("mode");
  mount.propagation = json.at("propagation");
  mount.rw = json.at("rw");
  mount.anonymous = json.at("anonymous");
  mount.no_copy = json.at("no_copy");
  mount.create_source = json.at("create_source");
  mount.recursive = json.at("recursive");
  mount.read_only_recursive = json.value("read_only_recursive", true);
  mount.subpath = json.at("subpath");
  mount.labels = json.value("labels", api::StringMap());
  mount.driver_options = json.value("driver_options", api::StringMap());
  mount.options = json.at("options").get<std::vector<std::string>>();
  mount.from_mounts_api = json.at("from_mounts_api");
  return mount;
}

std::string plural(long long count, const char* unit) { return fmt::format("{} {}", count, unit); }

}  // namespace

const char* to_string(State state) {
  for (const auto& [value, name] : state_names)
    if (value == state) return name;
  return "";
}

State parse_state(std::string_view text) {
  for (const auto& [value, name] : state_names)
    if (text == name) return value;
  throw Error(ErrorCode::invalid_argument, fmt::format("invalid container state '{}'", text));
}

const char* to_string(Intent intent) {
  for (const auto& [value, name] : intent_names)
    if (value == intent) return name;
  return "";
}

bool may_become(State from, State to) {
  switch (from) {
    case State::created: return to == State::running || to == State::removing;
    case State::running: return to == State::paused || to == State::exited || to == State::restarting;
    case State::paused: return to == State::running || to == State::exited || to == State::restarting;
    case State::restarting: return to == State::running || to == State::exited;
    case State::exited: return to == State::running || to == State::removing;
    case State::removing: return to == State::dead;
    case State::dead: return to == State::removing;
  }
  return false;
}

void to_json(nlohmann::json& json, const Record& record) {
  nlohmann::json mounts = nlohmann::json::array();
  for (const auto& mount : record.mounts) mounts.push_back(mount_to_json(mount));
  json = {{"id", record.id},
          {"name", record.name},
          {"created", record.created.time_since_epoch().count()},
          {"image_id", record.image_id},
          {"config", record.config},
          {"host_config", record.host_config},
          {"endpoints", record.endpoints},
          {"path", record.path},
          {"args", record.args},
          {"mounts", std::move(mounts)},
          {"state", to_string(record.state)},
          {"intent", to_string(record.intent)},
          {"pid", record.pid},
          {"exit_code", record.exit_code},
          {"oom_killed", record.oom_killed},
          {"error", record.error},
          {"started_at", time_to_json(record.started_at)},
          {"finished_at", time_to_json(record.finished_at)},
          {"restart_count", record.restart_count},
          {"manually_stopped", record.manually_stopped},
          {"health_status", record.health_status}};
}

void from_json(const nlohmann::json& json, Record& record) {
  record.id = json.at("id");
  record.name = json.at("name");
  record.created = api::Timestamp(std::chrono::nanoseconds(json.at("created").get<std::int64_t>()));
  record.image_id = json.at("image_id");
  record.config = json.at("config").get<api::ContainerConfig>();
  record.host_config = json.at("host_config").get<api::HostConfig>();
  record.endpoints = json.at("endpoints").get<std::map<std::string, api::EndpointSettings>>();
  record.path = json.at("path");
  record.args = json.at("args").get<std::vector<std::string>>();
  record.mounts.clear();
  for (const auto& mount : json.at("mounts")) record.mounts.push_back(mount_from_json(mount));
  record.state = parse_state(json.at("state").get<std::string>());
  record.intent = Intent::none;
  for (const auto& [value, name] : intent_names)
    if (json.at("intent") == name) record.intent = value;
  record.pid = json.at("pid");
  record.exit_code = json.at("exit_code");
  record.oom_killed = json.at("oom_killed");
  record.error = json.at("error");
  record.started_at = time_from_json(json.at("started_at"));
  record.finished_at = time_from_json(json.at("finished_at"));
  record.restart_count = json.at("restart_count");
  record.manually_stopped = json.at("manually_stopped");
  record.health_status = json.value("health_status", "");
}

std::string human_duration(std::chrono::nanoseconds duration) {
  using namespace std::chrono;
  const auto whole_seconds = duration_cast<seconds>(duration).count();
  if (whole_seconds < 1) return "Less than a second";
  if (whole_seconds == 1) return "1 second";
  if (whole_seconds < 60) return plural(whole_seconds, "seconds");
  const auto whole_minutes = whole_seconds / 60;
  if (whole_minutes == 1) return "About a minute";
  if (whole_minutes < 60) return plural(whole_minutes, "minutes");
  const auto whole_hours = (whole_seconds + 1800) / 3600;
  if (whole_hours == 1) return "About an hour";
  if (whole_hours < 48) return plural(whole_hours, "hours");
  if (whole_hours < 24 * 7 * 2) return plural(whole_hours / 24, "days");
  if (whole_hours < 24 * 30 * 2) return plural(whole_hours / 24 / 7, "weeks");
  if (whole_hours < 24 * 365 * 2) return plural(whole_hours / 24 / 30, "months");
  return plural(whole_hours / 24 / 365, "years");
}

std::string status_text(const Record& record, std::string_view health, api::Timestamp now) {
  const auto since = [&](const std::optional<api::Timestamp>& time) {
    return human_duration(time ? now - *time : std::chrono::nanoseconds{0});
  };
  switch (record.state) {
    case State::created: return "Created";
    case State::running: {
      std::string text = "Up " + since(record.started_at);
      if (health == "starting")
        text += " (health: starting)";
      else if (!health.empty())
        text += fmt::format(" ({})", health);
      return text;
    }
    case State::paused: return "Up " + since(record.started_at) + " (Paused)";
    case State::restarting: return fmt::format("Restarting ({}) {} ago", record.exit_code, since(record.finished_at));
    case State::removing: return "Removal In Progress";
    case State::exited: return fmt::format("Exited ({}) {} ago", record.exit_code, since(record.finished_at));
    case State::dead: return "Dead";
  }
  return "";
}

api::Timestamp now() { return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now()); }

}  // namespace stack::engine::container
