#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <chrono>

#include "cli/commands.hpp"
#include "cli/containers.hpp"
#include "cli/flags.hpp"
#include "cli/log_follower.hpp"
#include "cli/log_reader.hpp"
#include "cli/project.hpp"
#include "cli/render/human.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

struct LogsCommand {
  bool follow = false, timestamps = false, no_prefix = false, no_color = false;
  std::optional<int> index;
  std::string tail = "all", since, until;
  std::vector<std::string> services;
};

bool parse(const Invocation& invocation, LogsCommand& options) {
  Flags flags("logs [OPTIONS] [SERVICE...]", "Show what containers wrote, ordered by time.");
  flags.flag("-f,--follow", options.follow, "Go on showing what is written, until nothing runs or Ctrl-C");
  flags.value("-n,--tail", options.tail, "N", "Only the last N lines of each container (default all)");
  flags.flag("-t,--timestamps", options.timestamps, "Show when each line was written");
  flags.value("--since", options.since, "TIME", "Only lines written after: 42m, 2026-11-23T10:00:00Z");
  flags.value("--until", options.until, "TIME", "Only lines written before");
  flags.value("--index", options.index, "N", "Which container, if the service has several");
  flags.flag("--no-log-prefix", options.no_prefix, "Lines only, without the container's name");
  flags.flag("--no-color", options.no_color, "No colours");
  flags.arguments(options.services);
  if (!flags.parse(invocation.arguments)) return false;
  if (options.tail != "all" && (options.tail.empty() || options.tail.find_first_not_of("0123456789") != std::string::npos) &&
      options.tail != "-1")
    throw UsageError(fmt::format("invalid value \"{}\" for --tail: a number or all", options.tail));
  return true;
}

api::LogsOptions api_options(const LogsCommand& options) {
  const auto now = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  api::LogsOptions logs;
  if (options.tail != "all" && options.tail != "-1") logs.tail = options.tail;
  if (!options.since.empty()) logs.since = render::api_instant(options.since, now);
  if (!options.until.empty()) logs.until = render::api_instant(options.until, now);
  logs.timestamps = options.timestamps;
  return logs;
}

/// Empty, with a warning: this container keeps no log.
asio::awaitable<std::optional<api::ResponseStream>> open_logs(api::Client& client, api::ContainerSummary container,
                                                              api::LogsOptions logs) {
  try {
    co_return co_await client.container_logs(container.id, std::move(logs));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_implemented) throw;
    warn_of_no_logs(name_of(container), error);
  }
  co_return std::nullopt;
}

/// One container needs no merging: its bytes go through as they come.
asio::awaitable<void> print_one(api::Client& client, api::ContainerSummary container, api::LogsOptions logs,
                                render::LogPrinter& printer, std::size_t source) {
  std::optional<api::ResponseStream> opened = co_await open_logs(client, std::move(container), std::move(logs));
  if (!opened) co_return;
  api::ResponseStream& stream = *opened;
  api::StdCopyDecoder decoder;
  const api::StdCopyDecoder::Sink sink = [&](api::StdStream from, std::string_view bytes) {
    printer.write(source, from == api::StdStream::out ? render::Stream::out : render::Stream::err, bytes);
  };
  std::vector<char> buffer(256 * 1024);
  while (true) {
    const std::size_t size = co_await stream.read_some(buffer);
    if (size == 0) break;
    const std::string_view bytes(buffer.data(), size);
    if (stream.multiplexed())
      decoder.feed(bytes, sink);
    else
      printer.write(source, render::Stream::out, bytes);
    if (!printer.flush()) co_return;
  }
  printer.finish(source);
}

/// Always the oldest line of all readers next; ends when every reader has.
asio::awaitable<void> merge(std::vector<LogReader> readers, render::LogPrinter& printer, bool timestamps) {
  const auto later = [](LogReader* a, LogReader* b) { return a->lines().front().timestamp() > b->lines().front().timestamp(); };
  std::vector<LogReader*> heap;
  for (LogReader& reader : readers) {
    const bool any = co_await reader.fill();
    if (any) heap.push_back(&reader);
  }
  std::make_heap(heap.begin(), heap.end(), later);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    LogReader& oldest = *heap.back();
    const TimestampedLines::Line line = oldest.lines().take();
    printer.write(oldest.source(), line.stream, timestamps ? std::string_view(line.text) : line.message());
    if (oldest.lines().empty() && !printer.flush()) co_return;
    const bool more = co_await oldest.fill();
    if (more)
      std::push_heap(heap.begin(), heap.end(), later);
    else
      heap.pop_back();
  }
}

asio::awaitable<void> print_recorded(api::Client& client, const std::vector<api::ContainerSummary>& containers,
                                     const LogsCommand& options, render::LogPrinter& printer) {
  const api::LogsOptions logs = api_options(options);
  std::vector<std::size_t> sources;
  for (const auto& container : containers) sources.push_back(printer.add(short_name_of(container)));
  if (containers.size() == 1) {
    co_await print_one(client, containers.front(), logs, printer, sources.front());
  } else {
    api::LogsOptions stamped = logs;
    stamped.timestamps = true;
    std::vector<LogReader> readers;
    for (std::size_t i = 0; i < containers.size(); ++i) {
      std::optional<api::ResponseStream> stream = co_await open_logs(client, containers[i], stamped);
      if (stream) readers.emplace_back(sources[i], std::move(*stream));
    }
    co_await merge(std::move(readers), printer, options.timestamps);
  }
  printer.flush();
}

asio::awaitable<void> print_followed(api::Client& client, std::string project, std::vector<api::ContainerSummary> containers,
                                     const LogsCommand& options, render::LogPrinter& printer) {
  LogFollower::Options following;
  following.project = std::move(project);
  following.services = {options.services.begin(), options.services.end()};
  following.logs = api_options(options);
  following.timestamps = options.timestamps;
  LogFollower follower(client, printer, std::move(following));
  std::exception_ptr failure;
  try {
    co_await follower.begin(std::move(containers));
    co_await follower.wait_until_nothing_runs();
  } catch (...) {
    failure = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await follower.end();
  if (failure) std::rethrow_exception(failure);
}

asio::awaitable<void> show(api::Client& client, std::string project, const LogsCommand& options, render::LogPrinter& printer) {
  ContainerQuery query;
  query.project = project;
  query.services = options.services;
  query.stopped = true;
  std::vector<api::ContainerSummary> containers = co_await list_project(client, std::move(query));
  if (options.index)
    std::erase_if(containers, [&](const api::ContainerSummary& container) { return number_of(container) != *options.index; });
  if (options.follow)
    co_await print_followed(client, std::move(project), std::move(containers), options, printer);
  else
    co_await print_recorded(client, containers, options, printer);
}

}  // namespace

int logs(const Invocation& invocation) {
  LogsCommand options;
  if (!parse(invocation, options)) return 0;
  const ProjectReference reference = find_project(invocation.global, options.services);
  Session session(invocation.global);
  const bool color = !options.no_color && render::use_ansi(invocation.global.ansi, STDOUT_FILENO);
  render::LogPrinter printer({.prefix = !options.no_prefix, .color = color, .out_fd = STDOUT_FILENO, .err_fd = STDOUT_FILENO});
  session.run(show(session.client(), reference.name, options, printer));
  return 0;
}

}  // namespace stack::cli
