#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/containers.hpp"
#include "cli/copy.hpp"
#include "cli/copy_container.hpp"
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
  const CopyFrom from_container{.source = options.source.path, .target = options.target.path, .follow = options.follow};
  const CopyTo to_container{
      .source = options.source.path, .target = options.target.path, .follow = options.follow, .archive = options.archive};
  for (const api::ContainerSummary& container : containers) {
    const std::string name = name_of(container);
    render::ProgressLine line{.id = name, .status = "Copying", .detail = {}, .phase = render::Phase::working};
    line.text = from ? fmt::format("copy {}:{} to {}", name, options.source.path, options.target.path)
                     : fmt::format("copy {} to {}:{}", options.source.path, name, options.target.path);
    progress.update(line, render::Progress::Clock::now());
    if (from)
      co_await copy_from(client, container.id, from_container);
    else
      co_await copy_to(client, container.id, to_container, input.get());
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
                                               .cursor = render::use_cursor(invocation.global.ansi, STDERR_FILENO),
                                               .color = render::use_color(invocation.global.ansi, STDERR_FILENO),
                                               .fd = STDERR_FILENO,
                                               .title = "Copying"});
  session.show(*progress);
  return session.run(copy(session.client(), reference.name, options, *progress));
}

}  // namespace stack::cli
