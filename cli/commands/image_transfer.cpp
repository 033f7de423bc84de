// Images that come from elsewhere and go elsewhere: pull, load, save; and their names.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/render/human.hpp"
#include "cli/render/table.hpp"
#include "cli/session.hpp"
#include "cli/shown_progress.hpp"
#include "cli/terminal.hpp"
#include "scheduler/executor.hpp"

namespace stack::cli {
namespace {

/// Plans of one pull each: the executor shows and bounds them as it does for `up`.
scheduler::Plan pull_plan(const std::vector<std::string>& images, const std::string& platform) {
  scheduler::Plan plan;
  for (const std::string& image : images) {
    scheduler::Operation operation;
    operation.id = static_cast<int>(plan.operations.size()) + 1;
    operation.resource = "image:" + image;
    operation.subject = "Image " + image;
    operation.reason = "requested";
    operation.action = scheduler::PullImage{.image = image, .platform = platform};
    plan.operations.push_back(std::move(operation));
  }
  return plan;
}

asio::awaitable<void> run_plan(api::Client& client, scheduler::Plan plan, ShownProgress& progress) {
  co_await scheduler::execute(client, std::move(plan), progress);
}

asio::awaitable<void> load(api::Client& client, std::string file, bool quiet) {
  UniqueFd input(file == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : ::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!input) throw errno_error("open " + file);
  api::FdSource source(client.executor(), std::move(input));
  api::ProgressStream progress = co_await client.load_images(source);
  while (true) {
    const std::optional<api::ProgressMessage> line = co_await progress.next();
    if (!line) break;
    if (!quiet) write_all(STDOUT_FILENO, line->stream);
  }
}

asio::awaitable<void> save(api::Client& client, std::vector<std::string> names, int fd) {
  api::ResponseStream stream = co_await client.save_images(std::move(names));
  std::vector<char> buffer(256 * 1024);
  while (true) {
    const std::size_t size = co_await stream.read_some(buffer);
    if (size == 0) break;
    if (!write_all(fd, {buffer.data(), size})) throw errno_error("write the archive");
  }
}

/// Under a temporary name beside it, so that `file` is never half an archive.
void save_to_file(Session& session, const std::vector<std::string>& names, const std::string& file) {
  const std::string partial = fmt::format("{}.{}.part", file, ::getpid());
  const UniqueFd output(::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!output) throw errno_error("create " + partial);
  try {
    session.run(save(session.client(), names, output.get()));
    if (::rename(partial.c_str(), file.c_str()) != 0) throw errno_error("rename to " + file);
  } catch (...) {
    ::unlink(partial.c_str());
    throw;
  }
}

asio::awaitable<nlohmann::ordered_json> inspect(api::Client& client, std::vector<std::string> names) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const std::string& name : names) {
    const api::Response answer = co_await client.request("GET", "/images/" + api::url_encode(name, true) + "/json");
    all.push_back(nlohmann::ordered_json::parse(answer.body));
  }
  co_return all;
}

/// "host:5000/name:tag" → both parts.
std::pair<std::string, std::string> repository_and_tag(const std::string& name) {
  const std::size_t colon = name.rfind(':');
  if (colon == std::string::npos || name.find('/', colon) != std::string::npos) return {name, "latest"};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

std::string history_row_time(std::int64_t created) {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return render::human_duration(std::chrono::seconds(std::max<std::int64_t>(0, now - created))) + " ago";
}

}  // namespace

int image_pull(const Invocation& invocation) {
  std::string platform;
  bool quiet = false;
  std::vector<std::string> names;
  Flags flags("image pull [OPTIONS] NAME[:TAG|@DIGEST]...",
              "Pull images from their registries. Logins are those of ~/.docker/config.json.");
  flags.value("--platform", platform, "OS/ARCH", "Pull for this platform instead of this machine's");
  flags.flag("-q,--quiet", quiet, "Show nothing but the names");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  ShownProgress progress(invocation.global, {.title = "Pulling", .quiet = quiet});
  Session session(invocation.global);
  session.show(progress.renderer());
  session.run(run_plan(session.client(), pull_plan(names, platform), progress));
  for (const std::string& name : names)
    if (quiet) write_all(STDOUT_FILENO, name + "\n");
  return 0;
}

