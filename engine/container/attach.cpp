// Joining a client to a container's standard streams.
#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include "base/error.hpp"
#include "engine/container/detach_keys.hpp"
#include "engine/container/log_config.hpp"
#include "engine/container/logs.hpp"
#include "engine/container/manager_impl.hpp"

namespace stack::engine::container {

namespace {

using Socket = asio::local::stream_protocol::socket;
using asio::experimental::awaitable_operators::operator||;

constexpr std::size_t copy_size = 32 * 1024;

asio::awaitable<void> copy_out(Socket& from, ClientStream& client) {
  std::vector<char> buffer(copy_size);
  for (;;) {
    boost::system::error_code error;
    const std::size_t count =
        co_await from.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    if (error || count == 0) co_return;
    co_await client.write(std::string_view(buffer.data(), count));
  }
}

/// Returns when the client has typed its detach keys (there are none without a terminal), and never otherwise: what ends a
/// session is the end of the output.
asio::awaitable<void> copy_in(ClientStream& client, Socket& to, std::optional<DetachFilter> keys) {
  std::vector<char> buffer(copy_size);
  std::string typed;
  boost::system::error_code error;
  while (!error) {
    const std::size_t count = co_await client.read_some(buffer);
    if (count == 0) break;
    typed.clear();
    const bool detached = keys && keys->feed({buffer.data(), count}, typed);
    const auto input = keys ? asio::buffer(typed) : asio::buffer(buffer.data(), count);
    co_await asio::async_write(to, input, asio::redirect_error(asio::use_awaitable, error));
    if (detached) co_return;
  }
  to.shutdown(Socket::shutdown_send, error);  // the container's stdin ends, its output goes on
  Notifier never(to.get_executor());
  co_await never.wait();
}

asio::awaitable<void> write_logs(asio::thread_pool& pool, LogSource source, LogOptions options, ClientStream& client) {
  const auto executor = co_await asio::this_coro::executor;
  LogReader reader(executor, std::move(source), options, &pool);
  for (;;) {
    const std::string_view chunk = co_await reader.next();
    if (chunk.empty()) co_return;
    co_await client.write(chunk);
  }
}

/// The streams of a run; closed when the run has ended meanwhile, and its shim with it.
asio::awaitable<Socket> join_streams(RunPtr run, std::uint8_t flags) {
  constexpr std::chrono::seconds patience{10};
  const auto executor = co_await asio::this_coro::executor;
  std::exception_ptr failure;
  try {
    std::string path = run->socket_path;
    co_return co_await runtime::ShimClient::attach(std::move(path), flags);
  } catch (...) {
    failure = std::current_exception();
  }
  const bool ended = co_await run->ended.wait_for(patience);
  if (!ended) std::rethrow_exception(failure);
  co_return Socket(executor);
}

}  // namespace

asio::awaitable<void> Manager::Impl::attach(ContainerPtr container, AttachOptions options,
                                            std::shared_ptr<ClientStream> client) {
  if (container->record.state == State::paused)
    throw Error(ErrorCode::conflict,
                fmt::format("container {} is paused, unpause the container before attach", container->record.name));
  if (container->record.state == State::restarting)
    throw Error(ErrorCode::conflict,
                fmt::format("container {} is restarting, wait until the container is running", container->record.name));
  if (options.logs) {
    co_await client->begin();
    LogOptions log_options;
    log_options.out = options.out;
    log_options.err = options.err;
    log_options.raw = container->record.config.tty;
    LogSource source = log_source(container->record, dir(*container));
    co_await write_logs(services.pool, std::move(source), log_options, *client);
  }
  if (!options.stream) {
    if (!options.logs) co_await client->begin();
    co_return;
  }
  std::uint8_t flags = 0;
  if (options.in && container->record.config.open_stdin) flags |= shim::attach_stdin;
  if (options.out) flags |= shim::attach_stdout;
  if (options.err) flags |= shim::attach_stderr;
  Socket socket(executor);
  if (const RunPtr run = container->run) socket = co_await join_streams(run, flags);
  if (!socket.is_open()) {  // joined by the next start
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw errno_error("socketpair");
    socket.assign(asio::local::stream_protocol(), ends[0]);
    runtime::InitialAttach waiting;
    waiting.socket.reset(ends[1]);
    waiting.flags = flags;
    container->waiting_clients.push_back(std::move(waiting));
  }
  publish(*container, "attach");
  if (!options.logs) co_await client->begin();
  if (flags & shim::attach_stdin) {
    std::optional<DetachFilter> keys;
    if (container->record.config.tty) keys.emplace(options.detach_keys);
    const auto ended = co_await (copy_out(socket, *client) || copy_in(*client, socket, std::move(keys)));
    if (ended.index() == 1) publish(*container, "detach");
  } else {
    co_await copy_out(socket, *client);
  }
}

}  // namespace stack::engine::container
