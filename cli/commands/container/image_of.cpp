// What becomes of a container's files: commit, export.
#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/render/image_name.hpp"
#include "cli/session.hpp"
#include "cli/stream_files.hpp"

namespace stack::cli {

int container_commit(const Invocation& invocation) {
  api::CommitOptions options;
  std::vector<std::string> arguments;
  Flags flags("container commit [OPTIONS] CONTAINER [NAME[:TAG]]", "Make an image of a container as it is now.");
  flags.value("-a,--author", options.author, "NAME", "Who made it: \"Ada <ada@example.com>\"");
  flags.values("-c,--change", options.changes, "INSTRUCTION", "Apply a Dockerfile instruction to the image; repeatable");
  flags.value("-m,--message", options.comment, "TEXT", "Comment kept with the image");
  flags.flag("-p,--pause", options.pause, "Pause the container meanwhile (default true)");
  flags.arguments(arguments, 1, 2);
  if (!flags.parse(invocation.arguments)) return 0;
  if (arguments.size() > 1) {
    const render::ImageName name = render::split_name(arguments[1], "latest");
    options.repository = name.repository;
    options.tag = name.tag;
  }
  Session session(invocation.global);
  const std::string id = session.run(session.client().commit_container(arguments.front(), options));
  return write_all(1, id + "\n") ? 0 : 1;
}

int container_export(const Invocation& invocation) {
  std::string output;
  std::vector<std::string> names;
  Flags flags("container export [OPTIONS] CONTAINER",
              "Write a container's file system as a tar archive; to stdout without -o.");
  flags.value("-o,--output", output, "FILE", "Write to FILE");
  flags.arguments(names, 1, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  write_archive(session, output, [&] { return session.client().export_container(names.front()); });
  return 0;
}

}  // namespace stack::cli
