#pragma once
// Shows what happens to containers, networks, volumes and images while a command works on them.
//   tty     one line per object, redrawn in place, with a spinner and the elapsed time
//   plain   one line per change
//   json    one object per line per change: {"id": "Container p-web-1", "status": "Started"}
//   quiet   nothing
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cli/terminal.hpp"

namespace stack::cli::render {

enum class ProgressMode { automatic, tty, plain, json, quiet };
/// "auto", "tty", "plain", "json", "quiet". Throws invalid_argument.
ProgressMode parse_progress_mode(std::string_view text);

enum class Phase { working, done, warning, error };

struct ProgressLine {
  std::string id;      ///< "Container p-web-1"
  std::string status;  ///< "Creating"
  std::string detail;  ///< shown behind the status: "12.1MB/40MB", an error's text
  Phase phase = Phase::working;
  std::string text = {};  ///< between id and status: "copy a to p-web-1:/b"
  bool minor = false;     ///< only an amount has changed: nothing for output that is not redrawn
};

class Progress {
public:
  using Clock = std::chrono::steady_clock;
  virtual ~Progress() = default;
  /// The state of line.id is now this.
  virtual void update(const ProgressLine& line, Clock::time_point now) = 0;
  /// Text that belongs to no object (output of a build step, a warning): appears above the redrawn lines. No newline at the
  /// end.
  virtual void message(std::string_view text) = 0;
  /// Whole lines that something else writes to `fd`, containers say. Where they share a terminal with the redrawn lines, they
  /// appear above those. Returns false once nobody reads any more.
  virtual bool output(int fd, std::string_view lines);
  /// Of the block that begins with the next update: "[+] Stopping 2/4".
  virtual void title(std::string) {}
  /// Called about ten times a second while work is going on.
  virtual void tick(Clock::time_point) {}
  /// Nothing more will come: the last state stays on the screen. A later update starts a new block.
  virtual void finish(Clock::time_point) {}
};

struct ProgressOptions {
  ProgressMode mode = ProgressMode::automatic;
  bool cursor = false;  ///< the cursor may be moved: automatic is tty then, plain otherwise
  bool color = false;
  int fd = 2;
  std::string title = "Running";  ///< of the block: "[+] Running 2/4"
  /// Of the terminal; empty: what `fd` says at each drawing, 24 by 80 if it does not know.
  std::function<TerminalSize()> size;
};
std::unique_ptr<Progress> make_progress(const ProgressOptions& options);

}  // namespace stack::cli::render
