#include "engine/container/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "engine/container/host_checks.hpp"
#include "engine/container/log_config.hpp"
#include "engine/container/restart.hpp"
#include "engine/container/runtimes.hpp"
#include "engine/runtime/spec.hpp"

namespace stack::engine::container {

namespace {

using namespace std::chrono_literals;

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::invalid_argument, message); }

std::string_view key_of(std::string_view assignment) { return assignment.substr(0, assignment.find('=')); }

void merge_environment(std::vector<std::string>& env, const std::vector<std::string>& image) {
  std::vector<std::string> merged = env;
  for (const auto& inherited : image) {
    const bool overridden =
        std::any_of(env.begin(), env.end(), [&](const auto& own) { return key_of(own) == key_of(inherited); });
    if (!overridden) merged.push_back(inherited);
  }
  env = std::move(merged);
}

void merge_healthcheck(std::optional<api::HealthConfig>& health, const std::optional<image::HealthCheck>& image) {
  if (!image) return;
  if (!health) health.emplace();
  if (health->test.empty()) health->test = image->test;
  if (health->interval == 0ns) health->interval = image->interval;
  if (health->timeout == 0ns) health->timeout = image->timeout;
  if (health->start_period == 0ns) health->start_period = image->start_period;
  if (health->start_interval == 0ns) health->start_interval = image->start_interval;
  if (health->retries == 0) health->retries = image->retries;
}

void check_healthcheck(const std::optional<api::HealthConfig>& health) {
  if (!health) return;
  const auto check = [](std::chrono::nanoseconds value, const char* name) {
    if (value != 0ns && value < 1ms) refuse(fmt::format("{} in Healthcheck cannot be less than 1ms", name));
  };
  check(health->interval, "Interval");
  check(health->timeout, "Timeout");
  check(health->start_period, "StartPeriod");
  check(health->start_interval, "StartInterval");
  if (health->retries < 0) refuse("Retries in Healthcheck cannot be negative");
  if (!health->test.empty() && health->test.front() != "NONE" && health->test.front() != "CMD" &&
      health->test.front() != "CMD-SHELL" && !health->test.front().empty())
    refuse(fmt::format("unknown healthcheck type '{}': expected one of NONE, CMD, CMD-SHELL", health->test.front()));
}

void check_config(const api::ContainerConfig& config) {
  if (!config.working_dir.empty() && config.working_dir.front() != '/')
    refuse(fmt::format("the working directory '{}' is invalid, it needs to be an absolute path", config.working_dir));
  if (!config.stop_signal.empty()) parse_signal(config.stop_signal);
  for (const auto& variable : config.env)
    if (variable.empty() || variable.front() == '=') refuse("invalid environment variable: " + variable);
  check_healthcheck(config.healthcheck);
}

void check_memory(const api::HostConfig& host) {
  if (host.memory != 0 && host.memory < smallest_memory) refuse("Minimum memory limit allowed is 6MB");
  if (host.memory_reservation != 0 && host.memory_reservation < smallest_memory)
    refuse("Minimum memory reservation allowed is 6MB");
  if (host.memory > 0 && host.memory_reservation > host.memory)
    refuse("Minimum memory limit can not be less than memory reservation limit, see usage");
  if (host.memory > 0 && host.memory_swap > 0 && host.memory_swap < host.memory)
    refuse("Minimum memoryswap limit should be larger than memory limit, see usage");
  if (host.memory == 0 && host.memory_swap > 0)
    refuse("You should always set the Memory limit when using Memoryswap limit, see usage");
  if (host.memory_swappiness && (*host.memory_swappiness < -1 || *host.memory_swappiness > 100))
    refuse(fmt::format("Invalid value: {}, valid memory swappiness range is 0-100", *host.memory_swappiness));
  if (host.shm_size < 0) refuse("SHM size can not be less than 0");
}

