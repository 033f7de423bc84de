#pragma once
// Waiting for containers, woken by the engine's events. Nothing is polled: a container is inspected once at the start and once
// for each of its events that may change the verdict.
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "engine/api/client.hpp"
#include "scheduler/event_hub.hpp"
#include "scheduler/plan.hpp"

namespace stack::scheduler {

/// What an inspected container means for somebody who waits. Pure.
struct Verdict {
  enum class Kind { wait, done, failed } kind = Kind::wait;
  std::string why;       ///< "container shop-db-1 is unhealthy"; while waiting: what it is instead
  bool settles = false;  ///< done, but it says so only by running: it may be about to fail
};
Verdict judge(const api::ContainerInspect& container, WaitFor condition);

/// Waits as the operation says. Throws conflict when a container cannot reach the condition any more, unavailable when the time
/// is up; the message names the container and ends with its last log lines.
asio::awaitable<void> wait_for_containers(api::Client& client, std::shared_ptr<EventHub> hub, WaitContainers wait);

/// The last lines a container wrote, each on a line of its own and indented; empty when there are none or they cannot be had.
asio::awaitable<std::string> last_log_lines(api::Client& client, std::string container, int lines);

}  // namespace stack::scheduler
