#include "scheduler/plan_builder.hpp"

namespace stack::scheduler {

int add_removal(PlanBuilder& builder, const ObservedContainer& container, const std::string& reason, Ids after, bool volumes,
                HowToStop how) {
  if (container.running()) {
    Operation stop = container_operation(container, reason);
    stop.action = StopContainer{.container = container.id, .timeout = how.timeout, .before = std::move(how.before)};
    stop.after = std::move(after);
    after = {builder.add(std::move(stop))};
  }
  Operation remove = container_operation(container, reason);
  remove.action = RemoveContainer{.container = container.id, .volumes = volumes};
  remove.after = std::move(after);
  return builder.add(std::move(remove));
}

}  // namespace stack::scheduler
