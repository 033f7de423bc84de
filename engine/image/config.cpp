#include "engine/image/config.hpp"

#include <fmt/format.h>

#include <ctime>

#include "base/json.hpp"

namespace stack::engine::image {

namespace {

using nlohmann::json;

json keys_object(const std::set<std::string>& keys) {
  json object = json::object();
  for (const auto& key : keys) object[key] = json::object();
  return object;
}

json health_document(const HealthCheck& check) {
  json value = json::object();
  if (!check.test.empty()) value["Test"] = check.test;
  if (check.interval.count() != 0) value["Interval"] = check.interval.count();
  if (check.timeout.count() != 0) value["Timeout"] = check.timeout.count();
  if (check.start_period.count() != 0) value["StartPeriod"] = check.start_period.count();
  if (check.start_interval.count() != 0) value["StartInterval"] = check.start_interval.count();
  if (check.retries != 0) value["Retries"] = check.retries;
  return value;
}

json config_document(const RunConfig& config) {
  json value = json::object();
  if (!config.user.empty()) value["User"] = config.user;
  if (!config.exposed_ports.empty()) value["ExposedPorts"] = keys_object(config.exposed_ports);
  if (!config.env.empty()) value["Env"] = config.env;
  if (!config.entrypoint.empty()) value["Entrypoint"] = config.entrypoint;
  if (!config.cmd.empty()) value["Cmd"] = config.cmd;
  if (!config.volumes.empty()) value["Volumes"] = keys_object(config.volumes);
  if (!config.working_dir.empty()) value["WorkingDir"] = config.working_dir;
  if (!config.labels.empty()) value["Labels"] = config.labels;
  if (!config.stop_signal.empty()) value["StopSignal"] = config.stop_signal;
  if (config.healthcheck) value["Healthcheck"] = health_document(*config.healthcheck);
  if (!config.shell.empty()) value["Shell"] = config.shell;
  if (!config.on_build.empty()) value["OnBuild"] = config.on_build;
  return value;
}

void read_duration(const json& object, const char* key, std::chrono::nanoseconds& target, const std::string& where) {
  std::int64_t count = target.count();
  stack::json::read(object, key, count, where);
  target = std::chrono::nanoseconds(count);
}

HealthCheck parse_health(const json& value, const std::string& where) {
  if (!value.is_object()) throw Error(ErrorCode::invalid_argument, where + ": must be an object");
  HealthCheck check;
  stack::json::read(value, "Test", check.test, where);
  read_duration(value, "Interval", check.interval, where);
  read_duration(value, "Timeout", check.timeout, where);
  read_duration(value, "StartPeriod", check.start_period, where);
  read_duration(value, "StartInterval", check.start_interval, where);
  stack::json::read(value, "Retries", check.retries, where);
  return check;
}

RunConfig parse_run_config(const json& value, const std::string& where) {
  if (!value.is_object()) throw Error(ErrorCode::invalid_argument, where + ": must be an object");
  RunConfig config;
  stack::json::read(value, "User", config.user, where);
  stack::json::read_keys(value, "ExposedPorts", config.exposed_ports, where);
  stack::json::read(value, "Env", config.env, where);
  stack::json::read(value, "Entrypoint", config.entrypoint, where);
  stack::json::read(value, "Cmd", config.cmd, where);
  stack::json::read_keys(value, "Volumes", config.volumes, where);
  stack::json::read(value, "WorkingDir", config.working_dir, where);
  stack::json::read(value, "Labels", config.labels, where);
  stack::json::read(value, "StopSignal", config.stop_signal, where);
  stack::json::read(value, "Shell", config.shell, where);
  stack::json::read(value, "OnBuild", config.on_build, where);
  if (const auto health = value.find("Healthcheck"); health != value.end() && !health->is_null())
    config.healthcheck = parse_health(*health, where + ".Healthcheck");
  return config;
}

json history_document(const HistoryEntry& entry) {
  json value = json::object();
  if (!entry.created.empty()) value["created"] = entry.created;
  if (!entry.created_by.empty()) value["created_by"] = entry.created_by;
  if (!entry.author.empty()) value["author"] = entry.author;
  if (!entry.comment.empty()) value["comment"] = entry.comment;
  if (entry.empty_layer) value["empty_layer"] = true;
  return value;
}

HistoryEntry parse_history(const json& value) {
  const std::string where = "history";
  if (!value.is_object()) throw Error(ErrorCode::invalid_argument, where + ": must hold objects");
  HistoryEntry entry;
  stack::json::read(value, "created", entry.created, where);
  stack::json::read(value, "created_by", entry.created_by, where);
  stack::json::read(value, "author", entry.author, where);
  stack::json::read(value, "comment", entry.comment, where);
  stack::json::read(value, "empty_layer", entry.empty_layer, where);
  return entry;
}

}  // namespace

std::string to_text(const ImageConfig& config) {
  json value = json::object();
  if (!config.created.empty()) value["created"] = config.created;
  if (!config.author.empty()) value["author"] = config.author;
  value["architecture"] = config.architecture;
  if (!config.variant.empty()) value["variant"] = config.variant;
  value["os"] = config.os;
  if (!config.comment.empty()) value["comment"] = config.comment;
  value["config"] = config_document(config.config);
  value["rootfs"] = {{"type", "layers"}, {"diff_ids", config.diff_ids}};
  value["history"] = json::array();
  for (const auto& entry : config.history) value["history"].push_back(history_document(entry));
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

ImageConfig parse_image_config(const std::string& text) {
  const std::string where = "image configuration";
  const json value = stack::json::parse_object(text, where);
  ImageConfig config;
  stack::json::read(value, "created", config.created, where);
  stack::json::read(value, "author", config.author, where);
  stack::json::read(value, "architecture", config.architecture, where);
  stack::json::read(value, "variant", config.variant, where);
  stack::json::read(value, "os", config.os, where);
  stack::json::read(value, "comment", config.comment, where);
  if (const auto found = value.find("config"); found != value.end() && !found->is_null())
    config.config = parse_run_config(*found, "config");
  if (const auto found = value.find("rootfs"); found != value.end() && found->is_object())
    stack::json::read(*found, "diff_ids", config.diff_ids, "rootfs");
  if (const auto found = value.find("history"); found != value.end() && found->is_array())
    for (const auto& entry : *found) config.history.push_back(parse_history(entry));
  return config;
}

nlohmann::json to_json(const HealthCheck& check) { return health_document(check); }

nlohmann::json to_json(const RunConfig& config) {
  json value = config_document(config);
  for (const char* key : {"Cmd", "Entrypoint", "Env", "Labels", "OnBuild", "Volumes"})
    if (!value.contains(key)) value[key] = nullptr;
  for (const char* key : {"User", "WorkingDir"})
    if (!value.contains(key)) value[key] = "";
  return value;
}

std::string rfc3339_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:09}Z", date, now.tv_nsec);
}

}  // namespace stack::engine::image
