#include "engine/container/health.hpp"

#include <algorithm>
#include <utility>

namespace stack::engine::container {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::nanoseconds default_interval = 30s;
constexpr std::chrono::nanoseconds default_timeout = 30s;
constexpr std::chrono::nanoseconds default_start_interval = 5s;
constexpr std::chrono::nanoseconds first_probe = 50ms;
constexpr std::chrono::nanoseconds longest_early_pause = 1s;
constexpr int default_retries = 3;

std::chrono::nanoseconds or_default(std::chrono::nanoseconds value, std::chrono::nanoseconds otherwise) {
  return value > 0ns ? value : otherwise;
}

}  // namespace

std::optional<HealthSettings> health_settings(const api::ContainerConfig& config) {
  if (!config.healthcheck || config.healthcheck->test.empty()) return std::nullopt;
  const api::HealthConfig& health = *config.healthcheck;
  HealthSettings settings;
  if (health.test.front() == "CMD") {
    settings.argv.assign(health.test.begin() + 1, health.test.end());
  } else if (health.test.front() == "CMD-SHELL") {
    settings.argv = config.shell.empty() ? std::vector<std::string>{"/bin/sh", "-c"} : config.shell;
    settings.argv.insert(settings.argv.end(), health.test.begin() + 1, health.test.end());
  }
  if (settings.argv.empty()) return std::nullopt;
  settings.interval = or_default(health.interval, default_interval);
  settings.timeout = or_default(health.timeout, default_timeout);
  settings.start_period = std::max(health.start_period, 0ns);
  settings.has_start_interval = health.start_interval > 0ns;
  settings.start_interval = or_default(health.start_interval, default_start_interval);
  settings.retries = health.retries > 0 ? static_cast<int>(health.retries) : default_retries;
  return settings;
}

HealthTracker::HealthTracker(HealthSettings settings) : settings_(std::move(settings)) { health_.status = "starting"; }

std::chrono::nanoseconds HealthTracker::first_counted() const {
  return settings_.start_period > 0ns ? std::min(settings_.start_interval, settings_.interval) : settings_.interval;
}

std::chrono::nanoseconds HealthTracker::next_probe(std::chrono::nanoseconds last_ended) const {
  const bool starting = health_.status == "starting";
  if (probes_ == 0) return std::min(settings_.has_start_interval ? settings_.start_interval : first_probe, settings_.interval);
  if (!starting) return last_ended + settings_.interval;
  if (last_ended < settings_.start_period) {
    if (settings_.has_start_interval) return last_ended + settings_.start_interval;
  } else if (last_ended >= first_counted()) {
    return last_ended + settings_.interval;
  }
  // early: 100 ms, 200 ms … but never later than the probe that counts
  const auto pause = std::min<std::chrono::nanoseconds>(first_probe * (1LL << std::min(probes_, 5)), longest_early_pause);
  const auto regular = last_ended < settings_.start_period ? last_ended + std::min(settings_.start_interval, settings_.interval)
                                                           : first_counted();
  return std::min(last_ended + pause, std::max(regular, last_ended));
}

bool HealthTracker::record(std::chrono::nanoseconds began, api::HealthResult result) {
  const std::string before = health_.status;
  ++probes_;
  if (result.exit_code == 0) {
    health_.failing_streak = 0;
    health_.status = "healthy";
  } else {
    const bool excused = health_.status == "starting" && (began < settings_.start_period || began < first_counted());
    if (!excused && ++health_.failing_streak >= settings_.retries) health_.status = "unhealthy";
  }
  health_.log.push_back(std::move(result));
  if (health_.log.size() > health_log_length) health_.log.erase(health_.log.begin());
  return health_.status != before;
}

void HealthTracker::stop() { health_.status = "unhealthy"; }

}  // namespace stack::engine::container
