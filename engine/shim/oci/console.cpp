#include "engine/shim/oci/console.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.hpp"
#include "engine/runtime/terminal.hpp"

namespace stack::engine::shim::oci {

namespace {

/// Our terminal passes every key on while this lives.
class RawTerminal {
public:
  explicit RawTerminal(bool wanted) {
    if (!wanted || ::tcgetattr(0, &before_) != 0) return;
    active_ = true;
    termios raw = before_;
    ::cfmakeraw(&raw);
    ::tcsetattr(0, TCSANOW, &raw);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal() {
    if (active_) ::tcsetattr(0, TCSANOW, &before_);
  }

private:
  termios before_{};
  bool active_ = false;
};

void copy_size(int master) {
  winsize size{};
  if (::ioctl(0, TIOCGWINSZ, &size) == 0) runtime::set_window_size(master, size.ws_row, size.ws_col);
}

/// False: nothing will come any more.
bool pass_on(int from, int to) {
  char buffer[16 * 1024];
  const ssize_t n = ::read(from, buffer, sizeof buffer);
  if (n <= 0) return n < 0 && (errno == EINTR || errno == EAGAIN);
  for (ssize_t done = 0; done < n;) {
    const ssize_t written = ::write(to, buffer + done, static_cast<std::size_t>(n - done));
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) done += written;
  }
  return true;
}

class Foreground {
public:
  Foreground(pid_t pid, int master) : pid_(pid), master_(master) {
    sigset_t all;
    ::sigfillset(&all);
    signals_.reset(::signalfd(-1, &all, SFD_CLOEXEC));
    if (master_ >= 0) copy_size(master_);
  }

  int wait() {
    const RawTerminal raw(master_ >= 0 && ::isatty(0) == 1);
    reap();  // it may have ended before its signal was waited for
    while (!ended_) {
      pollfd events[] = {{signals_.get(), POLLIN, 0}, {master_, POLLIN, 0}, {input_open_ && master_ >= 0 ? 0 : -1, POLLIN, 0}};
      if (::poll(events, 3, -1) < 0) continue;
      if (events[1].revents != 0 && !pass_on(master_, 1)) master_ = -1;
      if (events[2].revents != 0) input_open_ = pass_on(0, master_);
      if (events[0].revents != 0) on_signal();
    }
    drain();
    return code_;
  }

private:
  void on_signal() {
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) return;
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGCHLD) {
      reap();
    } else if (signal == SIGWINCH) {
      if (master_ >= 0) copy_size(master_);
    } else if (signal != SIGURG && signal != SIGPIPE) {
      ::kill(pid_, signal);
    }
  }

  void reap() {
    constexpr int signalled = 128;
    int status = 0;
    for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG | __WALL)) > 0;) {
      if (ended != pid_) continue;
      code_ = WIFSIGNALED(status) ? signalled + WTERMSIG(status) : WEXITSTATUS(status);
      ended_ = true;
    }
  }

  /// What the command wrote last is still in the terminal.
  void drain() {
    if (master_ < 0) return;
    ::fcntl(master_, F_SETFL, ::fcntl(master_, F_GETFL) | O_NONBLOCK);
    for (pollfd more{master_, POLLIN, 0}; ::poll(&more, 1, 0) > 0 && (more.revents & POLLIN) != 0;)
      if (!pass_on(master_, 1)) return;
  }

  const pid_t pid_;
  int master_;
  UniqueFd signals_;
  bool input_open_ = true;
  bool ended_ = false;
  int code_ = 0;
};

}  // namespace

void send_over_socket(const std::string& path, int fd, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string reachable = path;
  UniqueFd directory;
  if (path.size() >= sizeof address.sun_path) {  // an address is short, a path is not
    const auto slash = path.rfind('/');
    directory.reset(::open(path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    reachable = "/proc/self/fd/" + std::to_string(directory.get()) + path.substr(slash);
  }
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", reachable.c_str());
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw errno_error("connect to socket " + path);
  iovec part{const_cast<char*>(name.data()), name.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  if (::sendmsg(socket.get(), &message, MSG_NOSIGNAL) < 0) throw errno_error("send a descriptor to " + path);
}

void hold_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
}

int wait_in_foreground(pid_t pid, int master) { return Foreground(pid, master).wait(); }

}  // namespace stack::engine::shim::oci
