#pragma once
// Deleting interfaces without waiting for what nobody sees.
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace stack::engine::network {

/// The kernel takes an interface out of the namespace within a millisecond or so, but the deleting system call then waits for
/// RCU callbacks of the whole machine: 15 ms for a veth, 45 ms for a bridge (docs/adr). That wait happens here in a thread of
/// its own; remove() returns when the interfaces are out of the namespace (their entries in sysfs may follow a few milliseconds
/// later).
class LinkRemover {
public:
  LinkRemover() = default;
  ~LinkRemover();  ///< waits for the threads
  LinkRemover(const LinkRemover&) = delete;
  LinkRemover& operator=(const LinkRemover&) = delete;

  /// Removes all of them in one pass of the kernel; those that do not exist are ignored. Blocking; one call at a time; works in
  /// the calling thread's namespace.
  void remove(const std::vector<std::string>& names);

private:
  struct Job;
  void reap(bool all);
  std::list<std::pair<std::shared_ptr<Job>, std::thread>> threads_;
};

}  // namespace stack::engine::network