void check_cpu(const api::HostConfig& host, const HostFacts& facts) {
  if (host.nano_cpus > 0 && host.cpu_period > 0) refuse("Conflicting options: Nano CPUs and CPU Period cannot both be set");
  if (host.nano_cpus > 0 && host.cpu_quota > 0) refuse("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
  if (host.nano_cpus < 0 || host.nano_cpus > facts.cpus * std::int64_t{1'000'000'000})
    refuse(fmt::format("range of CPUs is from 0.01 to {}.00, as there are only {} CPUs available", facts.cpus, facts.cpus));
  if (host.cpu_period != 0 && (host.cpu_period < 1000 || host.cpu_period > 1'000'000))
    refuse("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
  if (host.cpu_quota > 0 && host.cpu_quota < 1000) refuse("CPU cfs quota can not be less than 1ms (i.e. 1000)");
  if (host.cpu_shares < 0) refuse(fmt::format("invalid CPU shares ({}): value must be a positive integer", host.cpu_shares));
  if (host.oom_score_adj < -1000 || host.oom_score_adj > 1000)
    refuse(fmt::format("Invalid value {}, range for oom score adj is [-1000, 1000]", host.oom_score_adj));
}

void check_capabilities(const std::vector<std::string>& names, const char* field) {
  for (const auto& name : names) {
    try {
      runtime::normalize_capability(name);
    } catch (const Error&) {
      std::string shown = name;
      std::transform(shown.begin(), shown.end(), shown.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      if (shown.rfind("CAP_", 0) != 0) shown = "CAP_" + shown;
      refuse(fmt::format("invalid {}: unknown capability: \"{}\"", field, shown));
    }
  }
}

bool is_port_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value <= 65535;
}

void check_port_range(const std::string& text) {
  const auto dash = text.find('-');
  const bool valid = dash == std::string::npos ? is_port_number(text)
                                               : is_port_number(std::string_view(text).substr(0, dash)) &&
                                                     is_port_number(std::string_view(text).substr(dash + 1));
  if (!valid) refuse(fmt::format("invalid port specification: \"{}\"", text));
}

void check_ports(const api::PortMap& ports) {
  for (const auto& [port, bindings] : ports) {
    const auto slash = port.find('/');
    const std::string number = port.substr(0, slash);
    if (!is_port_number(number) || number == "0") refuse(fmt::format("invalid port specification: \"{}\"", number));
    const std::string protocol = slash == std::string::npos ? "tcp" : port.substr(slash + 1);
    if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") refuse(fmt::format("invalid protocol: {}", protocol));
    for (const auto& binding : bindings)
      if (!binding.host_port.empty()) check_port_range(binding.host_port);
  }
}

void check_extra_hosts(const std::vector<std::string>& hosts) {
  for (const auto& host : hosts) {
    const auto colon = host.find(':');
    if (colon == std::string::npos || colon == 0) refuse(fmt::format("bad format for add-host: \"{}\"", host));
  }
}

void check_host_config(const api::HostConfig& host, const HostFacts& facts) {
  check_restart_policy(host.restart_policy);
  const std::string& restart = host.restart_policy.name;
  if (host.auto_remove && !restart.empty() && restart != "no")
    refuse("can't create 'AutoRemove' container with restart policy");
  check_memory(host);
  check_cpu(host, facts);
  check_log_config(host.log_config);
  check_capabilities(host.cap_add, "CapAdd");
  check_capabilities(host.cap_drop, "CapDrop");
  check_ports(host.port_bindings);
  check_extra_hosts(host.extra_hosts);
  check_runtime(host.runtime);
  if (!host.volume_driver.empty() && host.volume_driver != "local")
    throw Error(ErrorCode::not_found,
                fmt::format("error looking up volume plugin {0}: plugin \"{0}\" not found", host.volume_driver));
}

void fill_defaults(api::HostConfig& host, const HostFacts& facts) {
  if (host.network_mode.empty() || host.network_mode == "default") host.network_mode = "bridge";
  if (host.restart_policy.name.empty()) host.restart_policy.name = "no";
  host.log_config.type = log_driver(host.log_config);
  if (host.runtime.empty()) host.runtime = "runc";
  if (host.shm_size == 0) host.shm_size = default_shm_size;
  if (host.ipc_mode.empty()) host.ipc_mode = "private";
  if (host.cgroupns_mode.empty()) host.cgroupns_mode = facts.unified_cgroups && !host.privileged ? "private" : "host";
  if (host.memory > 0 && host.memory_swap == 0) host.memory_swap = host.memory * 2;
  if (host.console_size.empty()) host.console_size = {0, 0};
  if (!facts.unified_cgroups && !host.oom_kill_disable) host.oom_kill_disable = false;
  if (host.pids_limit && *host.pids_limit <= 0) host.pids_limit.reset();
  if (host.privileged) {
    if (!host.masked_paths) host.masked_paths.emplace();
    if (!host.readonly_paths) host.readonly_paths.emplace();
  } else {
    const runtime::Spec defaults = runtime::default_spec();
    if (!host.masked_paths) host.masked_paths = defaults.linux_.masked_paths;
    if (!host.readonly_paths) host.readonly_paths = defaults.linux_.readonly_paths;
  }
}

constexpr std::array<std::pair<const char*, int>, 34> signals{
    {{"ABRT", SIGABRT},     {"ALRM", SIGALRM},     {"BUS", SIGBUS},   {"CHLD", SIGCHLD}, {"CLD", SIGCHLD},  {"CONT", SIGCONT},
     {"FPE", SIGFPE},       {"HUP", SIGHUP},       {"ILL", SIGILL},   {"INT", SIGINT},   {"IO", SIGIO},     {"IOT", SIGIOT},
     {"KILL", SIGKILL},     {"PIPE", SIGPIPE},     {"POLL", SIGPOLL}, {"PROF", SIGPROF}, {"PWR", SIGPWR},   {"QUIT", SIGQUIT},
     {"SEGV", SIGSEGV},     {"STKFLT", SIGSTKFLT}, {"STOP", SIGSTOP}, {"SYS", SIGSYS},   {"TERM", SIGTERM}, {"TRAP", SIGTRAP},
     {"TSTP", SIGTSTP},     {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU}, {"URG", SIGURG},   {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
     {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH},   {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ}}};

std::optional<int> real_time_signal(std::string_view name) {
  const auto offset = [](std::string_view digits) -> std::optional<int> {
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} && end == digits.data() + digits.size() ? std::optional(value) : std::nullopt;
  };
  constexpr int first = 34;  // as the C library's clients see them
  constexpr int last = 64;
  std::optional<int> result;
  if (name == "RTMIN")
    result = first;
  else if (name == "RTMAX")
    result = last;
  else if (name.substr(0, 6) == "RTMIN+") {
    if (const auto n = offset(name.substr(6))) result = first + *n;
  } else if (name.substr(0, 6) == "RTMAX-") {
    if (const auto n = offset(name.substr(6))) result = last - *n;
  }
  return result && *result >= first && *result <= last ? result : std::nullopt;
}

}  // namespace

int parse_signal(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) {
    if (number > 0 && number <= 64) return number;
    refuse("invalid signal: " + text);
  }
  std::string name = text;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (name.rfind("SIG", 0) == 0) name.erase(0, 3);
  for (const auto& [known, value] : signals)
    if (name == known) return value;
  if (const auto value = real_time_signal(name)) return *value;
  refuse("invalid signal: " + text);
}

int stop_signal(const api::ContainerConfig& config) {
  return config.stop_signal.empty() ? SIGTERM : parse_signal(config.stop_signal);
}

std::int64_t stop_timeout(const api::ContainerConfig& config) { return config.stop_timeout.value_or(default_stop_timeout); }

std::string shared_with(const std::string& mode) { return mode.rfind("container:", 0) == 0 ? mode.substr(10) : std::string(); }

void merge_image_config(api::ContainerConfig& config, const image::RunConfig& image) {
  if (config.user.empty()) config.user = image.user;
  config.exposed_ports.insert(image.exposed_ports.begin(), image.exposed_ports.end());
  merge_environment(config.env, image.env);
  for (const auto& [key, value] : image.labels) config.labels.emplace(key, value);
  if (!config.entrypoint || config.entrypoint->empty()) {
    // an entrypoint of one's own makes the image's command meaningless
    const bool cleared = config.entrypoint && config.entrypoint->empty();
    if ((!config.cmd || config.cmd->empty()) && !image.cmd.empty()) config.cmd = image.cmd;
    if (!cleared && !image.entrypoint.empty()) config.entrypoint = image.entrypoint;
  }
  if (config.entrypoint && config.entrypoint->size() == 1 && config.entrypoint->front().empty()) config.entrypoint.reset();
  merge_healthcheck(config.healthcheck, image.healthcheck);
  if (config.working_dir.empty()) config.working_dir = image.working_dir;
  config.volumes.insert(image.volumes.begin(), image.volumes.end());
  if (config.stop_signal.empty()) config.stop_signal = image.stop_signal;
  if (config.shell.empty()) config.shell = image.shell;
}

std::vector<std::string> command_line(const api::ContainerConfig& config) {
  std::vector<std::string> argv;
  if (config.entrypoint) argv = *config.entrypoint;
  if (config.cmd) argv.insert(argv.end(), config.cmd->begin(), config.cmd->end());
  if (argv.empty()) refuse("no command specified");
  return argv;
}

std::vector<std::string> check_resources(api::HostConfig& asked, const HostFacts& host) {
  std::vector<std::string> warnings;
  api::HostConfig memory = asked;
  if (memory.memory == 0) memory.memory_swap = 0;  // its partner is the limit that is there already
  check_memory(memory);
  check_cpu(asked, host);
  check_limits(asked, host, warnings);
  return warnings;
}

Settings resolve_settings(const api::ContainerCreateRequest& request, const image::RunConfig& image, const HostFacts& host) {
  Settings settings{request.config, request.host_config, {}};
  merge_image_config(settings.config, image);
  check_config(settings.config);
  command_line(settings.config);
  check_host_config(settings.host_config, host);
  check_isolation_and_limits(request.config, settings.host_config, host, settings.warnings);
  if (settings.host_config.network_mode == "host" &&
      (!settings.host_config.port_bindings.empty() || settings.host_config.publish_all_ports))
    settings.warnings.emplace_back("Published ports are discarded when using host network mode");
  fill_defaults(settings.host_config, host);
  return settings;
}

}  // namespace stack::engine::container
