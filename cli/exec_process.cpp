#include "cli/exec_process.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/attach.hpp"
#include "cli/terminal.hpp"

namespace stack::cli {

namespace asio = boost::asio;
namespace api = engine::api;

namespace {

std::vector<std::uint64_t> console_size() {
  const auto size = terminal_size(STDOUT_FILENO);
  if (!size) return {};
  return {size->rows, size->columns};
}

api::ExecCreateRequest request_of(const ExecProcess& process) {
  api::ExecCreateRequest request;
  request.user = process.user;
  request.privileged = process.privileged;
  request.tty = process.tty;
  if (process.tty) request.console_size = console_size();
  request.attach_stdin = !process.detach && process.input;
  request.attach_stdout = request.attach_stderr = !process.detach;
  request.env = process.environment;
  request.working_dir = process.directory;
  request.cmd = process.command;
  request.detach_keys = process.detach_keys;
  return request;
}

/// Empty: the engine that knew it has ended.
asio::awaitable<std::optional<api::ExecInspect>> find_exec(api::Client& client, std::string id) {
  try {
    co_return co_await client.inspect_exec(std::move(id));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::unavailable) throw;
    co_return std::nullopt;
  }
}

enum class End { whole, detached, torn };

asio::awaitable<End> carry_to_the_end(api::HijackedStream& stream, AttachedProcess process) {
  try {
    const CarryEnd end = co_await carry(stream, std::move(process));
    co_return end == CarryEnd::detached ? End::detached : End::whole;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unavailable) throw;
    co_return End::torn;
  }
}

}  // namespace

asio::awaitable<std::optional<int>> run_exec(api::Client& client, ExecProcess process) {
  api::ExecCreateRequest request = request_of(process);
  const std::string id = co_await client.create_exec(process.container, std::move(request));
  if (process.detach) {
    co_await client.start_exec_detached(id);
    co_return 0;
  }
  api::ExecStartRequest start{
      .detach = false, .tty = process.tty, .console_size = process.tty ? console_size() : std::vector<std::uint64_t>()};
  api::HijackedStream stream = co_await client.start_exec(id, std::move(start));
  AttachedProcess attached;
  attached.tty = process.tty;
  attached.input = process.input;
  attached.detach_keys = parse_detach_keys(process.detach_keys);
  attached.resize = [&client, &id](unsigned rows, unsigned columns) { return client.resize_exec(id, rows, columns); };
  const End end = co_await carry_to_the_end(stream, std::move(attached));
  if (end == End::detached) co_return std::nullopt;
  const std::optional<api::ExecInspect> ended = co_await find_exec(client, id);
  if (end == End::torn || !ended)
    throw Error(ErrorCode::unavailable,
                fmt::format("the engine ended while the command ran in container {}: the command's exit status is unknown, and "
                            "some of its output may be missing; the container itself runs on",
                            process.container));
  co_return static_cast<int>(ended->exit_code.value_or(0));
}

}  // namespace stack::cli
