#pragma once
// What containers use, once or again and again: `stats` and `container stats`.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <vector>

#include "engine/api/client.hpp"

namespace stack::cli {

struct StatsTarget {
  std::string id;     ///< or name
  std::string shown;  ///< {{.Container}}: what the command line called it
};

struct StatsView {
  /// Asked again before each table.
  std::function<boost::asio::awaitable<std::vector<StatsTarget>>()> targets;
  bool stream = true;  ///< until Ctrl-C; else one table
  bool full = false;   ///< whole ids
  std::string format;  ///< empty or "table": the usual table
};

boost::asio::awaitable<void> show_stats(engine::api::Client& client, StatsView view);

}  // namespace stack::cli
