// From the flags to the body of POST /containers/create.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/units.hpp"
#include "cli/container_options/csv.hpp"
#include "cli/container_options/environment.hpp"
#include "cli/container_options/limits.hpp"
#include "cli/container_options/mounts.hpp"
#include "cli/container_options/networks.hpp"
#include "cli/container_options/options.hpp"
#include "cli/container_options/ports.hpp"
#include "cli/key_values.hpp"

namespace stack::cli::container_options {

namespace api = engine::api;

namespace {

std::chrono::nanoseconds duration(std::string_view flag, const std::string& text) {
  if (text.empty()) return std::chrono::nanoseconds(0);
  try {
    return parse_duration(text);
  } catch (const Error& error) {
    throw FlagError(fmt::format("invalid value \"{}\" for {}: {}", text, flag, error.what()));
  }
}

std::optional<api::HealthConfig> health_of(const ContainerOptions& options) {
  api::HealthConfig health;
  health.interval = duration("--health-interval", options.health_interval);
  health.timeout = duration("--health-timeout", options.health_timeout);
  health.start_period = duration("--health-start-period", options.health_start_period);
  health.start_interval = duration("--health-start-interval", options.health_start_interval);
  health.retries = options.health_retries.value_or(0);
  if (!options.health_command.empty()) health.test = {"CMD-SHELL", options.health_command};
  const bool any = !health.test.empty() || health.interval.count() != 0 || health.timeout.count() != 0 ||
                   health.start_period.count() != 0 || health.start_interval.count() != 0 || health.retries != 0;
  if (options.no_healthcheck && any) throw UsageError("--no-healthcheck conflicts with --health-* options");
  if (options.no_healthcheck) health.test = {"NONE"};
  return any || options.no_healthcheck ? std::optional(health) : std::nullopt;
}

void set_streams(const ContainerOptions& options, api::ContainerConfig& config) {
  for (const std::string& stream : options.attach)
    if (stream != "stdin" && stream != "stdout" && stream != "stderr")
      throw FlagError(fmt::format("invalid value \"{}\" for --attach: stdin, stdout or stderr is needed", stream));
  const auto joined = [&](const char* stream) {
    return std::find(options.attach.begin(), options.attach.end(), stream) != options.attach.end();
  };
  const bool all = options.attach.empty();
  config.attach_stdin = all ? options.interactive : joined("stdin");
  config.attach_stdout = all || joined("stdout");
  config.attach_stderr = all || joined("stderr");
  config.open_stdin = options.interactive;
  config.stdin_once = config.open_stdin && config.attach_stdin;
  config.tty = options.tty;
}

void set_process(const ContainerOptions& options, api::ContainerConfig& config) {
  set_streams(options, config);
  config.image = options.words.front();
  if (options.words.size() > 1) config.cmd.emplace(options.words.begin() + 1, options.words.end());
  if (options.entrypoint) config.entrypoint.emplace(1, *options.entrypoint);
  config.env = environment_of(options.environment_files, options.environment);
  config.labels = labels_of(options.label_files, options.labels);
  config.user = options.user;
  config.working_dir = options.directory;
  config.hostname = options.hostname;
  config.domainname = options.domainname;
  config.stop_signal = options.stop_signal;
  if (options.stop_timeout) config.stop_timeout = *options.stop_timeout;
  config.healthcheck = health_of(options);
}

/// "net_admin" → "CAP_NET_ADMIN"; "ALL" stays.
std::vector<std::string> capabilities(const Texts& texts) {
  std::vector<std::string> names;
  for (const std::string& text : texts) {
    std::string name = text;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
    if (name != "ALL" && !name.starts_with("CAP_")) name.insert(0, "CAP_");
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// "DEVICE[:PATH[:rwm]]"
api::DeviceMapping parse_device(const std::string& text) {
  api::DeviceMapping device;
  const std::size_t first = text.find(':');
  const std::size_t second = first == std::string::npos ? first : text.find(':', first + 1);
  device.path_on_host = text.substr(0, first);
  device.path_in_container = device.path_on_host;
  device.cgroup_permissions = "rwm";
  const auto is_mode = [](const std::string& word) {
    return !word.empty() && word.find_first_not_of("rwm") == std::string::npos;
  };
  if (first == std::string::npos) return device;
  const std::string middle = text.substr(first + 1, second == std::string::npos ? second : second - first - 1);
  if (second == std::string::npos && is_mode(middle))
    device.cgroup_permissions = middle;
  else
    device.path_in_container = middle;
  if (second != std::string::npos) device.cgroup_permissions = text.substr(second + 1);
  if (!is_mode(device.cgroup_permissions))
    throw UsageError(
        fmt::format("invalid value \"{}\" for --device: \"{}\" is no set of r, w and m", text, device.cgroup_permissions));
  return device;
}

/// "all", "2", "device=0,1" ...
api::DeviceRequest parse_gpus(const std::string& text) {
  api::DeviceRequest request;
  bool counted = false;
  bool named = false;
  for (const CsvField& field : csv_fields(text, "--gpus")) {
    const bool bare = !field.value;
    const std::string& value = bare ? field.name : *field.value;
    const auto add_words = [&](std::vector<std::string>& words) {
      for (const CsvField& word : csv_fields(value, "--gpus")) words.push_back(word.name);
    };
    if (bare || field.name == "count") {
      if (value != "all" && value.find_first_not_of("0123456789") != std::string::npos)
        throw FlagError(fmt::format("invalid value \"{}\" for --gpus: all, a number, or NAME=VALUE pairs are needed", text));
      request.count = value == "all" ? -1 : std::stoll("0" + value.substr(0, 9));
      counted = true;
    } else if (field.name == "device") {
      add_words(request.device_ids);
      named = true;
    } else if (field.name == "driver") {
      request.driver = value;
    } else if (field.name == "capabilities") {
      request.capabilities.emplace_back();
      add_words(request.capabilities.back());
    } else if (field.name == "options") {
      request.options[value.substr(0, value.find('='))] =
          value.find('=') == std::string::npos ? "" : value.substr(value.find('=') + 1);
    } else {
      throw FlagError(fmt::format("invalid value \"{}\" for --gpus: unexpected key \"{}\"", text, field.name));
    }
  }
  if (!counted && !named) request.count = 1;
  if (request.capabilities.empty()) request.capabilities.emplace_back();
  if (auto& last = request.capabilities.back(); std::find(last.begin(), last.end(), "gpu") == last.end())
    last.emplace_back("gpu");
  return request;
}

/// "a=1.2.3.4" is "a:1.2.3.4" as well.
std::string extra_host(const std::string& text) {
  const std::size_t separator = std::min(text.find('='), text.find(':'));
  if (separator == std::string::npos || separator == 0 || separator + 1 == text.size())
    throw FlagError(fmt::format("invalid value \"{}\" for --add-host: NAME:IP is needed", text));
  std::string address = text.substr(separator + 1);
  if (text[separator] == '=' && address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  return text.substr(0, separator) + ":" + address;
}

/// A seccomp profile goes to the engine by its content.
void add_security(const std::string& text, api::HostConfig& host) {
  if (text == "systempaths=unconfined") {
    host.masked_paths.emplace();
    host.readonly_paths.emplace();
    return;
  }
  constexpr std::string_view seccomp = "seccomp";
  const std::string value = text.size() > seccomp.size() + 1 ? text.substr(seccomp.size() + 1) : "";
  const bool file = text.starts_with(seccomp) && text.size() > seccomp.size() &&
                    (text[seccomp.size()] == '=' || text[seccomp.size()] == ':') && value != "unconfined" && value != "builtin";
  if (!file) {
    host.security_opt.push_back(text);
    return;
  }
  std::ifstream input(value, std::ios::binary);
  if (!input) throw errno_error("read the seccomp profile " + value);
  const std::string profile(std::istreambuf_iterator<char>(input), {});
  const nlohmann::ordered_json parsed = nlohmann::ordered_json::parse(profile, nullptr, false);
  if (parsed.is_discarded()) throw UsageError(fmt::format("the seccomp profile {} is no JSON", value));
  host.security_opt.push_back("seccomp=" + parsed.dump());
}

void set_files(const ContainerOptions& options, api::ContainerCreateRequest& request) {
  for (const std::string& text : options.volumes) add_volume(text, request);
  for (const std::string& text : options.mounts) request.host_config.mounts.push_back(parse_mount(text));
  for (const std::string& text : options.tmpfs) add_tmpfs(text, request);
  for (const std::string& text : options.devices) request.host_config.devices.push_back(parse_device(text));
  for (const std::string& text : options.gpus) request.host_config.device_requests.push_back(parse_gpus(text));
  request.host_config.device_cgroup_rules = options.device_rules;
  request.host_config.volumes_from = options.volumes_from;
  request.host_config.volume_driver = options.volume_driver;
  request.host_config.readonly_rootfs = options.read_only;
  request.host_config.storage_opt = key_values_of("--storage-opt", options.storage_options);
}

void set_isolation(const ContainerOptions& options, api::HostConfig& host) {
  host.privileged = options.privileged;
  host.cap_add = capabilities(options.cap_add);
  host.cap_drop = capabilities(options.cap_drop);
  for (const std::string& text : options.security) add_security(text, host);
  host.cgroupns_mode = options.cgroup_namespace;
  host.ipc_mode = options.ipc;
  host.pid_mode = options.pid;
  host.userns_mode = options.user_namespace;
  host.uts_mode = options.uts;
  host.group_add = options.groups;
  host.init = options.init;
  host.runtime = options.runtime;
  host.isolation = options.isolation;
}

}  // namespace

api::ContainerCreateRequest request_of(const ContainerOptions& options) {
  api::ContainerCreateRequest request;
  set_process(options, request.config);
  set_files(options, request);
  set_limits(options, request.host_config);
  set_isolation(options, request.host_config);
  set_networks(options, request);
  set_ports(options.publish, options.expose, request);
  api::HostConfig& host = request.host_config;
  host.publish_all_ports = options.publish_all;
  host.dns = options.dns;
  host.dns_options = options.dns_options;
  host.dns_search = options.dns_search;
  for (const std::string& text : options.hosts) host.extra_hosts.push_back(extra_host(text));
  host.restart_policy = parse_restart_policy(options.restart);
  host.auto_remove = options.remove;
  if (host.auto_remove && host.restart_policy.name != "no" && !host.restart_policy.name.empty())
    throw UsageError("conflicting options: cannot specify both --restart and --rm");
  host.container_id_file = options.cidfile;
  host.log_config.type = options.log_driver;
  host.log_config.config = key_values_of("--log-opt", options.log_options);
  host.annotations = key_values_of("--annotation", options.annotations);
  return request;
}

}  // namespace stack::cli::container_options
