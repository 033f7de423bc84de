#include "engine/shim/log_shipper.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "engine/shim/log_message.hpp"

namespace stack::engine::shim {

namespace {

constexpr int retry_ms = 1000;
constexpr int farewell_ms = 1000;  ///< for what is still queued when the container has ended

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

LogShipper::LogShipper(Loop& loop, LogShipping shipping) : loop_(loop), shipping_(std::move(shipping)) { open(); }

LogShipper::~LogShipper() {
  if (watched_) loop_.forget(socket_.fd());
  if (retry_timer_ != 0) loop_.cancel(retry_timer_);
}

void LogShipper::open() {
  retry_timer_ = 0;
  sent_ = 0;  // a message that was cut off is sent again as a whole
  if (socket_.connect(shipping_) != 0) return close_and_retry();
  flush();
}

void LogShipper::close_and_retry() {
  if (watched_) loop_.forget(socket_.fd());
  watched_ = false;
  socket_.close();
  if (retry_timer_ == 0) retry_timer_ = loop_.after(retry_ms, [this] { open(); });
  if (on_room_) on_room_();  // nobody waits for a service that is away
}

void LogShipper::write(LogStream stream, std::string_view bytes) {
  std::string& tail = tails_[stream == LogStream::err ? 1 : 0];
  std::string joined;
  if (!tail.empty()) {
    joined = std::move(tail) + std::string(bytes);
    bytes = joined;
    tail.clear();
  }
  while (!bytes.empty()) {
    const std::size_t end = bytes.substr(0, shipped_line + 1).find('\n');
    if (end == std::string_view::npos && bytes.size() < shipped_line) {
      tail = bytes;
      break;
    }
    const bool partial = end == std::string_view::npos;
    emit(stream, bytes.substr(0, partial ? shipped_line : end), partial);
    bytes.remove_prefix(partial ? shipped_line : end + 1);
  }
  flush();
}

void LogShipper::emit(LogStream stream, std::string_view text, bool partial) {
  const bool is_journal = shipping_.service == LogService::journal;
  if (text.empty() && !is_journal) return;  // Docker sends no empty line to syslog
  const ShippedLine line{stream, text, now_ns(), partial, ++ordinal_};
  std::string message = is_journal ? journal_message(shipping_, line) : syslog_message(shipping_, line, ::getpid());
  const bool drops = shipping_.drops_when_full || !socket_;
  if (drops && queued_ + message.size() > shipping_.buffer && !queue_.empty()) return;
  queued_ += message.size();
  queue_.push_back(std::move(message));
}

bool LogShipper::is_full() const { return socket_ && !shipping_.drops_when_full && queued_ > shipping_.buffer; }

bool LogShipper::flush() {
  while (socket_ && !queue_.empty()) {
    const std::string& message = queue_.front();
    const ssize_t n = ::send(socket_.fd(), message.data() + sent_, message.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == ENOBUFS || (errno == ENOTCONN && socket_.is_stream()))) {
      watch_room();
      return false;
    }
    if (n < 0 && errno != EMSGSIZE && errno != ECONNREFUSED) {
      close_and_retry();
      return false;
    }
    if (n < 0 && errno == ECONNREFUSED && shipping_.transport != LogTransport::udp) {
      close_and_retry();
      return false;
    }
    // what no datagram holds, and what a UDP server that is away refused for an earlier one, cannot be helped
    sent_ += n < 0 ? message.size() : static_cast<std::size_t>(n);
    if (socket_.is_stream() && sent_ < message.size()) continue;
    queued_ -= message.size();
    queue_.pop_front();
    sent_ = 0;
  }
  return queue_.empty();
}

void LogShipper::watch_room() {
  if (watched_) return;
  watched_ = true;
  loop_.watch(socket_.fd(), EPOLLOUT, [this](std::uint32_t) {
    const bool was_full = is_full();
    loop_.forget(socket_.fd());
    watched_ = false;
    flush();
    if (was_full && !is_full() && on_room_) on_room_();
  });
}

void LogShipper::finish() {
  for (const LogStream stream : {LogStream::out, LogStream::err}) {
    const std::string rest = std::move(tails_[stream == LogStream::err ? 1 : 0]);
    if (!rest.empty()) emit(stream, rest, false);
  }
  while (!flush() && socket_) {
    pollfd room{socket_.fd(), POLLOUT, 0};
    if (::poll(&room, 1, farewell_ms) <= 0) return;
  }
}

}  // namespace stack::engine::shim
