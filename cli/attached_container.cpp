#include "cli/attached_container.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

#include "cli/attach.hpp"
#include "cli/flags.hpp"
#include "cli/forward_signals.hpp"
#include "cli/output.hpp"
#include "cli/task_group.hpp"
#include "cli/terminal.hpp"

namespace stack::cli {

namespace asio = boost::asio;
namespace api = engine::api;

namespace {

/// The status for a container that could not be started, as the docker tools choose it.
int start_failure_code(const std::string& message) {
  if (message.find("executable file not found") != std::string::npos) return 127;
  if (message.find("no such file or directory") != std::string::npos) return 127;
  if (message.find("permission denied") != std::string::npos || message.find("is a directory") != std::string::npos) return 126;
  return 125;
}

asio::awaitable<int> exit_status(api::ResponseStream waiting) {
  std::string body;
  std::array<char, 4096> buffer{};
  while (true) {
    const std::size_t size = co_await waiting.read_some(buffer);
    if (size == 0) break;
    body.append(buffer.data(), size);
  }
  co_return static_cast<int>(api::parse_body(body).at("StatusCode").get<std::int64_t>());
}

/// Empty text: it runs.
asio::awaitable<std::string> try_start(api::Client& client, const std::string& id) {
  try {
    co_await client.start_container(id);
    co_return std::string();
  } catch (const api::ApiError& error) {
    co_return std::string(error.what());
  }
}

asio::awaitable<int> start_failed(api::Client& client, const std::string& id, bool remove, const std::string& message) {
  if (remove) {
    api::RemoveOptions options;
    options.force = options.volumes = true;
    try {
      co_await client.remove_container(id, options);
    } catch (const api::ApiError&) {  // the engine removed it itself
    }
  }
  write_all(STDERR_FILENO, message + "\n");
  co_return start_failure_code(message);
}

asio::awaitable<api::HijackedStream> attach(api::Client& client, const AttachedContainer& container) {
  api::AttachOptions attaching;
  attaching.in = container.input;
  attaching.out = container.out;
  attaching.err = container.err;
  attaching.detach_keys = container.detach_keys;
  return client.attach_container(container.id, std::move(attaching));
}

asio::awaitable<CarryEnd> carry_container(api::Client& client, api::HijackedStream& stream, const AttachedContainer& container,
                                          bool is_running = false) {
  AttachedProcess process;
  process.redraw = is_running;
  process.tty = container.tty;
  process.input = container.input;
  process.detach_keys = parse_detach_keys(container.detach_keys);
  process.resize = [&client, id = container.id](unsigned rows, unsigned columns) {
    return client.resize_container(id, rows, columns);
  };
  return carry(stream, std::move(process));
}

asio::awaitable<api::ResponseStream> begin_waiting(api::Client& client, const std::string& id, const char* condition) {
  return client.stream("POST", fmt::format("/containers/{}/wait?condition={}", api::url_encode(id), condition));
}

/// Attach, wait, start: in this order nothing of the output and no exit is missed.
asio::awaitable<int> run_joined(api::Client& client, const AttachedContainer& container) {
  api::HijackedStream stream = co_await attach(client, container);
  api::ResponseStream waiting =
      co_await begin_waiting(client, container.id, container.removed_at_end ? "removed" : "next-exit");
  const std::string failure = co_await try_start(client, container.id);
  if (!failure.empty()) co_return co_await start_failed(client, container.id, container.removed_at_end, failure);
  const CarryEnd end = co_await carry_container(client, stream, container);
  if (end == CarryEnd::detached) co_return 0;
  co_return co_await exit_status(std::move(waiting));
}

constexpr int left_by_keys = -1;

asio::awaitable<int> join(api::Client& client, const AttachedContainer& container) {
  // waited for from before the output ends: a restart policy may have it run again by then
  api::ResponseStream waiting = co_await begin_waiting(client, container.id, "not-running");
  api::HijackedStream stream = co_await attach(client, container);
  const CarryEnd end = co_await carry_container(client, stream, container, true);
  if (end == CarryEnd::detached) co_return left_by_keys;
  co_return co_await exit_status(std::move(waiting));
}

/// Passes signals on while `work` goes on.
asio::awaitable<int> with_signals(api::Client& client, const AttachedContainer& container, asio::awaitable<int> work) {
  TaskGroup signals(client.executor());
  if (container.signals) signals.spawn(forward_signals(client, container.id));
  int status = 0;
  std::exception_ptr failure;
  try {
    status = co_await std::move(work);
  } catch (...) {
    failure = std::current_exception();
  }
  signals.cancel();
  co_await signals.join();
  if (failure) std::rethrow_exception(failure);
  co_return status;
}

}  // namespace

asio::awaitable<int> start_attached(api::Client& client, AttachedContainer container) {
  co_return co_await with_signals(client, container, run_joined(client, container));
}

asio::awaitable<std::optional<int>> join_container(api::Client& client, AttachedContainer container) {
  const int status = co_await with_signals(client, container, join(client, container));
  co_return status == left_by_keys ? std::nullopt : std::optional(status);
}

asio::awaitable<int> start_detached(api::Client& client, std::string id, bool removed_at_end) {
  const std::string failure = co_await try_start(client, id);
  if (failure.empty()) co_return 0;
  co_return co_await start_failed(client, id, removed_at_end, failure);
}

void need_terminal_input(bool tty, bool input) {
  if (tty && input && !is_terminal(STDIN_FILENO))
    throw UsageError("the input device is not a TTY: leave out -t, or run this in a terminal");
}

}  // namespace stack::cli
