#include "cli/render/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "cli/output.hpp"
#include "cli/render/color.hpp"
#include "cli/render/table.hpp"
#include "cli/terminal.hpp"

namespace stack::cli::render {
namespace {

class QuietProgress : public Progress {
public:
  void update(const ProgressLine&, Clock::time_point) override {}
  void message(std::string_view) override {}
};

class PlainProgress : public Progress {
public:
  explicit PlainProgress(int fd) : fd_(fd) {}
  void update(const ProgressLine& line, Clock::time_point) override {
    write_all(fd_,
              fmt::format(" {} {} {}{}{}\n", line.id, line.text, line.status, line.detail.empty() ? "" : " ", line.detail));
  }
  void message(std::string_view text) override { write_all(fd_, fmt::format("{}\n", text)); }

private:
  int fd_;
};

class JsonProgress : public Progress {
public:
  explicit JsonProgress(int fd) : fd_(fd) {}
  void update(const ProgressLine& line, Clock::time_point) override {
    nlohmann::ordered_json object{{"id", line.id}, {"status", line.status}};
    if (!line.text.empty()) object["text"] = line.text;
    if (!line.detail.empty()) object["text"] = line.detail;
    if (line.phase == Phase::error) object["error"] = true;
    write(object);
  }
  void message(std::string_view text) override { write({{"text", text}}); }

private:
  void write(const nlohmann::ordered_json& object) {
    write_all(fd_, object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  }
  int fd_;
};

/// Redraws its lines in place. Nothing is drawn between ticks, so a command that takes 20 ms writes to the terminal once.
class TerminalProgress : public Progress {
public:
  TerminalProgress(int fd, std::string title) : fd_(fd), title_(std::move(title)) {}
  ~TerminalProgress() override {
    if (!tasks_.empty()) draw(Clock::now(), true);
  }

  void update(const ProgressLine& line, Clock::time_point now) override {
    auto task = std::find_if(tasks_.begin(), tasks_.end(), [&](const Task& task) { return task.line.id == line.id; });
    if (task == tasks_.end()) task = tasks_.insert(tasks_.end(), Task{.line = {}, .started = now, .ended = {}});
    task->line = line;
    task->ended = line.phase == Phase::working ? std::nullopt : std::optional(now);
  }

  void message(std::string_view text) override {
    std::string out = back_to_top();
    out += fmt::format("\x1b[J{}\n", text);
    drawn_ = 0;
    write_all(fd_, out);
  }

  void tick(Clock::time_point now) override {
    if (tasks_.empty()) return;
    ++frame_;
    draw(now, false);
  }

  void finish(Clock::time_point now) override {
    if (!tasks_.empty()) draw(now, true);
    tasks_.clear();
    drawn_ = 0;
  }

private:
  struct Task {
    ProgressLine line;
    Clock::time_point started;
    std::optional<Clock::time_point> ended;
  };

  std::string back_to_top() const { return drawn_ == 0 ? std::string() : fmt::format("\r\x1b[{}A", drawn_); }

  /// `last`: every line, and the cursor visible again; otherwise no more lines than the terminal has rows.
  void draw(Clock::time_point now, bool last) {
    const TerminalSize size = terminal_size(fd_).value_or(TerminalSize{.rows = 24, .columns = 80});
    const auto done = std::count_if(tasks_.begin(), tasks_.end(), [](const Task& task) { return task.ended.has_value(); });
    const std::string header = fmt::format("[+] {} {}/{}", title_, done, tasks_.size());
    std::string out = last ? "" : "\x1b[?25l";
    out += back_to_top();
    out += paint(last, blue, header) + "\x1b[K\n";
    const std::vector<const Task*> shown = visible(last ? tasks_.size() : size.rows - std::min(size.rows, 2U));
    std::size_t widest = 0;
    for (const Task* task : shown) widest = std::max(widest, display_width(label_of(*task)));
    for (const Task* task : shown) out += line_of(*task, widest, size.columns, now);
    out += last ? "\x1b[J\x1b[?25h" : "\x1b[J";
    drawn_ = shown.size() + 1;
    write_all(fd_, out);
  }

  /// When not all fit: those still being worked on first, then the most recent ones; in their own order.
  std::vector<const Task*> visible(std::size_t room) const {
    std::vector<const Task*> shown;
    for (const Task& task : tasks_) shown.push_back(&task);
    if (shown.size() <= room) return shown;
    std::stable_partition(shown.begin(), shown.end(), [](const Task* task) { return task->ended.has_value(); });
    shown.erase(shown.begin(), shown.end() - static_cast<std::ptrdiff_t>(room));
    std::sort(shown.begin(), shown.end());
    return shown;
  }

  static std::string label_of(const Task& task) {
    return task.line.text.empty() ? task.line.id : task.line.id + ' ' + task.line.text;
  }

  std::string line_of(const Task& task, std::size_t widest, std::size_t columns, Clock::time_point now) const {
    static constexpr std::array spinner{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
    static constexpr std::array done_marks{"", "✔", "!", "✘"};
    static constexpr std::array colors{yellow, green, yellow, red};
    const auto phase = static_cast<std::size_t>(task.line.phase);
    const char* mark = task.line.phase == Phase::working ? spinner[frame_ % spinner.size()] : done_marks[phase];
    const double seconds = std::chrono::duration<double>(task.ended.value_or(now) - task.started).count();
    const std::string elapsed = fmt::format("{:.1f}s ", seconds);
    std::string status = task.line.status;
    if (!task.line.detail.empty()) status += ' ' + task.line.detail.substr(0, task.line.detail.find('\n'));
    const std::size_t fixed = 3 + widest + 2 + elapsed.size() + 1;
    status = ellipsis(status, columns > fixed ? columns - fixed : 0);
    const std::size_t used = fixed - 1 + display_width(status);
    return fmt::format(" {} {}{:{}}  {}{:{}}{}\x1b[K\n", paint(true, colors[phase], mark), label_of(task), "",
                       widest - display_width(label_of(task)),
                       task.line.phase == Phase::working ? status : paint(true, colors[phase], status), "",
                       columns > used ? columns - used : 1, paint(true, blue, elapsed));
  }

  int fd_;
  std::string title_;
  std::vector<Task> tasks_;
  std::size_t drawn_ = 0;
  std::size_t frame_ = 0;
};

}  // namespace

ProgressMode parse_progress_mode(std::string_view text) {
  if (text == "auto" || text.empty()) return ProgressMode::automatic;
  if (text == "tty") return ProgressMode::tty;
  if (text == "plain") return ProgressMode::plain;
  if (text == "json") return ProgressMode::json;
  if (text == "quiet") return ProgressMode::quiet;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("unsupported --progress value \"{}\": auto, tty, plain, json or quiet", text));
}

std::unique_ptr<Progress> make_progress(const ProgressOptions& options) {
  switch (options.mode) {
    case ProgressMode::quiet: return std::make_unique<QuietProgress>();
    case ProgressMode::json: return std::make_unique<JsonProgress>(options.fd);
    case ProgressMode::tty: return std::make_unique<TerminalProgress>(options.fd, options.title);
    case ProgressMode::plain: return std::make_unique<PlainProgress>(options.fd);
    case ProgressMode::automatic: break;
  }
  if (options.ansi) return std::make_unique<TerminalProgress>(options.fd, options.title);
  return std::make_unique<PlainProgress>(options.fd);
}

}  // namespace stack::cli::render
