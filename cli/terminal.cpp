#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace stack::cli {

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

std::optional<TerminalSize> terminal_size(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return std::nullopt;
  return TerminalSize{.rows = size.ws_row, .columns = size.ws_col};
}

std::optional<std::size_t> terminal_columns(int fd) {
  const auto size = terminal_size(fd);
  if (!size) return std::nullopt;
  return size->columns;
}

struct RawMode::Saved {
  int fd;
  termios mode;
};

RawMode::RawMode(int fd) {
  termios mode{};
  if (::tcgetattr(fd, &mode) != 0) return;
  saved_ = std::make_unique<Saved>(Saved{.fd = fd, .mode = mode});
  ::cfmakeraw(&mode);
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  ::tcsetattr(fd, TCSADRAIN, &mode);
}

void RawMode::restore() {
  if (saved_) ::tcsetattr(saved_->fd, TCSADRAIN, &saved_->mode);
  saved_.reset();
}

RawMode::~RawMode() { restore(); }

}  // namespace stack::cli