int image_load(const Invocation& invocation) {
  std::string input = "-";
  bool quiet = false;
  std::vector<std::string> arguments;
  Flags flags(
      "image load [OPTIONS] [FILE]",
      "Load images from a tar archive made by 'stack image save', 'docker save' or a tool that writes OCI archives; from "
      "stdin without FILE.");
  flags.value("-i,--input", input, "FILE", "Read from FILE");
  flags.flag("-q,--quiet", quiet, "Do not list what was loaded");
  flags.arguments(arguments, 0, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  if (!arguments.empty()) input = arguments.front();
  if (input == "-" && is_terminal(STDIN_FILENO))
    throw UsageError("the archive is read from stdin, which is a terminal: give a FILE");
  Session session(invocation.global);
  session.run(load(session.client(), input, quiet));
  return 0;
}

int image_save(const Invocation& invocation) {
  std::string output;
  std::vector<std::string> names;
  Flags flags("image save [OPTIONS] IMAGE...",
              "Write images to a tar archive that 'stack image load', 'docker load' and OCI tools read; to stdout without -o.");
  flags.value("-o,--output", output, "FILE", "Write to FILE");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  if (output.empty() && is_terminal(STDOUT_FILENO))
    throw UsageError("an archive is not written to a terminal: use -o FILE, or redirect");
  Session session(invocation.global);
  if (output.empty())
    session.run(save(session.client(), names, STDOUT_FILENO));
  else
    save_to_file(session, names, output);
  return 0;
}

int image_inspect(const Invocation& invocation) {
  std::vector<std::string> names;
  Flags flags("image inspect IMAGE...", "Print all the engine knows about images as JSON.");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  const nlohmann::ordered_json all = session.run(inspect(session.client(), names));
  return write_all(STDOUT_FILENO, all.dump(4, ' ', false, nlohmann::json::error_handler_t::replace) + "\n") ? 0 : 1;
}

int image_tag(const Invocation& invocation) {
  std::vector<std::string> names;
  Flags flags("image tag IMAGE NAME[:TAG]", "Give an image one more name.");
  flags.arguments(names, 2, 2);
  if (!flags.parse(invocation.arguments)) return 0;
  const auto [repository, tag] = repository_and_tag(names[1]);
  Session session(invocation.global);
  session.run(session.client().tag_image(names[0], repository, tag));
  return 0;
}

int image_history(const Invocation& invocation) {
  bool quiet = false;
  bool full = false;
  std::vector<std::string> names;
  Flags flags("image history [OPTIONS] IMAGE", "Show the steps an image was made by, newest first.");
  flags.flag("--no-trunc", full, "Whole ids and commands");
  flags.flag("-q,--quiet", quiet, "Only ids");
  flags.arguments(names, 1, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  const std::vector<api::ImageHistory> steps = session.run(session.client().image_history(names.front()));
  constexpr std::size_t command_width = 45;
  render::Table table({"IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"});
  std::string ids;
  for (const api::ImageHistory& step : steps) {
    const std::string id = full || !step.id.starts_with("sha256:") ? step.id : step.id.substr(7, 12);
    ids += id + "\n";
    std::string command = step.created_by;
    std::replace_if(
        command.begin(), command.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    if (!full) command = render::ellipsis(command, command_width);
    table.add({id, history_row_time(step.created), command, render::human_size(step.size), step.comment});
  }
  return write_all(STDOUT_FILENO, quiet ? ids : table.text()) ? 0 : 1;
}

}  // namespace stack::cli
