#include "cli/attach.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "cli/detach_keys.hpp"
#include "cli/interrupted.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"
#include "engine/api/stdcopy.hpp"

namespace stack::cli {

namespace asio = boost::asio;
namespace api = engine::api;

namespace {

constexpr std::size_t buffer_size = 32 * 1024;

/// Reading without blocking changes the open file, which our parent's shell shares with us: put it back as it was.
class KeepStatusFlags {
public:
  explicit KeepStatusFlags(int fd) : fd_(fd), flags_(::fcntl(fd, F_GETFL)) {}
  ~KeepStatusFlags() {
    if (flags_ >= 0) ::fcntl(fd_, F_SETFL, flags_);
  }
  KeepStatusFlags(const KeepStatusFlags&) = delete;
  KeepStatusFlags& operator=(const KeepStatusFlags&) = delete;

private:
  int fd_, flags_;
};

/// Never ends by itself; for the side of an `||` that must not win.
asio::awaitable<void> wait_for_ever() {
  asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await never.async_wait(asio::use_awaitable);
}

/// Until the process has closed its output, or nobody reads ours; `reader_gone` says which. What was closed before we began
/// (`2>&-`) has no reader to lose.
asio::awaitable<void> copy_output(api::HijackedStream& stream, bool& reader_gone) {
  std::array<char, buffer_size> buffer{};
  api::StdCopyDecoder decoder;
  const api::StdCopyDecoder::Sink sink = [&reader_gone](api::StdStream from, std::string_view bytes) {
    const int fd = from == api::StdStream::out ? STDOUT_FILENO : STDERR_FILENO;
    if (!write_all(fd, bytes) && errno == EPIPE) reader_gone = true;
  };
  while (!reader_gone) {
    const std::size_t size = co_await stream.read_some(buffer);
    if (size == 0) co_return;
    const std::string_view bytes(buffer.data(), size);
    if (stream.multiplexed())
      decoder.feed(bytes, sink);
    else
      sink(api::StdStream::out, bytes);
  }
}

/// Ends when the detach keys were typed, and only then.
asio::awaitable<void> copy_input(api::HijackedStream& stream, DetachKeys keys) {
  api::FdSource source(co_await asio::this_coro::executor, UniqueFd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)));
  std::array<char, buffer_size> buffer{};
  bool open = true;
  while (open) {
    const std::size_t size = co_await source.read(buffer);
    if (size == 0) break;
    const std::string bytes = keys.feed({buffer.data(), size});
    if (keys.complete()) co_return;
    try {
      if (!bytes.empty()) co_await stream.write(bytes);
    } catch (const std::exception&) {
      open = false;  // the process ended without reading all; its output says how
    }
  }
  if (open) stream.shutdown_write();
  co_await wait_for_ever();
}

asio::awaitable<void> follow_size(AttachedProcess& process) {
  asio::signal_set changed(co_await asio::this_coro::executor, SIGWINCH);
  bool redraw = process.redraw;
  while (true) {
    if (const auto size = terminal_size(STDOUT_FILENO)) {
      try {
        if (std::exchange(redraw, false)) co_await process.resize(size->rows + 1, size->columns + 1);
        co_await process.resize(size->rows, size->columns);
      } catch (const Error&) {  // it may have ended already, or not begun: then it has no size to keep
      }
    }
    co_await changed.async_wait(asio::use_awaitable);
  }
}

}  // namespace

asio::awaitable<CarryEnd> carry(api::HijackedStream& stream, AttachedProcess process) {
  using namespace asio::experimental::awaitable_operators;
  std::optional<KeepStatusFlags> flags;
  std::optional<RawMode> raw;
  if (process.input) flags.emplace(STDIN_FILENO);
  if (process.input && process.tty) raw.emplace(STDIN_FILENO);
  DetachKeys keys(process.tty ? process.detach_keys : std::string());
  bool reader_gone = false;
  asio::awaitable<void> output = copy_output(stream, reader_gone);
  asio::awaitable<void> input = process.input ? copy_input(stream, std::move(keys)) : wait_for_ever();
  asio::awaitable<void> size = process.tty && process.resize ? follow_size(process) : wait_for_ever();
  const auto first = co_await (std::move(output) || std::move(input) || std::move(size));
  if (reader_gone) throw ReaderGone();
  co_return first.index() == 1 ? CarryEnd::detached : CarryEnd::closed;
}

}  // namespace stack::cli
