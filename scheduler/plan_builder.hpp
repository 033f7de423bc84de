#pragma once
// Collects operations in order. Private to the scheduler.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "compose/types.hpp"
#include "scheduler/observed_state.hpp"
#include "scheduler/plan.hpp"

namespace stack::scheduler {

using Ids = std::vector<int>;

inline void append(Ids& to, const Ids& more) { to.insert(to.end(), more.begin(), more.end()); }

class PlanBuilder {
public:
  explicit PlanBuilder(std::string project) { plan.project = std::move(project); }

  /// Fills in the id; `after` is sorted and freed of duplicates and zeros.
  int add(Operation operation) {
    Ids& after = operation.after;
    std::sort(after.begin(), after.end());
    after.erase(std::unique(after.begin(), after.end()), after.end());
    if (!after.empty() && after.front() == 0) after.erase(after.begin());
    operation.id = static_cast<int>(plan.operations.size()) + 1;
    plan.operations.push_back(std::move(operation));
    return plan.operations.back().id;
  }

  Plan plan;
};

/// The part of an operation on a container that does not depend on what is done.
inline Operation container_operation(const std::string& service, int number, const std::string& name, std::string reason,
                                     std::string where = {}) {
  Operation operation;
  operation.resource = "service:" + service + ":" + (number > 0 ? std::to_string(number) : name);
  operation.subject = "Container " + name;
  operation.service = service;
  operation.reason = std::move(reason);
  operation.where = std::move(where);
  return operation;
}

inline Operation container_operation(const ObservedContainer& container, std::string reason, std::string where = {}) {
  return container_operation(container.service, container.number, container.name, std::move(reason), std::move(where));
}

struct HowToStop {
  std::optional<std::chrono::seconds> timeout;
  std::vector<HookCommand> before;
};

/// Stops (when it runs) and removes. Gives the id of the removal.
int add_removal(PlanBuilder& builder, const ObservedContainer& container, const std::string& reason, Ids after, bool volumes,
                HowToStop how);

}  // namespace stack::scheduler
