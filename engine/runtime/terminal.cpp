#include "engine/runtime/terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/unique_fd.hpp"
#include "engine/runtime/mounts.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::runtime {

int set_window_size(int terminal, std::uint16_t rows, std::uint16_t columns) {
  winsize size{};
  size.ws_row = rows;
  size.ws_col = columns;
  return ::ioctl(terminal, TIOCSWINSZ, &size) != 0 ? errno : 0;
}

int make_terminal(std::uint16_t rows, std::uint16_t columns, std::uint32_t owner, Terminal& result) {
  // no links: the image must not choose which terminal this is
  UniqueFd master(sys::openat2(AT_FDCWD, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC, RESOLVE_NO_SYMLINKS));
  if (!master) return errno;
  int unlock = 0;
  if (::ioctl(master.get(), TIOCSPTLCK, &unlock) != 0) return errno;
  UniqueFd slave(::ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave) return errno;
  if (rows != 0 && set_window_size(master.get(), rows, columns) != 0) return errno;
  if (::fchown(slave.get(), owner, static_cast<gid_t>(-1)) != 0) return errno;
  result.master = master.release();
  result.slave = slave.release();
  return 0;
}

int bind_console(int slave) {
  // /dev is ours (a fresh tmpfs) or the image's; a link there must not redirect the bind
  UniqueFd target(::open("/dev/console", O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!target && errno != ENXIO && errno != EIO && errno != EPERM) return errno;
  target.reset(sys::openat2(AT_FDCWD, "/dev/console", O_PATH | O_CLOEXEC, RESOLVE_NO_SYMLINKS));
  if (!target) return errno;
  const UniqueFd tree(clone_tree(slave, "", false));
  if (!tree) return errno;
  return attach_mount(tree.get(), target.get());
}

int make_controlling(int slave) { return ::ioctl(slave, TIOCSCTTY, 0) != 0 ? errno : 0; }

}  // namespace stack::engine::runtime
