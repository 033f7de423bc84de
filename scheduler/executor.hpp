#pragma once
// Runs a plan: each operation as soon as those before it have succeeded. Decides nothing.
#include <boost/asio/awaitable.hpp>
#include <map>
#include <string>

#include "engine/api/client.hpp"
#include "scheduler/plan.hpp"
#include "scheduler/progress.hpp"
#include "scheduler/reconcile.hpp"

namespace stack::scheduler {

namespace asio = boost::asio;

struct ExecuteResult {
  std::map<int, std::string> ids;  ///< what an operation made: container, network or image id
};

/// When an operation fails, those that wait for it are skipped, the others are finished, and then the first failure is thrown:
/// "service web (compose.yaml:3:5): ..." with its code. Cancelling it (asio cancellation, type terminal) cancels the requests
/// in flight and throws operation_aborted.
asio::awaitable<ExecuteResult> execute(api::Client& client, Plan plan, Progress& progress);

/// `up` as a whole: observe, reconcile, execute; images first where the rest depends on them. Gives the plan that was executed
/// last.
asio::awaitable<Plan> converge(api::Client& client, const compose::Project& project, ReconcileOptions options,
                               Progress& progress);

}  // namespace stack::scheduler
