#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "cli/commands.hpp"
#include "cli/containers.hpp"
#include "cli/copy.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project.hpp"
#include "cli/render/color.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

struct CopyOptions {
  bool all = false, archive = false, follow = false;
  std::optional<int> index;
  CopyArgument source, target;
};

bool parse(const Invocation& invocation, CopyOptions& options) {
  std::vector<std::string> arguments;
  Flags flags(
      "cp [OPTIONS] SERVICE:SRC_PATH DEST_PATH|-\n       stack cp [OPTIONS] SRC_PATH|- SERVICE:DEST_PATH",
      "Copy files between a service's containers and the local file system. \"-\" is a tar archive on stdin or stdout.");
  flags.flag("--all", options.all, "Also containers of the run command");
  flags.flag("-a,--archive", options.archive, "Into a container: files belong to the container's user");
  flags.flag("-L,--follow-link", options.follow, "Copy what SRC_PATH leads to when it is a link");
  flags.value("--index", options.index, "N", "Which container, if the service has several");
  flags.arguments(arguments, 2, 2);
  if (!flags.parse(invocation.arguments)) return false;
  options.source = parse_copy_argument(arguments[0]);
  options.target = parse_copy_argument(arguments[1]);
  if (!options.source.service.empty() && !options.target.service.empty())
    throw UsageError("copying between services is not supported");
  if (options.source.service.empty() && options.target.service.empty())
    throw UsageError("unknown copy direction: one of the two must be SERVICE:PATH");
  return true;
}

