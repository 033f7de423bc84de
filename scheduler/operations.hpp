#pragma once
// What each kind of operation does. Private to the scheduler.
#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <string>

#include "engine/api/client.hpp"
#include "scheduler/plan.hpp"
#include "scheduler/progress.hpp"
#include "scheduler/wait.hpp"

namespace stack::scheduler {

/// What operations of one run share.
struct OperationContext {
  api::Client& client;
  Progress& progress;
  std::shared_ptr<EventHub> hub;   ///< open, when the plan has anything that waits
  std::map<int, std::string> ids;  ///< results so far
};

/// Does one operation, with its progress calls. Returns the id of what it made, if anything.
asio::awaitable<std::string> perform(std::shared_ptr<OperationContext> context, const Operation& operation);

}  // namespace stack::scheduler
