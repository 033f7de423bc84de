#pragma once
// The same thing done to several containers, all at once: `kill`, `pause`, `rm` ...
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/client.hpp"
#include "scheduler/progress.hpp"

namespace stack::cli {

struct ContainerAction {
  std::string_view working;  ///< "Killing"; empty: only the result is shown
  std::string_view done;     ///< "Killed"
  std::function<boost::asio::awaitable<void>(const std::string& id)> run;
};

/// Throws the first failure, when every container has had its turn.
boost::asio::awaitable<void> act_on(engine::api::Client& client, std::vector<engine::api::ContainerSummary> containers,
                                    ContainerAction action, scheduler::Progress& progress);

}  // namespace stack::cli
