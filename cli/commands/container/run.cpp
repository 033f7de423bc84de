// New containers: run, create.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "cli/attached_container.hpp"
#include "cli/commands.hpp"
#include "cli/container_options/options.hpp"
#include "cli/detach_keys.hpp"
#include "cli/dispatch.hpp"
#include "cli/docker_config.hpp"
#include "cli/image_messages.hpp"
#include "cli/interrupted.hpp"
#include "cli/output.hpp"
#include "cli/render/image_name.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"

namespace stack::cli {
namespace {

using container_options::ContainerOptions;

constexpr int not_run = 125;  ///< the status when there is no container that could have had one

/// Where the id goes, if anywhere. The file appears before the container, so that two commands cannot share one.
class IdFile {
public:
  explicit IdFile(std::string path) : path_(std::move(path)) {
    if (path_.empty()) return;
    file_ = UniqueFd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file_ && errno == EEXIST)
      throw Error(ErrorCode::conflict,
                  fmt::format("container ID file found, make sure the other container isn't running or delete {}", path_));
    if (!file_) throw errno_error("create " + path_);
  }
  ~IdFile() {
    if (file_ && !written_) ::unlink(path_.c_str());
  }
  IdFile(const IdFile&) = delete;
  IdFile& operator=(const IdFile&) = delete;
  void write(const std::string& id) { written_ = !file_ || write_all(file_.get(), id); }

private:
  std::string path_;
  UniqueFd file_;
  bool written_ = false;
};

std::string with_tag(const std::string& image) {
  const render::ImageName name = render::split_name(image, "latest");
  return image.find('@') == std::string::npos ? name.repository + ":" + name.tag : image;
}

asio::awaitable<std::optional<api::CreateResponse>> try_create(api::Client& client, const ContainerOptions& options,
                                                               api::ContainerCreateRequest body) {
  try {
    co_return co_await client.create_container(options.name, std::move(body), options.platform);
  } catch (const api::ApiError& error) {
    const bool no_image =
        error.status() == 404 && std::string_view(error.what()).find("No such image") != std::string_view::npos;
    if (!no_image || options.pull == "never") throw;
  }
  co_return std::nullopt;
}

/// Pulls the image when the policy says so, or when it is not here.
asio::awaitable<std::string> create(api::Client& client, const ContainerOptions& options, api::ContainerCreateRequest body) {
  const std::string& image = options.words.front();
  if (options.pull == "always") co_await pull_with_messages(client, image, options.platform, STDERR_FILENO, options.quiet);
  std::optional<api::CreateResponse> created = co_await try_create(client, options, body);
  if (!created) {
    if (!options.quiet) write_all(STDERR_FILENO, fmt::format("Unable to find image '{}' locally\n", with_tag(image)));
    co_await pull_with_messages(client, image, options.platform, STDERR_FILENO, options.quiet);
    created = co_await client.create_container(options.name, std::move(body), options.platform);
  }
  for (const std::string& warning : created->warnings) write_all(STDERR_FILENO, "WARNING: " + warning + "\n");
  co_return created->id;
}

void check_pull(const std::string& policy) {
  if (policy != "always" && policy != "missing" && policy != "never" && !policy.empty())
    throw UsageError(fmt::format("invalid value \"{}\" for --pull: always, missing or never", policy));
}

/// The proxies of docker's config.json, unless --env says otherwise.
void add_proxies(ContainerOptions& options) {
  const char* engine = std::getenv("DOCKER_HOST");
  for (const auto& [name, value] : proxy_variables(read_docker_config(), engine ? engine : "")) {
    const bool is_given = std::any_of(options.environment.begin(), options.environment.end(),
                                      [&name = name](const auto& text) { return text.substr(0, text.find('=')) == name; });
    if (!is_given) options.environment.push_back(fmt::format("{}={}", name, value));
  }
}

struct RunFlags {
  ContainerOptions container;
  bool detach = false, signals = true;
  std::string keys;
};

bool parse_run(const Invocation& invocation, RunFlags& run) {
  Flags flags("container run [OPTIONS] IMAGE [COMMAND] [ARG...]",
              "Make a container of an image and run it; the exit status is the container's.");
  flags.flag("-d,--detach", run.detach, "Run in the background and print the container's id");
  flags.value("--detach-keys", run.keys, "KEYS", "Keys that leave a terminal (default ctrl-p,ctrl-q)");
  flags.flag("--sig-proxy", run.signals, "Pass signals on to the process (default true)");
  container_options::declare(flags, run.container);
  flags.command_line(run.container.words, 1);
  if (!flags.parse(invocation.arguments)) return false;
  add_proxies(run.container);
  return true;
}

AttachedContainer attachment(const RunFlags& run, const api::ContainerConfig& config, std::string id) {
  AttachedContainer container;
  container.id = std::move(id);
  container.tty = config.tty;
  container.input = config.attach_stdin;
  container.out = config.attach_stdout;
  container.err = config.attach_stderr;
  container.removed_at_end = run.container.remove;
  container.signals = run.signals;
  container.detach_keys = chosen_detach_keys(run.keys);
  return container;
}

int run_container(const Invocation& invocation, const RunFlags& run) {
  check_pull(run.container.pull);
  api::ContainerCreateRequest body = container_options::request_of(run.container);
  api::ContainerConfig& config = body.config;
  if (run.detach) config.attach_stdin = config.attach_stdout = config.attach_stderr = config.stdin_once = false;
  if (const auto size = terminal_size(STDOUT_FILENO); size && config.tty)
    body.host_config.console_size = {size->rows, size->columns};
  AttachedContainer container = attachment(run, config, "");
  IdFile id_file(run.container.cidfile);
  Session session(invocation.global);
  container.id = session.run(create(session.client(), run.container, std::move(body)));
  id_file.write(container.id);
  if (!run.detach) return session.run_without_signals(start_attached(session.client(), std::move(container)));
  const int status = session.run(start_detached(session.client(), container.id, run.container.remove));
  if (status == 0) write_all(STDOUT_FILENO, container.id + "\n");
  return status;
}

}  // namespace

int container_run(const Invocation& invocation) {
  RunFlags run;
  if (!parse_run(invocation, run)) return 0;
  if (run.detach && !run.container.attach.empty())
    throw UsageError("conflicting options: cannot specify both --attach and --detach");
  if (!run.detach) need_terminal_input(run.container.tty, run.container.interactive);
  try {
    return run_container(invocation, run);
  } catch (const Interrupted&) {
    throw;
  } catch (const ReaderGone&) {
    throw;
  } catch (const std::exception& error) {
    return print_failure(error, not_run);
  }
}

int container_create(const Invocation& invocation) {
  ContainerOptions options;
  Flags flags("container create [OPTIONS] IMAGE [COMMAND] [ARG...]", "Make a container of an image, but do not start it.");
  container_options::declare(flags, options);
  flags.command_line(options.words, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  add_proxies(options);
  check_pull(options.pull);
  api::ContainerCreateRequest body = container_options::request_of(options);
  IdFile id_file(options.cidfile);
  Session session(invocation.global);
  const std::string id = session.run(create(session.client(), options, std::move(body)));
  id_file.write(id);
  return write_all(STDOUT_FILENO, id + "\n") ? 0 : 1;
}

}  // namespace stack::cli
