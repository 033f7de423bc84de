#include "scheduler/hooks.hpp"

#include <array>

#include "base/error.hpp"
#include "engine/api/stdcopy.hpp"

namespace stack::scheduler {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kept_output = 4096;  ///< of what a hook writes, for its error message

std::vector<HookCommand> commands(const compose::Service& service, const std::string& key,
                                  const std::vector<compose::Hook>& hooks) {
  std::vector<HookCommand> out;
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    const compose::Hook& hook = hooks[i];
    HookCommand& command = out.emplace_back();
    command.what = key + "[" + std::to_string(i) + "]";
    command.where = service.where(command.what);
    if (hook.command) command.command = *hook.command;
    command.user = hook.user;
    command.privileged = hook.privileged;
    command.working_dir = hook.working_dir;
    for (const auto& [name, value] : hook.environment)
      if (value) command.environment.push_back(name + "=" + *value);
  }
  return out;
}

void keep_end(std::string& output, std::string_view more) {
  output += more;
  if (output.size() > kept_output) output.erase(0, output.size() - kept_output);
}

/// What it wrote; returns when it has ended.
asio::awaitable<std::string> output_of(api::Client& client, std::string exec) {
  api::ExecStartRequest start;
  api::HijackedStream stream = co_await client.start_exec(std::move(exec), std::move(start));
  std::string output;
  api::StdCopyDecoder decoder;
  std::array<char, 4096> buffer;
  while (const std::size_t size = co_await stream.read_some(buffer)) {
    const std::string_view bytes(buffer.data(), size);
    if (stream.multiplexed())
      decoder.feed(bytes, [&](api::StdStream, std::string_view piece) { keep_end(output, piece); });
    else
      keep_end(output, bytes);
  }
  co_return output;
}

std::string last_line(std::string_view output) {
  while (!output.empty() && (output.back() == '\n' || output.back() == '\r')) output.remove_suffix(1);
  return std::string(output.substr(output.rfind('\n') + 1));
}

asio::awaitable<void> run_hook(api::Client& client, std::string container, HookCommand hook) {
  api::ExecCreateRequest request;
  request.user = hook.user;
  request.privileged = hook.privileged;
  request.attach_stdout = request.attach_stderr = true;
  request.env = hook.environment;
  request.working_dir = hook.working_dir;
  request.cmd = hook.command;
  const std::string exec = co_await client.create_exec(std::move(container), std::move(request));
  const std::string output = co_await output_of(client, exec);
  const api::ExecInspect ended = co_await client.inspect_exec(exec);
  const std::int64_t status = ended.exit_code.value_or(-1);
  if (status == 0) co_return;
  const std::string said = last_line(output);
  const std::string place = hook.where.empty() ? "" : " (" + hook.where + ")";
  throw Error(ErrorCode::internal,
              hook.what + place + " exited with " + std::to_string(status) + (said.empty() ? "" : ": " + said));
}

}  // namespace

std::vector<HookCommand> post_start_hooks(const compose::Service& service) {
  return commands(service, "post_start", service.post_start);
}

std::vector<HookCommand> pre_stop_hooks(const compose::Service& service) {
  return commands(service, "pre_stop", service.pre_stop);
}

asio::awaitable<void> run_hooks(api::Client& client, std::string container, std::vector<HookCommand> hooks) {
  for (HookCommand& hook : hooks) co_await run_hook(client, container, std::move(hook));
}

}  // namespace stack::scheduler
