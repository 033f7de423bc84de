#include "cli/container_options/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/units.hpp"
#include "cli/key_values.hpp"

namespace stack::cli::container_options {

namespace api = engine::api;

namespace {

std::int64_t whole(const std::string& flag, std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size())
    throw FlagError(fmt::format("invalid value \"{}\" for {}: a whole number is needed", text, flag));
  return number;
}

/// "DEVICE:VALUE"
std::pair<std::string, std::string> of_device(const std::string& flag, const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || !text.starts_with("/dev/"))
    throw FlagError(fmt::format("invalid value \"{}\" for {}: /dev/DEVICE:VALUE is needed", text, flag));
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::vector<api::ThrottleDevice> rates(const std::string& flag, const Texts& texts, bool bytes) {
  std::vector<api::ThrottleDevice> devices;
  for (const std::string& text : texts) {
    const auto [path, value] = of_device(flag, text);
    const std::int64_t rate = bytes ? size_of(flag, value) : whole(flag, value);
    if (rate < 0) throw FlagError(fmt::format("invalid value \"{}\" for {}: a rate is not negative", text, flag));
    devices.push_back({.path = path, .rate = static_cast<std::uint64_t>(rate)});
  }
  return devices;
}

void set_block_io(const ContainerOptions& options, api::HostConfig& host) {
  host.blkio_weight = static_cast<std::uint16_t>(std::clamp(options.blkio_weight.value_or(0), 0, 65535));
  for (const std::string& text : options.blkio_weight_devices) {
    const auto [path, weight] = of_device("--blkio-weight-device", text);
    host.blkio_weight_device.push_back(
        {.path = path, .weight = static_cast<std::uint64_t>(whole("--blkio-weight-device", weight))});
  }
  host.blkio_device_read_bps = rates("--device-read-bps", options.read_bps, true);
  host.blkio_device_write_bps = rates("--device-write-bps", options.write_bps, true);
  host.blkio_device_read_iops = rates("--device-read-iops", options.read_iops, false);
  host.blkio_device_write_iops = rates("--device-write-iops", options.write_iops, false);
}

}  // namespace

api::Ulimit parse_ulimit(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw FlagError(fmt::format("invalid value \"{}\" for --ulimit: NAME=SOFT[:HARD] is needed", text));
  const std::string values = text.substr(equals + 1);
  const std::size_t colon = values.find(':');
  api::Ulimit limit;
  limit.name = text.substr(0, equals);
  limit.soft = whole("--ulimit", values.substr(0, colon));
  limit.hard = colon == std::string::npos ? limit.soft : whole("--ulimit", values.substr(colon + 1));
  return limit;
}

std::int64_t size_of(const std::string& flag, const std::string& text) {
  if (text.empty()) return 0;
  if (text == "-1") return -1;
  try {
    return parse_byte_size(text);
  } catch (const Error& error) {
    throw FlagError(fmt::format("invalid value \"{}\" for {}: {}", text, flag, error.what()));
  }
}

api::RestartPolicy parse_restart_policy(const std::string& text) {
  api::RestartPolicy policy;
  const std::size_t colon = text.find(':');
  policy.name = text.substr(0, colon);
  if (colon != std::string::npos) policy.maximum_retry_count = whole("--restart", text.substr(colon + 1));
  return policy;
}

void set_limits(const ContainerOptions& options, api::HostConfig& host) {
  host.memory = size_of("--memory", options.memory);
  host.memory_reservation = size_of("--memory-reservation", options.memory_reservation);
  host.memory_swap = size_of("--memory-swap", options.memory_swap);
  host.memory_swappiness = options.memory_swappiness.value_or(-1);
  host.shm_size = size_of("--shm-size", options.shm_size);
  if (!options.cpus.empty()) host.nano_cpus = parse_nano_cpus(options.cpus);
  host.cpu_shares = options.cpu_shares.value_or(0);
  host.cpu_period = options.cpu_period.value_or(0);
  host.cpu_quota = options.cpu_quota.value_or(0);
  host.cpu_realtime_period = options.cpu_rt_period.value_or(0);
  host.cpu_realtime_runtime = options.cpu_rt_runtime.value_or(0);
  host.cpuset_cpus = options.cpuset_cpus;
  host.cpuset_mems = options.cpuset_mems;
  host.cgroup_parent = options.cgroup_parent;
  host.pids_limit = options.pids_limit.value_or(0);
  host.oom_kill_disable = options.oom_kill_disable;
  host.oom_score_adj = options.oom_score_adj.value_or(0);
  set_block_io(options, host);
  for (const std::string& text : options.ulimits) {
    api::Ulimit limit = parse_ulimit(text);
    std::erase_if(host.ulimits, [&](const api::Ulimit& other) { return other.name == limit.name; });
    host.ulimits.push_back(std::move(limit));
  }
  std::sort(host.ulimits.begin(), host.ulimits.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  host.sysctls = key_values_of("--sysctl", options.sysctls);
}

}  // namespace stack::cli::container_options
