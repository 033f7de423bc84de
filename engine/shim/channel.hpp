#pragma once
// A non-blocking socket with a bounded queue of what could not be written yet.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"

namespace stack::engine::shim {

class OutQueue {
public:
  explicit OutQueue(int fd) : fd_(fd) {}
  /// Writes at once what the socket takes, queues the rest. False: the peer is gone.
  bool send(std::string_view head, std::string_view body);
  bool flush();  ///< when the socket is writable again
  std::size_t queued() const { return queue_.size() - start_; }

private:
  bool write_now(std::string_view& bytes);
  int fd_;
  std::string queue_;
  std::size_t start_ = 0;
};

/// 1 MiB that is given back to the kernel when it is not in use: one for the whole process, for reads.
class ScratchBuffer {
public:
  static constexpr std::size_t size = 1024 * 1024;
  ScratchBuffer();
  char* data() { return data_; }
  void used(std::size_t bytes) { touched_ = bytes > touched_ ? bytes : touched_; }
  bool is_large() const { return touched_ > 16 * 1024; }
  void give_back();

private:
  char* data_;
  std::size_t touched_ = 0;
};

}  // namespace stack::engine::shim
