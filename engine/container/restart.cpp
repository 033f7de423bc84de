#include "engine/container/restart.hpp"

#include <algorithm>
#include <string>

#include "base/error.hpp"

namespace stack::engine::container {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds first_delay = 100ms;
constexpr std::chrono::milliseconds longest_delay = 60s;
constexpr std::chrono::seconds healthy_run = 10s;

bool wants_restart(const api::RestartPolicy& policy, const RunEnd& end) {
  if (end.manually_stopped) return false;
  if (policy.name == "always" || policy.name == "unless-stopped") return true;
  if (policy.name != "on-failure" || end.exit_code == 0) return false;
  return policy.maximum_retry_count == 0 || end.restarts_so_far < policy.maximum_retry_count;
}

}  // namespace

std::optional<std::chrono::milliseconds> RestartBackoff::next(const api::RestartPolicy& policy, const RunEnd& end) {
  if (end.ran >= healthy_run) last_ = 0ms;
  if (!wants_restart(policy, end)) return std::nullopt;
  last_ = last_ == 0ms ? first_delay : std::min(last_ * 2, longest_delay);
  return last_;
}

bool starts_with_engine(const api::RestartPolicy& policy, bool was_active, bool manually_stopped, int exit_code) {
  if (policy.name == "always") return true;
  if (policy.name == "unless-stopped") return !manually_stopped;
  // what was cut off by the host going down did not end well
  if (policy.name == "on-failure") return !manually_stopped && (was_active || exit_code != 0);
  return false;
}

void check_restart_policy(const api::RestartPolicy& policy) {
  const std::string& name = policy.name;
  const auto refuse = [](const std::string& why) {
    throw Error(ErrorCode::invalid_argument, "invalid restart policy: " + why);
  };
  if (name != "" && name != "no" && name != "always" && name != "unless-stopped" && name != "on-failure")
    refuse("unknown policy '" + name + "'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'");
  if (policy.maximum_retry_count != 0 && name != "on-failure") {
    refuse(policy.maximum_retry_count < 0 ? "maximum retry count can only be used with 'on-failure' and cannot be negative"
                                          : "maximum retry count can only be used with 'on-failure'");
  }
  if (policy.maximum_retry_count < 0) refuse("maximum retry count cannot be negative");
}

}  // namespace stack::engine::container
