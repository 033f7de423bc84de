#include "cli/render/terminal_progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/output.hpp"
#include "cli/render/color.hpp"
#include "cli/render/table.hpp"

namespace stack::cli::render {
namespace {

constexpr std::string_view clear_below = "\x1b[J";
constexpr std::string_view clear_line = "\x1b[K";  ///< an echoed ^C
/// From its first line. Not by clear_below alone: where that is the whole screen, tmux keeps what was there in its history.
constexpr std::string_view clear_block = "\x1b[K\x1b[B\x1b[J\x1b[A";
constexpr std::string_view end_line = "\x1b[K\n";
constexpr std::size_t shortest_id = 12;  ///< what a narrow terminal leaves of the widest id
constexpr std::size_t status_room = 20;  ///< what should be left beside the ids: mark, status, seconds

std::string padding(std::size_t width, std::string_view text) {
  const std::size_t used = display_width(text);
  return std::string(width > used ? width - used : 0, ' ');
}

}  // namespace

TerminalSize TerminalProgress::size() const {
  if (options_.size) return options_.size();
  return terminal_size(options_.fd).value_or(TerminalSize{.rows = 24, .columns = 80});
}

bool TerminalProgress::shares_terminal(int fd) const {
  return fd == options_.fd || (is_terminal(fd) && is_terminal(options_.fd));
}

void TerminalProgress::update(const ProgressLine& line, Clock::time_point now) {
  auto task = std::find_if(tasks_.begin(), tasks_.end(), [&](const Task& task) { return task.line.id == line.id; });
  if (task == tasks_.end()) task = tasks_.insert(tasks_.end(), Task{.line = {}, .started = now, .ended = {}});
  task->line = line;
  task->ended = line.phase == Phase::working ? std::nullopt : std::optional(now);
}

void TerminalProgress::message(std::string_view text) { write_above(options_.fd, fmt::format("{}\n", text)); }

bool TerminalProgress::output(int fd, std::string_view lines) {
  shares_screen_ = shares_screen_ || shares_terminal(fd);
  return write_above(fd, lines);
}

bool TerminalProgress::write_above(int fd, std::string_view lines) {
  if (!shares_terminal(fd) || (drawn_.empty() && fd != options_.fd)) return write_all(fd, lines);
  const TerminalSize now = size();
  std::string out = back_to_top(now);
  out += drawn_.empty() ? clear_line : clear_block;
  out += lines;
  if (!drawn_.empty()) out += block(now, Frame::moving);
  return write_all(fd, out);
}

void TerminalProgress::title(std::string text) { options_.title = std::move(text); }

void TerminalProgress::tick(Clock::time_point now) {
  if (tasks_.empty()) return;
  ++ticks_;
  now_ = now;
  const TerminalSize terminal = size();
  const std::string top = back_to_top(terminal);
  write_all(options_.fd, top + block(terminal, Frame::moving));
}

void TerminalProgress::finish(Clock::time_point now) {
  if (tasks_.empty()) return;
  now_ = now;
  const TerminalSize terminal = size();
  const std::string top = back_to_top(terminal);
  write_all(options_.fd, top + block(terminal, Frame::last));
  tasks_.clear();
  drawn_.clear();
}

/// From below the block to its first line. A terminal that became narrower has wrapped the lines meanwhile.
std::string TerminalProgress::back_to_top(const TerminalSize& size) const {
  std::size_t rows = 0;
  for (const std::size_t width : drawn_) rows += std::max<std::size_t>(1, (width + size.columns - 1) / size.columns);
  rows = std::min<std::size_t>(rows, size.rows - 1);
  return rows == 0 ? "\r" : fmt::format("\r\x1b[{}A", rows);
}

/// The lines, each over what was there before. The last frame has all of them, others no more than the terminal has rows; half
/// of them when there is output to be seen.
std::string TerminalProgress::block(const TerminalSize& size, Frame frame) {
  const auto done = std::count_if(tasks_.begin(), tasks_.end(), [](const Task& task) { return task.ended.has_value(); });
  const std::string header = ellipsis(fmt::format("[+] {} {}/{}", options_.title, done, tasks_.size()), size.columns - 1);
  std::string out = paint(options_.color && frame == Frame::last, blue, header);
  out += end_line;
  drawn_ = {display_width(header)};
  const unsigned rows = shares_screen_ ? size.rows / 2 : size.rows;
  const auto shown = visible(frame == Frame::last ? tasks_.size() : rows - std::min(rows, 2U));
  std::size_t id_width = 0;
  for (const Task* task : shown) id_width = std::max(id_width, display_width(task->line.id));
  const std::size_t room = std::max<std::size_t>(size.columns, shortest_id + status_room) - status_room;
  for (const Task* task : shown) out += line_of(*task, std::min(id_width, room), size.columns - 1, frame);
  drawn_.insert(drawn_.end(), shown.size(), size.columns - 1);
  return out.append(clear_below);
}

/// When not all fit: those still being worked on first, then the most recent ones; in their own order.
std::vector<const TerminalProgress::Task*> TerminalProgress::visible(std::size_t room) const {
  std::vector<const Task*> shown;
  for (const Task& task : tasks_) shown.push_back(&task);
  if (shown.size() <= room) return shown;
  std::stable_partition(shown.begin(), shown.end(), [](const Task* task) { return task->ended.has_value(); });
  shown.erase(shown.begin(), shown.end() - static_cast<std::ptrdiff_t>(room));
  std::sort(shown.begin(), shown.end());
  return shown;
}

std::string TerminalProgress::mark_of(const Task& task, Frame frame) const {
  static constexpr std::array spinner{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
  static constexpr std::array marks{"", "✔", "!", "✘"};
  if (task.line.phase != Phase::working) return marks[static_cast<std::size_t>(task.line.phase)];
  return frame == Frame::last ? "-" : spinner[ticks_ % spinner.size()];  // broken off: it does not turn any more
}

/// " ✔ Container p-web-1  Started                    0.3s", exactly `columns` wide.
std::string TerminalProgress::line_of(const Task& task, std::size_t id_width, std::size_t columns, Frame frame) const {
  static constexpr std::array colors{yellow, green, yellow, red};
  const std::string_view color = colors[static_cast<std::size_t>(task.line.phase)];
  const double seconds =
      std::chrono::duration<double>(task.ended.value_or(std::max(now_, task.started)) - task.started).count();
  const std::string elapsed = fmt::format("{:.1f}s", seconds);
  std::string status = task.line.status;
  if (!task.line.detail.empty()) status += ' ' + task.line.detail.substr(0, task.line.detail.find('\n'));
  const std::size_t fixed = 3 + id_width + 2;
  const std::size_t room = columns > fixed ? columns - fixed : 0;
  const bool timed = room > elapsed.size() + 1;
  status = ellipsis(status, timed ? room - elapsed.size() - 1 : room);
  const std::string id = ellipsis(task.line.id, std::min(id_width, columns > 3 ? columns - 3 : 0));
  std::string line = fmt::format(" {} {}{}  {}", paint(options_.color, color, mark_of(task, frame)), id, padding(id_width, id),
                                 paint(options_.color && task.line.phase != Phase::working, color, status));
  if (timed) {
    line += padding(room - elapsed.size(), status);
    line += paint(options_.color, blue, elapsed);
  }
  return line.append(end_line);
}

}  // namespace stack::cli::render
