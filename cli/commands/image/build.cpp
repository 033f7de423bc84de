#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/units.hpp"
#include "cli/commands.hpp"
#include "cli/container_options/limits.hpp"
#include "cli/docker_config.hpp"
#include "cli/flags.hpp"
#include "cli/key_values.hpp"
#include "cli/output.hpp"
#include "cli/render/message_lines.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "scheduler/build_context.hpp"

namespace stack::cli {
namespace {

struct BuildFlags {
  scheduler::BuildImage build;
  std::string id_file, shm_size, memory, memory_swap;
  std::optional<int> cpu_period, cpu_quota, cpu_shares;
  std::vector<std::string> arguments, labels, ulimits, words;
  bool quiet = false;
};

bool parse(const Invocation& invocation, BuildFlags& options) {
  api::BuildOptions& build = options.build.options;
  Flags flags("image build [OPTIONS] PATH|URL|-", "Build an image from a Dockerfile.");
  flags.values("--add-host", build.extra_hosts, "NAME:IP", "A line of /etc/hosts while it is built; repeatable");
  flags.values("--build-arg", options.arguments, "NAME[=VALUE]", "Set a build argument; repeatable");
  flags.values("--cache-from", build.cache_from, "IMAGE", "Images to take layers from; repeatable");
  flags.value("-f,--file", options.build.dockerfile, "FILE", "The Dockerfile (default PATH/Dockerfile); - is stdin");
  flags.value("--cpu-period", options.cpu_period, "MICROSECONDS", "Period of the CPU quota of RUN");
  flags.value("--cpu-quota", options.cpu_quota, "MICROSECONDS", "CPU time of RUN in a period");
  flags.value("-c,--cpu-shares", options.cpu_shares, "N", "Weight of RUN among others that want the CPU");
  flags.value("--cpuset-cpus", build.cpuset_cpus, "LIST", "The CPUs that RUN may use: 0-3,7");
  flags.flag("--force-rm", build.force_remove, "Remove intermediate containers, also after a failure");
  flags.value("--iidfile", options.id_file, "FILE", "Write the image's id to this file");
  flags.values("--label", options.labels, "NAME[=VALUE]", "Add a label; repeatable");
  flags.value("-m,--memory", options.memory, "SIZE", "At most this much memory for RUN");
  flags.value("--memory-swap", options.memory_swap, "SIZE", "Memory and swap of RUN together; -1: any swap");
  flags.value("--network", build.network_mode, "MODE", "Network of RUN: default, none, host");
  flags.flag("--no-cache", build.no_cache, "Run every step again");
  flags.value("--platform", build.platform, "OS/ARCH", "The platform to build for");
  flags.flag("--pull", build.pull, "Pull the images it is based on, also those that are here");
  flags.flag("-q,--quiet", options.quiet, "Show nothing but the image's id");
  flags.flag("--rm", build.remove, "Remove intermediate containers (default true)");
  flags.value("--shm-size", options.shm_size, "SIZE", "Size of /dev/shm for RUN");
  flags.values("-t,--tag", build.tags, "NAME[:TAG]", "A name for the image; repeatable");
  flags.value("--target", build.target, "STAGE", "Build up to this stage");
  flags.values("--ulimit", options.ulimits, "NAME=SOFT[:HARD]", "A limit of the processes of RUN; repeatable");
  flags.not_yet("--secret", "SECRET");
  flags.not_yet("--ssh", "SSH");
  flags.not_yet("-o,--output", "OUTPUT");
  flags.not_yet("--progress", "MODE");
  flags.arguments(options.words, 1, 1);
  return flags.parse(invocation.arguments);
}

std::string read_stdin() {
  std::string text;
  std::string buffer(64 * 1024, '\0');
  for (ssize_t count = 0; (count = ::read(STDIN_FILENO, buffer.data(), buffer.size())) > 0;)
    text.append(buffer, 0, static_cast<std::size_t>(count));
  return text;
}

/// A tar archive, plain or compressed; else it is the text of a Dockerfile.
bool is_archive(std::string_view bytes) {
  constexpr std::size_t magic_at = 257;
  return bytes.starts_with("\x1f\x8b") || bytes.starts_with("BZh") ||
         bytes.starts_with(
             "\xfd"
             "7zXZ") ||
         bytes.starts_with("\x28\xb5\x2f\xfd") || (bytes.size() > magic_at + 5 && bytes.substr(magic_at, 5) == "ustar");
}

/// An empty directory for a build that needs no files.
class EmptyDirectory {
public:
  EmptyDirectory() {
    if (!::mkdtemp(path_.data())) throw errno_error("make a directory in /tmp");
  }
  ~EmptyDirectory() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  EmptyDirectory(const EmptyDirectory&) = delete;
  EmptyDirectory& operator=(const EmptyDirectory&) = delete;
  const std::string& path() const { return path_; }

private:
  std::string path_ = "/tmp/stack-build-XXXXXX";
};

/// Returns the image's id.
asio::awaitable<std::string> show(api::ProgressStream stream, bool quiet) {
  render::MessageLines lines(is_terminal(STDOUT_FILENO));
  std::string id;
  while (true) {
    const std::optional<api::ProgressMessage> message = co_await stream.next();
    if (!message) break;
    if (!message->aux_id.empty()) id = message->aux_id;
    if (!quiet) write_all(STDOUT_FILENO, lines.add(*message));
  }
  co_return id;
}

asio::awaitable<std::string> build_directory(api::Client& client, scheduler::BuildImage build, bool quiet) {
  scheduler::BuildContext directory(client.executor(), build);
  api::BuildOptions options = build.options;
  options.dockerfile = directory.dockerfile();
  api::ProgressStream stream = co_await client.build_image(std::move(options), directory.source());
  directory.rethrow_failure();
  co_return co_await show(std::move(stream), quiet);
}

asio::awaitable<std::string> build_bytes(api::Client& client, api::BuildOptions options, std::string archive, bool quiet) {
  api::StringSource source(std::move(archive));
  api::ProgressStream stream = co_await client.build_image(std::move(options), source);
  co_return co_await show(std::move(stream), quiet);
}

std::string run_build(Session& session, BuildFlags& options) {
  scheduler::BuildImage& build = options.build;
  const std::string& where = options.words.front();
  build.options.dockerfile = build.dockerfile;
  if (where.find("://") != std::string::npos || where.starts_with("git@")) {
    build.options.remote = where;
    return session.run(build_bytes(session.client(), build.options, "", options.quiet));
  }
  const EmptyDirectory empty;
  build.context = where == "-" ? empty.path() : std::filesystem::absolute(where).lexically_normal().string();
  if (build.dockerfile == "-") {
    if (where == "-") throw UsageError("invalid argument: can't use stdin for both build context and dockerfile");
    build.dockerfile_inline = read_stdin();
    build.dockerfile.clear();
  } else if (where == "-") {
    std::string bytes = read_stdin();
    if (is_archive(bytes)) return session.run(build_bytes(session.client(), build.options, std::move(bytes), options.quiet));
    build.dockerfile_inline = std::move(bytes);
  } else if (!build.dockerfile.empty()) {
    build.dockerfile = std::filesystem::absolute(build.dockerfile).lexically_normal().string();  // relative to us, not to PATH
  }
  return session.run(build_directory(session.client(), build, options.quiet));
}

}  // namespace

int image_build(const Invocation& invocation) {
  BuildFlags options;
  if (!parse(invocation, options)) return 0;
  api::BuildOptions& build = options.build.options;
  for (const std::string& text : options.arguments) {
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos)
      build.build_args[text.substr(0, equals)] = text.substr(equals + 1);
    else if (const char* const value = std::getenv(text.c_str()))
      build.build_args[text] = value;
    else
      build.build_args[text] = std::nullopt;
  }
  const char* engine = std::getenv("DOCKER_HOST");
  for (const auto& [name, value] : proxy_variables(read_docker_config(), engine ? engine : ""))
    build.build_args.try_emplace(name, value);
  build.labels = key_values(options.labels);
  if (!options.shm_size.empty()) build.shm_size = parse_byte_size(options.shm_size);
  build.memory = container_options::size_of("--memory", options.memory);
  build.memory_swap = container_options::size_of("--memory-swap", options.memory_swap);
  build.cpu_period = options.cpu_period.value_or(0);
  build.cpu_quota = options.cpu_quota.value_or(0);
  build.cpu_shares = options.cpu_shares.value_or(0);
  for (const std::string& text : options.ulimits) build.ulimits.push_back(container_options::parse_ulimit(text));
  if (!build.tags.empty()) options.build.image = build.tags.front();
  Session session(invocation.global);
  const std::string id = run_build(session, options);
  if (!options.id_file.empty()) {
    std::ofstream file(options.id_file, std::ios::binary | std::ios::trunc);
    file << id << std::flush;
    if (!file) throw errno_error("write " + options.id_file);
  }
  return !options.quiet || write_all(STDOUT_FILENO, id + "\n") ? 0 : 1;
}

}  // namespace stack::cli