/// A socket pair: on a pipe that nobody reads any more, a write would end the program.
std::pair<UniqueFd, UniqueFd> stream_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw errno_error("socketpair");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// Blocking work on a tar stream beside the loop; what it throws, join() throws.
class Worker {
public:
  Worker(UniqueFd stream, std::function<void(int stream)> work)
      : thread_([this, fd = std::move(stream), work]() mutable {
          try {
            work(fd.get());
          } catch (...) {
            failure_ = std::current_exception();
          }
          fd.reset();
        }) {}
  ~Worker() {
    if (thread_.joinable()) thread_.join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  void join() {
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
  }

private:
  std::exception_ptr failure_;
  std::thread thread_;
};

void send_all(int stream, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(stream, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EPIPE) throw Error(ErrorCode::unavailable, "the engine wants no more");
    if (sent < 0) throw errno_error("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

asio::awaitable<CopyTarget> container_target(api::Client& client, std::string container, std::string path) {
  CopyTarget target{.path = std::move(path)};
  std::optional<api::PathStat> stat = co_await client.find_path(container, target.path);
  if (stat && stat->is_link()) {
    target.path = stat->link_target;
    stat = co_await client.find_path(container, target.path);
  }
  target.exists = stat.has_value();
  target.directory = stat && stat->is_directory();
  co_return target;
}

/// Uploads what a thread writes. When both fail, the one that failed first says why: a thread that only finds its stream
/// closed has nothing to say.
asio::awaitable<void> upload_local(api::Client& client, std::string container, LocalSource source, CopyPlacement placement,
                                   api::PutArchiveOptions put) {
  auto [reading, writing] = stream_pair();
  Worker worker(std::move(writing), [source, name = placement.name](int stream) {
    write_local(source, name, [stream](std::string_view bytes) { send_all(stream, bytes); });
  });
  auto body = std::make_unique<api::FdSource>(client.executor(), std::move(reading));
  std::exception_ptr refused;
  try {
    co_await client.put_archive(std::move(container), placement.directory, *body, put);
  } catch (const Error&) {
    refused = std::current_exception();
  }
  body.reset();  // ends the thread, if it still writes
  try {
    worker.join();
  } catch (const Error& error) {
    if (!refused || error.code() != ErrorCode::unavailable) throw;
  }
  if (refused) std::rethrow_exception(refused);
}

asio::awaitable<void> copy_to(api::Client& client, std::string container, const CopyOptions& options, int stdin_copy) {
  CopyTarget target = co_await container_target(client, container, options.target.path);
  const api::PutArchiveOptions put{.replace_directory = false, .owned_by_user = options.archive};
  if (options.source.path == "-") {
    if (!target.directory)
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("destination \"{}:{}\" must be a directory", container, options.target.path));
    if (::lseek(stdin_copy, 0, SEEK_SET) < 0 && errno != ESPIPE) throw errno_error("lseek");
    api::FdSource body(client.executor(), UniqueFd(::fcntl(stdin_copy, F_DUPFD_CLOEXEC, 3)));
    co_await client.put_archive(std::move(container), target.path, body, put);
    co_return;
  }
  LocalSource source = local_source(options.source.path, options.follow);
  CopyPlacement placement = place_copy(source.shown, source.directory, target);
  co_await upload_local(client, std::move(container), std::move(source), std::move(placement), put);
}

asio::awaitable<void> write_to_stdout(api::ResponseStream& stream) {
  std::string buffer(256 * 1024, '\0');
  while (true) {
    const std::size_t count = co_await stream.read_some(buffer);
    if (count == 0) co_return;
    if (!write_all(STDOUT_FILENO, std::string_view(buffer).substr(0, count)))
      throw Error(ErrorCode::internal, "writing to stdout failed");
  }
}

/// Hands the stream on; an end that is no longer read is no error here: whoever read it says why.
asio::awaitable<void> pass_on(api::ResponseStream& from, asio::local::stream_protocol::socket& to) {
  std::string buffer(256 * 1024, '\0');
  boost::system::error_code failed;
  while (!failed) {
    const std::size_t count = co_await from.read_some(buffer);
    if (count == 0) break;
    co_await asio::async_write(to, asio::buffer(buffer.data(), count), asio::redirect_error(asio::use_awaitable, failed));
  }
}

asio::awaitable<void> copy_from(api::Client& client, std::string container, const CopyOptions& options) {
  std::string path = options.source.path;
  CopyTarget target{.path = "-"};
  if (options.target.path != "-") target = local_target(options.target.path);
  std::string shown = split_path(path).name;
  if (options.follow) {
    const std::optional<api::PathStat> stat = co_await client.find_path(container, path);
    if (stat && stat->is_link()) path = stat->link_target;
  }
  api::ArchiveStream archive = co_await client.get_archive(std::move(container), path);
  if (options.target.path == "-") co_return co_await write_to_stdout(archive.body);
  if (shown == "/") shown = ".";  // what the root holds, not a directory of that name
  CopyPlacement placement = place_copy(shown, archive.stat.is_directory(), target);
  auto [reading, writing] = stream_pair();
  Worker worker(std::move(reading), [from = archive.stat.name, placement](int stream) {
    extract_local(archive::from_fd(stream), from, placement);
  });
  // after the worker, so that it is closed first and the worker's stream ends
  asio::local::stream_protocol::socket socket(client.executor(), asio::local::stream_protocol(), writing.release());
  co_await pass_on(archive.body, socket);
  socket.close();
  worker.join();
}

asio::awaitable<std::vector<api::ContainerSummary>> find_containers(api::Client& client, std::string project,
                                                                    const CopyOptions& options) {
  const bool from = !options.source.service.empty();
  const std::string& service = from ? options.source.service : options.target.service;
  ContainerQuery query;
  query.project = std::move(project);
  query.services = {service};
  query.stopped = true;
  query.one_off = options.all && !options.index;
  std::vector<api::ContainerSummary> found = co_await list_project(client, std::move(query));
  if (options.index) {
    std::erase_if(found, [&](const api::ContainerSummary& container) { return number_of(container) != *options.index; });
    if (found.empty())
      throw Error(ErrorCode::not_found, fmt::format("service \"{}\" is not running container #{}", service, *options.index));
  }
  if (found.empty()) throw Error(ErrorCode::not_found, fmt::format("no container found for service \"{}\"", service));
  if (from) found.resize(1);
  co_return found;
}

/// Several containers read the same archive: it is kept in a file, unless stdin is one.
UniqueFd rewindable_stdin(std::size_t readers) {
  UniqueFd input(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!input) throw errno_error("stdin");
  if (readers < 2 || ::lseek(input.get(), 0, SEEK_CUR) >= 0) return input;
  UniqueFd file(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file) throw errno_error("open a temporary file in /tmp");
  std::string buffer(256 * 1024, '\0');
  for (ssize_t count = 0; (count = ::read(input.get(), buffer.data(), buffer.size())) > 0;)
    if (!write_all(file.get(), std::string_view(buffer).substr(0, static_cast<std::size_t>(count))))
      throw errno_error("write to /tmp");
  return file;
}

asio::awaitable<int> copy(api::Client& client, std::string project, const CopyOptions& options, render::Progress& progress) {
  const bool from = !options.source.service.empty();
  const std::vector<api::ContainerSummary> containers = co_await find_containers(client, std::move(project), options);
  UniqueFd input;
  if (!from && options.source.path == "-") input = rewindable_stdin(containers.size());
  for (const api::ContainerSummary& container : containers) {
    const std::string name = name_of(container);
    render::ProgressLine line{.id = name, .status = "Copying", .detail = {}, .phase = render::Phase::working};
    line.text = from ? fmt::format("copy {}:{} to {}", name, options.source.path, options.target.path)
                     : fmt::format("copy {} to {}:{}", options.source.path, name, options.target.path);
    progress.update(line, render::Progress::Clock::now());
    if (from)
      co_await copy_from(client, container.id, options);
    else
      co_await copy_to(client, container.id, options, input.get());
    line.status = "Copied";
    line.phase = render::Phase::done;
    progress.update(line, render::Progress::Clock::now());
  }
  co_return 0;
}

}  // namespace

int cp(const Invocation& invocation) {
  CopyOptions options;
  if (!parse(invocation, options)) return 0;
  const ProjectReference reference = find_project(invocation.global);
  Session session(invocation.global);
  const auto progress = render::make_progress({.mode = invocation.global.progress,
                                               .ansi = render::use_ansi(invocation.global.ansi, STDERR_FILENO),
                                               .fd = STDERR_FILENO,
                                               .title = "Copying"});
  session.show(*progress);
  return session.run(copy(session.client(), reference.name, options, *progress));
}

}  // namespace stack::cli
