// Images that come from elsewhere and go elsewhere: pull, push, load, save, import.
#include <fmt/format.h>
#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/image_messages.hpp"
#include "cli/output.hpp"
#include "cli/render/image_name.hpp"
#include "cli/session.hpp"
#include "cli/stream_files.hpp"
#include "cli/terminal.hpp"

namespace stack::cli {
namespace {

asio::awaitable<void> pull_tags(api::Client& client, std::vector<std::string> names, std::string platform, bool quiet) {
  for (const std::string& name : names) {
    if (render::split_name(name, "").tag != "") throw UsageError("tag can't be used with --all-tags/-a: " + name);
    api::ProgressStream stream = co_await client.pull_all_tags(name, platform);
    co_await show_messages(std::move(stream), STDOUT_FILENO, quiet);
    const std::string full = full_image_name(name);
    write_all(STDOUT_FILENO, full.substr(0, full.rfind(':')) + "\n");
  }
}

asio::awaitable<void> pull_all(api::Client& client, std::vector<std::string> names, std::string platform, bool quiet) {
  for (const std::string& name : names) {
    if (!quiet && names.size() == 1 && name.find(':') == std::string::npos && name.find('@') == std::string::npos)
      write_all(STDOUT_FILENO, "Using default tag: latest\n");
    co_await pull_with_messages(client, name, platform, STDOUT_FILENO, quiet);
    write_all(STDOUT_FILENO, full_image_name(name) + "\n");
  }
}

asio::awaitable<void> push(api::Client& client, render::ImageName name, std::string platform, bool quiet) {
  api::ProgressStream stream = co_await client.push_image(name.repository, name.tag, std::move(platform));
  co_await show_messages(std::move(stream), STDOUT_FILENO, quiet);
}

asio::awaitable<void> load(api::Client& client, std::string file, std::string platform) {
  api::FdSource source(client.executor(), open_input(file));
  api::ProgressStream stream = co_await client.load_images(source, std::move(platform));
  co_await show_messages(std::move(stream), STDOUT_FILENO, false);
}

asio::awaitable<std::string> import(api::Client& client, std::string source, api::ImportOptions options) {
  if (source.starts_with("http://") || source.starts_with("https://")) {
    api::ProgressStream stream = co_await client.import_image_from(source, std::move(options));
    co_return co_await show_messages(std::move(stream), STDOUT_FILENO, true);
  }
  api::FdSource tar(client.executor(), open_input(source));
  api::ProgressStream stream = co_await client.import_image(tar, std::move(options));
  co_return co_await show_messages(std::move(stream), STDOUT_FILENO, true);
}

}  // namespace

int image_pull(const Invocation& invocation) {
  std::string platform;
  bool quiet = false;
  bool all_tags = false;
  std::vector<std::string> names;
  Flags flags("image pull [OPTIONS] NAME[:TAG|@DIGEST]...",
              "Pull images from their registries. Logins are those of ~/.docker/config.json.");
  flags.value("--platform", platform, "OS/ARCH", "Pull for this platform instead of this machine's");
  flags.flag("-q,--quiet", quiet, "Show nothing but the names");
  flags.flag("-a,--all-tags", all_tags, "Every tag of the repository");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  const auto pull_them = all_tags ? pull_tags : pull_all;
  session.run(pull_them(session.client(), names, platform, quiet));
  return 0;
}

int image_push(const Invocation& invocation) {
  std::string platform;
  bool quiet = false;
  std::vector<std::string> names;
  Flags flags("image push [OPTIONS] NAME[:TAG]", "Push an image to its registry. Logins are those of ~/.docker/config.json.");
  flags.value("--platform", platform, "OS/ARCH", "Only what is for this platform");
  flags.flag("-q,--quiet", quiet, "Show no progress");
  flags.not_yet("-a,--all-tags");
  flags.arguments(names, 1, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  session.run(push(session.client(), render::split_name(names.front(), "latest"), platform, quiet));
  return 0;
}

int image_load(const Invocation& invocation) {
  std::string input = "-";
  std::string platform;
  bool quiet = false;
  std::vector<std::string> arguments;
  Flags flags(
      "image load [OPTIONS] [FILE]",
      "Load images from a tar archive made by 'stack image save', 'docker save' or a tool that writes OCI archives; from "
      "stdin without FILE.");
  flags.value("-i,--input", input, "FILE", "Read from FILE");
  flags.flag("-q,--quiet", quiet, "Show no progress; what was loaded is listed");
  flags.value("--platform", platform, "OS/ARCH", "Only images for this platform");
  flags.arguments(arguments, 0, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  if (!arguments.empty()) input = arguments.front();
  if (input == "-" && is_terminal(STDIN_FILENO))
    throw UsageError("the archive is read from stdin, which is a terminal: give a FILE");
  Session session(invocation.global);
  session.run(load(session.client(), input, platform));
  return 0;
}

int image_save(const Invocation& invocation) {
  std::string output;
  std::string platform;
  std::vector<std::string> names;
  Flags flags("image save [OPTIONS] IMAGE...",
              "Write images to a tar archive that 'stack image load', 'docker load' and OCI tools read; to stdout without -o.");
  flags.value("-o,--output", output, "FILE", "Write to FILE");
  flags.value("--platform", platform, "OS/ARCH", "Only images for this platform");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  write_archive(session, output, [&] { return session.client().save_images(names, platform); });
  return 0;
}

int image_import(const Invocation& invocation) {
  api::ImportOptions options;
  std::vector<std::string> arguments;
  Flags flags("image import [OPTIONS] FILE|URL|- [NAME[:TAG]]",
              "Make an image of the tar archive of a root file system (plain, gzip or zstd), read from FILE or from stdin.");
  flags.values("-c,--change", options.changes, "INSTRUCTION", "Apply a Dockerfile instruction to the image; repeatable");
  flags.value("-m,--message", options.message, "TEXT", "Comment kept with the image");
  flags.value("--platform", options.platform, "OS/ARCH", "What the files are for");
  flags.arguments(arguments, 1, 2);
  if (!flags.parse(invocation.arguments)) return 0;
  if (arguments.size() > 1) {
    const render::ImageName name = render::split_name(arguments[1], "latest");
    options.repository = name.repository;
    options.tag = name.tag;
  }
  Session session(invocation.global);
  const std::string id = session.run(import(session.client(), arguments[0], options));
  return write_all(STDOUT_FILENO, id + "\n") ? 0 : 1;
}

}  // namespace stack::cli
