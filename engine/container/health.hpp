#pragma once
// A container's health: the rules (pure) that turn results of probes into a status, and when the next probe is due. The manager
// runs the probes.
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/api/types.hpp"

namespace stack::engine::container {

/// A health check with every default filled in.
struct HealthSettings {
  std::vector<std::string> argv;  ///< what is executed in the container
  std::chrono::nanoseconds interval{}, timeout{}, start_period{}, start_interval{};
  bool has_start_interval = false;  ///< the user chose it
  int retries = 3;
};

/// Empty: no health check, or one that is switched off (NONE).
std::optional<HealthSettings> health_settings(const api::ContainerConfig& config);

/// Follows one run of a container. Times are since the start of that run.
///
/// Docker waits one interval before its first probe. We probe at once and again with growing pauses, because the first success
/// is what everybody waits for; but failures before Docker would have looked for the first time are not counted, so a slow
/// start is judged as there.
class HealthTracker {
public:
  explicit HealthTracker(HealthSettings settings);

  /// After an engine restart: goes on with the status it had.
  void resume(const std::string& status) { health_.status = status.empty() ? "starting" : status; }

  const HealthSettings& settings() const { return settings_; }
  /// When the next probe begins, given when the last one ended (0 before the first).
  std::chrono::nanoseconds next_probe(std::chrono::nanoseconds last_ended) const;

  /// Records the result of a probe that began at `began`; true when the status changed.
  bool record(std::chrono::nanoseconds began, api::HealthResult result);

  const api::Health& health() const { return health_; }
  void stop();  ///< the container ended: unhealthy, as Docker says

private:
  std::chrono::nanoseconds first_counted() const;

  HealthSettings settings_;
  api::Health health_;
  int probes_ = 0;
};

inline constexpr std::size_t health_output_limit = 4096;  ///< bytes of a probe's output that are kept
inline constexpr std::size_t health_log_length = 5;

}  // namespace stack::engine::container
