#pragma once
// What a run of a plan tells whoever shows it. Calls come from the event loop, in order.
#include <cstdint>
#include <string>
#include <string_view>

#include "scheduler/plan.hpp"

namespace stack::scheduler {

class Progress {
public:
  virtual ~Progress() = default;

  enum class Phase { working, done, warning, failed, skipped };

  /// `status` is docker compose's word: "Creating", "Created", "Starting", "Started", "Waiting", "Healthy", "Exited",
  /// "Recreate", "Recreated", "Stopping", "Stopped", "Removing", "Removed", "Building", "Built", "Pulling", "Pulled", "Error".
  virtual void operation(const Operation& operation, Phase phase, std::string_view status) = 0;
  /// A piece of a build's output, with its line ends.
  virtual void build_output(const Operation& operation, std::string_view text) = 0;
  /// Layers of a pull: "Downloading", current and total bytes (0: unknown).
  virtual void pull_status(const Operation& operation, std::string_view layer, std::string_view status, std::int64_t current,
                           std::int64_t total) = 0;
  virtual void warning(std::string_view text) = 0;
  /// Something that is as it should be: "Container shop-db-1".
  virtual void unchanged(std::string_view subject) { (void)subject; }
};

/// Shows nothing.
class NoProgress : public Progress {
public:
  void operation(const Operation&, Phase, std::string_view) override {}
  void build_output(const Operation&, std::string_view) override {}
  void pull_status(const Operation&, std::string_view, std::string_view, std::int64_t, std::int64_t) override {}
  void warning(std::string_view) override {}
};

}  // namespace stack::scheduler
