#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/runtime/init.hpp"

namespace stack::engine::runtime {

namespace {

constexpr std::size_t max_message = 4096;

struct FailureHeader {
  char tag = 'E';
  char padding[3] = {};
  std::int32_t exit_code = 125;
  std::int32_t error = 0;
};

}  // namespace

void report_failure(int sync_fd, const SyncFailure& failure) {
  char message[max_message];
  const FailureHeader header{'E', {}, failure.exit_code, failure.error};
  const std::size_t length = std::min(failure.text.size(), max_message - sizeof header);
  std::memcpy(message, &header, sizeof header);
  std::memcpy(message + sizeof header, failure.text.data(), length);
  // nobody can be told when this fails; the parent sees the end of the socket without R
  [[maybe_unused]] const ssize_t sent = ::send(sync_fd, message, sizeof header + length, MSG_NOSIGNAL);
}

void send_descriptor(int sync_fd, char tag, int fd) {
  iovec part{&tag, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  [[maybe_unused]] const ssize_t sent = ::sendmsg(sync_fd, &message, MSG_NOSIGNAL);
}

void send_go(int sync_fd) { send_descriptor(sync_fd, 'G', -1); }

int wait_for_go(int sync_fd) {
  char tag = 0;
  ssize_t n = -1;
  do {
    n = ::recv(sync_fd, &tag, 1, 0);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return errno;
  return n == 1 && tag == 'G' ? 0 : ECANCELED;
}

SyncResult wait_for_init(int sync_fd, const std::function<void()>& run_hooks) {
  SyncResult result;
  bool ready = false;
  for (;;) {
    char buffer[max_message + 1];
    iovec part{buffer, max_message};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t n = ::recvmsg(sync_fd, &message, MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    int fd = -1;
    if (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr && header->cmsg_type == SCM_RIGHTS) {
      std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    }
    if (buffer[0] == 'M')
      result.rootfs_fd = fd;
    else if (buffer[0] == 'T')
      result.terminal_fd = fd;
    else if (buffer[0] == 'R')
      ready = true;
    else if (buffer[0] == 'H') {
      if (run_hooks) run_hooks();
      send_go(sync_fd);
    } else if (buffer[0] == 'E' && n >= static_cast<ssize_t>(sizeof(FailureHeader))) {
      FailureHeader header;
      std::memcpy(&header, buffer, sizeof header);
      result.failure = {header.exit_code, header.error,
                        std::string(buffer + sizeof header, static_cast<std::size_t>(n) - sizeof header)};
      return result;
    }
  }
  result.executed = ready;
  if (!ready) result.failure = {125, 0, "container process ended during its set-up"};
  return result;
}

}  // namespace stack::engine::runtime
