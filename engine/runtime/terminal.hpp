#pragma once
// The pseudo terminal of a container, made inside its own /dev/pts.
#include <cstdint>

namespace stack::engine::runtime {

struct Terminal {
  int master = -1;
  int slave = -1;
};

/// Opens a new pty of the devpts mounted at /dev/pts of the current root. 0 or an errno. Rows 0: the kernel's default size.
int make_terminal(std::uint16_t rows, std::uint16_t columns, std::uint32_t owner, Terminal& result);
int set_window_size(int terminal, std::uint16_t rows, std::uint16_t columns);
int bind_console(int slave);      ///< shows the slave as /dev/console
int make_controlling(int slave);  ///< of the current session, which this process leads

}  // namespace stack::engine::runtime
