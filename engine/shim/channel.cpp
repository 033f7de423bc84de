#include "engine/shim/channel.hpp"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"

namespace stack::engine::shim {

bool OutQueue::write_now(std::string_view& bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (errno == EINTR)
      continue;
    else
      return errno == EAGAIN;
  }
  return true;
}

bool OutQueue::send(std::string_view head, std::string_view body) {
  if (queued() == 0) {
    iovec parts[2] = {{const_cast<char*>(head.data()), head.size()}, {const_cast<char*>(body.data()), body.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const ssize_t n = ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
    std::size_t sent = n > 0 ? static_cast<std::size_t>(n) : 0;
    const std::size_t of_head = sent < head.size() ? sent : head.size();
    head.remove_prefix(of_head);
    body.remove_prefix(sent - of_head);
  }
  queue_.append(head);
  queue_.append(body);
  return true;
}

bool OutQueue::flush() {
  std::string_view rest = std::string_view(queue_).substr(start_);
  const bool alive = write_now(rest);
  start_ = queue_.size() - rest.size();
  if (rest.empty()) {
    start_ = 0;
    std::string().swap(queue_);
  } else if (start_ > queue_.size() / 2) {
    queue_.erase(0, start_);
    start_ = 0;
  }
  return alive;
}

ScratchBuffer::ScratchBuffer() {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw errno_error("mmap");
  ::madvise(memory, size, MADV_NOHUGEPAGE);
  data_ = static_cast<char*>(memory);
}

void ScratchBuffer::give_back() {
  ::madvise(data_, size, MADV_DONTNEED);
  touched_ = 0;
}

}  // namespace stack::engine::shim
