#include "cli/copy_progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/output.hpp"
#include "cli/render/human.hpp"

namespace stack::cli {

namespace {

constexpr std::chrono::milliseconds redraw_interval{250};
constexpr const char* erase_line = "\r\x1b[2K";

}  // namespace

CopyProgress::~CopyProgress() {
  if (drawn_over_) write_all(STDERR_FILENO, erase_line);
}

void CopyProgress::add(std::uint64_t bytes) {
  bytes_ += bytes;
  if (!shown_ || Clock::now() - drawn_ < redraw_interval) return;
  drawn_ = Clock::now();
  drawn_over_ = true;
  write_all(STDERR_FILENO,
            fmt::format("{}{} - {}", erase_line, heading_, render::finer_size(static_cast<std::int64_t>(bytes_))));
}

void CopyProgress::finish(const std::string& place) {
  if (!shown_) return;
  drawn_over_ = false;
  const std::string size = render::finer_size(static_cast<std::int64_t>(bytes_));
  write_all(STDERR_FILENO, fmt::format("{}Successfully copied {} to {}\n", erase_line, size, place));
}

}  // namespace stack::cli
