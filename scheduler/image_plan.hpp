#pragma once
// Which images have to be pulled or built. Private to the scheduler.
#include <map>
#include <string>

#include "scheduler/container_config.hpp"
#include "scheduler/plan_builder.hpp"
#include "scheduler/reconcile.hpp"

namespace stack::scheduler {

class ImagePlanner {
public:
  ImagePlanner(PlanBuilder& builder, const compose::Project& project, const ObservedState& observed,
               const ReconcileOptions& options);

  /// Adds the operations that this service's image, and the images it mounts, need, if any. Throws not_found when its image is
  /// missing and may not be fetched.
  void add(const compose::Service& service);
  /// The operation that makes the service's image; 0: it is there.
  int operation_for(const compose::Service& service) const { return operation_for(image_of(project_, service)); }
  int operation_for(const std::string& image) const;

private:
  void add_own(const compose::Service& service);
  void add_mounted(const compose::Service& service);
  void add_pull(const compose::Service& service, const std::string& image, const std::string& key, const std::string& reason);
  bool has_builder(const std::string& image) const;
  int add_build(const compose::Service& service, const std::string& image, const std::string& reason);

  PlanBuilder& builder_;
  const compose::Project& project_;
  const ObservedState& observed_;
  const ReconcileOptions& options_;
  std::map<std::string, int> operations_;  ///< image → operation
};

}  // namespace stack::scheduler
