#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/copy.hpp"
#include "cli/copy_container.hpp"
#include "cli/flags.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"

namespace stack::cli {

int container_cp(const Invocation& invocation) {
  bool archive = false;
  bool follow = false;
  bool quiet = false;
  std::vector<std::string> arguments;
  Flags flags(
      "container cp [OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n       stack container cp [OPTIONS] SRC_PATH|- "
      "CONTAINER:DEST_PATH",
      "Copy files between a container and the local file system. \"-\" is a tar archive on stdin or stdout.");
  flags.flag("-a,--archive", archive, "Into a container: files belong to the container's user");
  flags.flag("-L,--follow-link", follow, "Copy what SRC_PATH leads to when it is a link");
  flags.flag("-q,--quiet", quiet, "Do not show progress; it is shown only on a terminal");
  flags.arguments(arguments, 2, 2);
  if (!flags.parse(invocation.arguments)) return 0;
  const CopyArgument source = parse_copy_argument(arguments[0]);
  const CopyArgument target = parse_copy_argument(arguments[1]);
  if (source.service.empty() == target.service.empty())
    throw UsageError(source.service.empty() ? "unknown copy direction: one of the two must be CONTAINER:PATH"
                                            : "copying between containers is not supported");
  quiet = quiet || !is_terminal(STDERR_FILENO);
  Session session(invocation.global);
  if (!source.service.empty()) {
    session.run(copy_from(session.client(), source.service,
                          {.source = source.path, .target = target.path, .follow = follow, .quiet = quiet}));
    return 0;
  }
  const UniqueFd input(source.path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : -1);
  session.run(copy_to(session.client(), target.service,
                      {.source = source.path, .target = target.path, .follow = follow, .archive = archive, .quiet = quiet},
                      input.get()));
  return 0;
}

}  // namespace stack::cli
