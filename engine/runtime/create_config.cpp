#include "engine/runtime/create_config.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace stack::engine::runtime {

namespace {

using nlohmann::json;

// Paths and environment values need not be UTF-8, so the document travels in a binary form of JSON, which does not check them.
std::string pack(const json& document) {
  std::string out;
  json::to_msgpack(document, out);
  return out;
}
json unpack(std::string_view text) {
  json document = json::from_msgpack(text, true, false);
  if (!document.is_object()) throw Error(ErrorCode::internal, "shim configuration cannot be read");
  return document;
}

}  // namespace

std::string print(const CreateConfig& config) {
  json document{{"id", config.id},
                {"runtime", config.runtime},
                {"init_program", config.init_program},
                {"spec", to_json(config.spec)},
                {"shim_dir", config.shim_dir},
                {"container_dir", config.container_dir},
                {"log_directory", config.log_directory},
                {"log_max_size", config.log_max_size},
                {"log_max_files", config.log_max_files},
                {"log_file_name", config.log_file_name},
                {"log_format", config.log_format},
                {"log_attributes", config.log_attributes},
                {"log_compress", config.log_compress},
                {"log_shipping", config.log_shipping},
                {"engine_lock", config.engine_lock},
                {"engine_argv", config.engine_argv},
                {"engine_environment", config.engine_environment},
                {"stdin_open", config.stdin_open},
                {"stdin_once", config.stdin_once},
                {"netns_fd", config.netns_fd},
                {"seccomp_fd", config.seccomp_fd},
                {"held", json::array()},
                {"attached", json::array()}};
  for (const auto& held : config.held) {
    document["held"].push_back({{"name", held.name},
                                {"fd", held.fd},
                                {"address", held.relay_address},
                                {"port", held.relay_port},
                                {"netns", held.relay_from_netns}});
  }
  for (const auto& attached : config.attached) document["attached"].push_back({{"fd", attached.fd}, {"flags", attached.flags}});
  return pack(document);
}

CreateConfig parse_create_config(std::string_view text) {
  const json document = unpack(text);
  CreateConfig config;
  config.id = document.at("id");
  config.runtime = document.at("runtime");
  config.init_program = document.at("init_program");
  config.spec = spec_from_json(document.at("spec"));
  config.shim_dir = document.at("shim_dir");
  config.container_dir = document.at("container_dir");
  config.log_directory = document.at("log_directory");
  config.log_max_size = document.at("log_max_size");
  config.log_max_files = document.at("log_max_files");
  config.log_file_name = document.at("log_file_name");
  config.log_format = document.at("log_format");
  config.log_attributes = document.at("log_attributes");
  config.log_compress = document.at("log_compress");
  config.log_shipping = document.at("log_shipping").get<std::vector<std::string>>();
  config.engine_lock = document.at("engine_lock");
  config.engine_argv = document.at("engine_argv").get<std::vector<std::string>>();
  config.engine_environment = document.at("engine_environment").get<std::vector<std::string>>();
  config.stdin_open = document.at("stdin_open");
  config.stdin_once = document.at("stdin_once");
  config.netns_fd = document.at("netns_fd");
  config.seccomp_fd = document.at("seccomp_fd");
  for (const auto& held : document.at("held")) {
    config.held.push_back({held.at("name"), held.at("fd"), held.at("address"), held.at("port"), held.at("netns")});
  }
  for (const auto& attached : document.at("attached")) config.attached.push_back({attached.at("fd"), attached.at("flags")});
  return config;
}

std::string print(const ExecConfig& config) {
  return pack({{"container_pid", config.container_pid},
               {"runtime", config.runtime},
               {"shim_dir", config.shim_dir},
               {"container_id", config.container_id},
               {"process", process_to_json(config.process)},
               {"cgroups_path", config.cgroups_path},
               {"seccomp_fd", config.seccomp_fd},
               {"stdio", {config.stdio[0], config.stdio[1], config.stdio[2]}},
               {"control_fd", config.control_fd},
               {"exit_fd", config.exit_fd}});
}

ExecConfig parse_exec_config(std::string_view text) {
  const json document = unpack(text);
  ExecConfig config;
  config.container_pid = document.at("container_pid");
  config.runtime = document.at("runtime");
  config.shim_dir = document.at("shim_dir");
  config.container_id = document.at("container_id");
  config.process = process_from_json(document.at("process"));
  config.cgroups_path = document.at("cgroups_path");
  config.seccomp_fd = document.at("seccomp_fd");
  for (std::size_t i = 0; i < 3; ++i) config.stdio[i] = document.at("stdio").at(i);
  config.control_fd = document.at("control_fd");
  config.exit_fd = document.at("exit_fd");
  return config;
}

std::string print(const StatusMessage& message) {
  return pack({{"pid", message.pid},
               {"started_at", message.started_at},
               {"error", message.error},
               {"step", message.step},
               {"exit_code", message.exit_code},
               {"errno", message.error_number}});
}

StatusMessage parse_status(std::string_view text) {
  if (text.empty()) return {-1, 0, "the shim ended without an answer", "shim", 125, 0};
  const json document = unpack(text);
  return {document.at("pid"),  document.at("started_at"), document.at("error"),
          document.at("step"), document.at("exit_code"),  document.at("errno")};
}

}  // namespace stack::engine::runtime
