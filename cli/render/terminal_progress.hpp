#pragma once
// The owner of the terminal while a command works: a block of lines, one per object, that is redrawn in place at the bottom of
// the screen. Everything else that is written meanwhile goes through it and appears above the block.
//
// Nothing is drawn between ticks, so a command that takes 20 ms writes to the terminal once. Every change of the screen is one
// write. The cursor rests below the block and is never hidden, so there is nothing to restore when the process is killed.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/render/progress.hpp"

namespace stack::cli::render {

class TerminalProgress : public Progress {
public:
  explicit TerminalProgress(const ProgressOptions& options) : options_(options) {}
  ~TerminalProgress() override { finish(Clock::now()); }

  void update(const ProgressLine& line, Clock::time_point now) override;
  void message(std::string_view text) override;
  bool output(int fd, std::string_view lines) override;
  void title(std::string text) override;
  void tick(Clock::time_point now) override;
  void finish(Clock::time_point now) override;

private:
  struct Task {
    ProgressLine line;
    Clock::time_point started;
    std::optional<Clock::time_point> ended;
  };
  enum class Frame { moving, last };

  bool write_above(int fd, std::string_view lines);
  TerminalSize size() const;
  bool shares_terminal(int fd) const;
  std::string back_to_top(const TerminalSize& size) const;
  std::string block(const TerminalSize& size, Frame frame);
  std::vector<const Task*> visible(std::size_t room) const;
  std::string line_of(const Task& task, std::size_t id_width, std::size_t columns, Frame frame) const;
  std::string mark_of(const Task& task, Frame frame) const;

  ProgressOptions options_;
  std::vector<Task> tasks_;
  std::vector<std::size_t> drawn_;  ///< width of each line of the block on the screen
  Clock::time_point now_{};         ///< of the last tick
  std::size_t ticks_ = 0;
  bool shares_screen_ = false;  ///< with output of containers
};

}  // namespace stack::cli::render
