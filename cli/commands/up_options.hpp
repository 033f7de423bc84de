#pragma once
// What `up` was asked for, shared by its two ways of running.
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compose/types.hpp"
#include "scheduler/reconcile.hpp"

namespace stack::cli {

struct UpOptions {
  scheduler::ReconcileOptions reconcile;
  bool detach = false, no_color = false, no_prefix = false, timestamps = false;
  bool quiet_pull = false, quiet_build = false;
  bool abort_on_exit = false, abort_on_failure = false;
  std::string exit_code_from;
  std::vector<std::string> attach, no_attach;  ///< services whose output is (not) shown
  bool attach_dependencies = false;            ///< show what the named services depend on, too
};

}  // namespace stack::cli
