#pragma once
// Decides what has to be done. Pure: no I/O, no clock; equal arguments give an equal plan.
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "compose/types.hpp"
#include "scheduler/observed_state.hpp"
#include "scheduler/plan.hpp"

namespace stack::scheduler {

enum class BuildMode {
  missing,  ///< build what has a build section and no image
  always,   ///< up --build
  never,    ///< up --no-build: a missing image is an error
};

struct ReconcileOptions {
  std::set<std::string> services;  ///< empty: all
  bool with_dependencies = true;
  bool force_recreate = false;         ///< only the named services (all, if none is named)
  bool recreate_dependencies = false;  ///< what the named services depend on, too
  bool no_recreate = false;
  bool remove_orphans = false;
  std::map<std::string, int> scale;
  BuildMode build = BuildMode::missing;
  bool no_cache = false, pull = false;  ///< of builds
  bool images_ready = false;            ///< an image that is there is the right one: plan_images() was executed before
  bool no_start = false;                ///< create only
  bool renew_anonymous_volumes = false;
  bool wait = false;                                 ///< end with waiting until all run, or are healthy
  std::optional<std::chrono::seconds> wait_timeout;  ///< bound of each wait
  std::optional<std::chrono::seconds> timeout;       ///< of stops; empty: each container's own
};

/// The operations that turn `observed` into what `project` asks for (`up`). Throws invalid_argument or not_found, with the
/// place in the file, for what cannot be done: a cycle, an external network that is not there, a fixed name for two replicas.
Plan reconcile(const compose::Project& project, const ObservedState& observed, const ReconcileOptions& options);

/// Only the images: `build` and `pull` as commands. With BuildMode::always every selected service that has a build section.
Plan plan_images(const compose::Project& project, const ObservedState& observed, const ReconcileOptions& options);

/// The plan makes an image anew that existing containers were made from: whether they have to be recreated is known only after
/// it was made. Execute plan_images() first, observe, reconcile again.
bool depends_on_new_images(const Plan& plan, const ObservedState& observed);

struct DownOptions {
  std::set<std::string> services;  ///< empty: all. Networks and volumes go only when no container of the project is left
  bool volumes = false;            ///< -v: named and anonymous ones
  bool remove_orphans = false;
  enum class Images { keep, local, all } images = Images::keep;  ///< --rmi
  std::optional<std::chrono::seconds> timeout;
};

/// Takes the project down. Without a Project (only -p was given) everything with its label goes, in the order the labels tell.
Plan plan_down(const std::string& project_name, const compose::Project* project, const ObservedState& observed,
               const DownOptions& options);

struct SelectOptions {
  std::set<std::string> services;  ///< empty: all
  std::optional<std::chrono::seconds> timeout;
  bool with_dependencies = true;  ///< restart: also what depends with `restart: true`
};

/// `start`: existing containers, dependencies first, waiting as `up` does.
Plan plan_start(const std::string& project_name, const compose::Project* project, const ObservedState& observed,
                const SelectOptions& options);
/// `stop`: dependents first.
Plan plan_stop(const std::string& project_name, const compose::Project* project, const ObservedState& observed,
               const SelectOptions& options);
/// `restart`: dependencies first.
Plan plan_restart(const std::string& project_name, const compose::Project* project, const ObservedState& observed,
                  const SelectOptions& options);

}  // namespace stack::scheduler
