#pragma once
// Lifecycle hooks: commands run in a container right after it started (post_start) and right before it stops (pre_stop).
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "compose/types.hpp"
#include "engine/api/client.hpp"
#include "scheduler/plan.hpp"

namespace stack::scheduler {

std::vector<HookCommand> post_start_hooks(const compose::Service& service);
std::vector<HookCommand> pre_stop_hooks(const compose::Service& service);

/// Runs them one after the other, each to its end. Throws internal "post_start[0] (compose.yaml:4:5) exited with 3: …", with
/// what it wrote last, for the first that fails; those behind it are not run. not_found or conflict: the container does not
/// run.
boost::asio::awaitable<void> run_hooks(api::Client& client, std::string container, std::vector<HookCommand> hooks);

}  // namespace stack::scheduler
