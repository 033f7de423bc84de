#pragma once
// What `cp` says on a terminal: how much has been copied so far, and at the end where to.
#include <chrono>
#include <cstdint>
#include <string>

namespace stack::cli {

class CopyProgress {
public:
  /// `heading`: "Copying to container". Nothing is written unless `shown`.
  CopyProgress(std::string heading, bool shown) : heading_(std::move(heading)), shown_(shown) {}

  ~CopyProgress();  ///< takes what it has drawn away
  CopyProgress(const CopyProgress&) = delete;
  CopyProgress& operator=(const CopyProgress&) = delete;

  /// Bytes of the tar stream that have passed. One thread at a time.
  void add(std::uint64_t bytes);
  /// The last line: "Successfully copied 2.05kB to web:/tmp/".
  void finish(const std::string& place);

private:
  using Clock = std::chrono::steady_clock;

  const std::string heading_;
  const bool shown_;
  bool drawn_over_ = false;  ///< the cursor is behind a line that is to be drawn over
  std::uint64_t bytes_ = 0;
  Clock::time_point drawn_ = Clock::now();
};

}  // namespace stack::cli
