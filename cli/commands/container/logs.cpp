#include <unistd.h>

#include <chrono>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/render/human.hpp"
#include "cli/session.hpp"
#include "engine/api/stdcopy.hpp"

namespace stack::cli {
namespace {

asio::awaitable<void> print_logs(api::Client& client, std::string name, api::LogsOptions options) {
  api::ResponseStream stream = co_await client.container_logs(name, std::move(options));
  bool read = true;  // somebody reads what we write
  api::StdCopyDecoder decoder;
  const api::StdCopyDecoder::Sink sink = [&read](api::StdStream from, std::string_view bytes) {
    read = write_all(from == api::StdStream::out ? STDOUT_FILENO : STDERR_FILENO, bytes) && read;
  };
  std::vector<char> buffer(256 * 1024);
  while (read) {
    const std::size_t size = co_await stream.read_some(buffer);
    if (size == 0) co_return;
    const std::string_view bytes(buffer.data(), size);
    if (stream.multiplexed())
      decoder.feed(bytes, sink);
    else
      read = write_all(STDOUT_FILENO, bytes);
  }
}

}  // namespace

int container_logs(const Invocation& invocation) {
  api::LogsOptions options;
  std::string since;
  std::string until;
  std::string tail = "all";
  std::vector<std::string> names;
  Flags flags("container logs [OPTIONS] CONTAINER", "Show what a container has written.");
  flags.flag("--details", options.details, "Also what the log driver was told to add");
  flags.flag("-f,--follow", options.follow, "Go on showing what is written");
  flags.value("--since", since, "TIME", "Only lines written after: 42m, 2026-11-23T10:00:00Z");
  flags.value("-n,--tail", tail, "N", "Only the last N lines (default all)");
  flags.flag("-t,--timestamps", options.timestamps, "Show when each line was written");
  flags.value("--until", until, "TIME", "Only lines written before");
  flags.arguments(names, 1, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  const auto now = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  if (tail != "all") options.tail = tail;
  if (!since.empty()) options.since = render::api_instant(since, now);
  if (!until.empty()) options.until = render::api_instant(until, now);
  Session session(invocation.global);
  session.run(print_logs(session.client(), names.front(), options));
  return 0;
}

}  // namespace stack::cli
