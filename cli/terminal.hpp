#pragma once
// What the CLI asks of a terminal.
#include <cstddef>
#include <memory>
#include <optional>

namespace stack::cli {

bool is_terminal(int fd);

struct TerminalSize {
  unsigned rows = 0, columns = 0;
};
/// Empty when fd is no terminal or does not know.
std::optional<TerminalSize> terminal_size(int fd);
std::optional<std::size_t> terminal_columns(int fd);

/// Puts a terminal into raw mode (every key goes through unchanged) for its lifetime. Does nothing to what is no terminal.
/// A signal that ends the process does not run destructors: callers handle the signals they expect.
class RawMode {
public:
  explicit RawMode(int fd);
  ~RawMode();
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;
  void restore();

private:
  struct Saved;
  std::unique_ptr<Saved> saved_;
};

}  // namespace stack::cli
