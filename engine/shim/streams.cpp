#include "engine/shim/streams.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "engine/runtime/terminal.hpp"
#include "engine/shim/protocol.hpp"

namespace stack::engine::shim {

namespace {

constexpr std::size_t max_client_backlog = 1024 * 1024;  ///< beyond it the container waits, as it would for a slow terminal
constexpr std::size_t max_pending_input = 64 * 1024;
constexpr int stall_limit_ms = 60'000;  ///< a client that takes nothing that long is cut off
constexpr int give_back_delay_ms = 1000;
constexpr int busy_pipe_size = 1024 * 1024;

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace

Streams::Streams(Loop& loop, LogWriter& log, LogShipper* shipper, ScratchBuffer& scratch, const MonitorConfig& config)
    : loop_(loop),
      log_(log),
      shipper_(shipper),
      scratch_(scratch),
      terminal_(config.terminal != 0),
      stdin_once_(config.stdin_once != 0) {
  stdin_.reset(terminal_ && config.stdin_fd >= 0 ? ::fcntl(config.stdin_fd, F_DUPFD_CLOEXEC, 0) : config.stdin_fd);
  stdout_.reset(config.stdout_fd);
  stderr_.reset(config.stderr_fd);
  for (const UniqueFd* fd : {&stdin_, &stdout_, &stderr_}) {
    if (*fd) set_nonblocking(fd->get());
  }
  if (stdout_) loop_.watch(stdout_.get(), EPOLLIN, [this](std::uint32_t) { on_output(stdout_, LogStream::out); });
  if (stderr_) loop_.watch(stderr_.get(), EPOLLIN, [this](std::uint32_t) { on_output(stderr_, LogStream::err); });
  if (shipper_ != nullptr) shipper_->on_room([this] { update_interest(); });
}

void Streams::close_output(UniqueFd& fd) {
  if (!fd) return;
  loop_.forget(fd.get());
  fd.reset();
}

bool Streams::read_output(int fd, LogStream stream) {
  const ssize_t n = ::read(fd, scratch_.data(), ScratchBuffer::size);
  if (n < 0) return errno == EINTR;
  if (n == 0) return false;
  const auto length = static_cast<std::size_t>(n);
  scratch_.used(length);
  drained_ += length;
  // a pipe found full has a writer that waits for us; only then is more memory in the kernel worth it
  if (length == 64 * 1024) ::fcntl(fd, F_SETPIPE_SZ, busy_pipe_size);
  const std::string_view bytes(scratch_.data(), length);
  log_.write(stream, bytes);
  if (shipper_ != nullptr) shipper_->write(stream, bytes);
  broadcast(stream, bytes);
  return true;
}

void Streams::on_output(UniqueFd& fd, LogStream stream) {
  errno = 0;
  if (!read_output(fd.get(), stream) && errno != EAGAIN) close_output(fd);  // end of file, or EIO: nobody has the terminal open
  schedule_give_back();
  if (backlogged() != paused_) update_interest();
}

void Streams::schedule_give_back() {
  if (!scratch_.is_large() || give_back_timer_ != 0) return;
  give_back_timer_ = loop_.after(give_back_delay_ms, [this] {
    give_back_timer_ = 0;
    scratch_.give_back();
  });
}

void Streams::broadcast(LogStream stream, std::string_view bytes) {
  const std::uint8_t wanted = stream == LogStream::out ? attach_stdout : attach_stderr;
  char head[8] = {static_cast<char>(stream), 0, 0, 0};
  for (int i = 0; i < 4; ++i) head[4 + i] = static_cast<char>(bytes.size() >> (24 - 8 * i));
  const std::string_view frame = terminal_ ? std::string_view() : std::string_view(head, sizeof head);
  for (auto client = clients_.begin(); client != clients_.end();) {
    const auto current = client++;
    if ((current->flags & wanted) == 0 || current->ended) continue;
    if (!current->out.send(frame, bytes))
      drop(current);
    else if (current->out.queued() != 0)
      loop_.change(current->socket.get(), interest(*current));
  }
}

bool Streams::backlogged() const {
  if (shipper_ != nullptr && shipper_->is_full()) return true;
  return std::any_of(clients_.begin(), clients_.end(),
                     [](const Client& client) { return client.out.queued() > max_client_backlog; });
}

std::uint32_t Streams::interest(const Client& client) const {
  std::uint32_t events = 0;
  if (client.input_open && (client.ended || pending_input_.size() < max_pending_input)) events |= EPOLLIN;
  if (client.out.queued() != 0) events |= EPOLLOUT;
  return events;
}

/// Output is read only while every client keeps up; a client that does not move at all is cut off after a while.
void Streams::update_interest() {
  paused_ = backlogged();
  if (stdout_) loop_.change(stdout_.get(), paused_ ? 0u : EPOLLIN);
  if (stderr_) loop_.change(stderr_.get(), paused_ ? 0u : EPOLLIN);
  for (auto client = clients_.begin(); client != clients_.end(); ++client) {
    const bool stalled = client->out.queued() > (client->ended ? 0 : max_client_backlog);
    if (stalled && client->stall_timer == 0)
      client->stall_timer = loop_.after(stall_limit_ms, [this, client] { drop(client); });
    loop_.change(client->socket.get(), interest(*client));
  }
}

void Streams::attach(UniqueFd socket, std::uint8_t flags) {
  set_nonblocking(socket.get());
  ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
  const auto client = clients_.emplace(clients_.end(), std::move(socket), flags);
  loop_.watch(client->socket.get(), EPOLLIN, [this, client](std::uint32_t events) { on_client(client, events); });
  if (finished_) end_client(client);
}

void Streams::on_client(ClientIterator client, std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    if (!client->out.flush()) return drop(client);
    if (client->stall_timer != 0) {
      loop_.cancel(client->stall_timer);
      client->stall_timer = 0;
    }
    if (client->out.queued() == 0 && client->ended) ::shutdown(client->socket.get(), SHUT_WR);
    update_interest();
    check_delivered();
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    if (!client->input_open && (events & (EPOLLHUP | EPOLLERR)) != 0) return drop(client);
    read_input(client);
  }
}

void Streams::read_input(ClientIterator client) {
  const ssize_t n = ::recv(client->socket.get(), scratch_.data(), max_pending_input, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n < 0) return drop(client);
  if (n == 0) return input_ended(client);
  if (client->ended || (client->flags & attach_stdin) == 0 || !stdin_) return;
  pending_input_.append(scratch_.data(), static_cast<std::size_t>(n));
  flush_input();
}

/// A half close ends the container's input when it was opened for one client; a close ends the client.
void Streams::input_ended(ClientIterator client) {
  const bool was_stdin = (client->flags & attach_stdin) != 0;
  client->input_open = false;
  if (was_stdin && stdin_once_ && !terminal_) close_stdin();
  if (client->ended || (client->flags & (attach_stdout | attach_stderr)) == 0) return drop(client);
  loop_.change(client->socket.get(), interest(*client));  // EPOLLHUP still tells when it is gone altogether
}

void Streams::flush_input() {
  while (!pending_input_.empty() && stdin_) {
    const ssize_t n = ::write(stdin_.get(), pending_input_.data(), pending_input_.size());
    if (n > 0) {
      pending_input_.erase(0, static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      pending_input_.clear();  // nobody reads any more
    }
  }
  const bool waiting = !pending_input_.empty();
  if (waiting && !stdin_watched_ && stdin_) {
    loop_.watch(stdin_.get(), EPOLLOUT, [this](std::uint32_t) {
      flush_input();
      update_interest();
    });
    stdin_watched_ = true;
    update_interest();
  } else if (!waiting && stdin_watched_) {
    loop_.forget(stdin_.get());
    stdin_watched_ = false;
  }
  if (!waiting && stdin_closing_) stdin_.reset();
}

void Streams::close_stdin() {
  stdin_closing_ = true;
  flush_input();
}

int Streams::resize(std::uint16_t rows, std::uint16_t columns) {
  if (!terminal_ || !stdin_) return ENOTTY;
  return runtime::set_window_size(stdin_.get(), rows, columns);
}

void Streams::end_client(ClientIterator client) {
  client->ended = true;
  if (client->out.queued() == 0) ::shutdown(client->socket.get(), SHUT_WR);
  if (!client->input_open) {
    if (client->out.queued() == 0) drop(client);
    return;
  }
  loop_.change(client->socket.get(), interest(*client));
}

void Streams::drop(ClientIterator client) {
  const bool was_stdin = (client->flags & attach_stdin) != 0 && client->input_open;
  loop_.forget(client->socket.get());
  if (client->stall_timer != 0) loop_.cancel(client->stall_timer);
  clients_.erase(client);
  if (was_stdin && stdin_once_ && !terminal_ && !finished_) close_stdin();
  if (paused_) update_interest();
  check_delivered();
}

void Streams::when_delivered(std::function<void()> done) {
  delivered_ = std::move(done);
  check_delivered();
}

void Streams::check_delivered() {
  const bool waiting =
      std::any_of(clients_.begin(), clients_.end(), [](const Client& client) { return client.out.queued() != 0; });
  if (delivered_ && !waiting) std::exchange(delivered_, nullptr)();
}

void Streams::finish(std::function<void()> done) {
  // What was written before the exit is in the pipes now. A process that outlives the first one (shared pid namespace) and
  // keeps writing must not keep us: no more is read than a pipe holds.
  for (auto [fd, stream] : {std::pair{&stdout_, LogStream::out}, std::pair{&stderr_, LogStream::err}}) {
    drained_ = 0;
    while (*fd && drained_ < busy_pipe_size && read_output(fd->get(), stream)) {
    }
    close_output(*fd);
  }
  if (shipper_ != nullptr) shipper_->finish();
  finished_ = true;
  if (stdin_watched_) loop_.forget(stdin_.get());
  stdin_watched_ = false;
  stdin_.reset();
  pending_input_.clear();
  schedule_give_back();
  for (auto client = clients_.begin(); client != clients_.end();) end_client(client++);
  update_interest();
  done();
}

}  // namespace stack::engine::shim
