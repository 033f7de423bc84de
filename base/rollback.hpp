#pragma once
// Undo steps of one synchronous operation, run in reverse order unless commit() is reached. What must survive a crash is
// not undone here but by the intent in the state database.
#include <functional>
#include <utility>
#include <vector>

namespace stack {

class Rollback {
public:
  Rollback() = default;
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;
  ~Rollback() {
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      try {
        (*step)();
      } catch (...) {  // an undo that fails must not hide the error that caused it
      }
    }
  }
  void add(std::function<void()> undo) { steps_.push_back(std::move(undo)); }
  void commit() noexcept { steps_.clear(); }

private:
  std::vector<std::function<void()>> steps_;
};

}  // namespace stack
