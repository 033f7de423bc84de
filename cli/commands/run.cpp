#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/digest.hpp"
#include "cli/attached_container.hpp"
#include "cli/commands.hpp"
#include "cli/containers.hpp"
#include "cli/detach_keys.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project.hpp"
#include "cli/pull_policy.hpp"
#include "cli/session.hpp"
#include "cli/shown_progress.hpp"
#include "cli/terminal.hpp"
#include "compose/dotenv.hpp"
#include "compose/parse_ports.hpp"
#include "compose/shell_words.hpp"
#include "scheduler/container_config.hpp"
#include "scheduler/executor.hpp"
#include "scheduler/injected_files.hpp"

namespace stack::cli {
namespace {

struct RunFlags {
  scheduler::RunOptions container;
  bool remove = false, detach = false, no_tty = false, interactive = true, no_deps = false, service_ports = false,
       build = false;
  bool quiet = false, quiet_build = false, quiet_pull = false, remove_orphans = false, tty = false;
  std::optional<std::string> entrypoint, pull;
  std::vector<std::string> environment, env_files, labels, volumes, ports, command;  ///< command: service, then argv
};

bool parse(const Invocation& invocation, RunFlags& run) {
  Flags flags(
      "run [OPTIONS] SERVICE|JOB [COMMAND] [ARG...]",
      "Run a command in a new container of a service or job, after starting what the service depends on. The container gets a "
      "terminal when this command has one, and publishes no ports unless asked.");
  flags.flag("--rm", run.remove, "Remove the container when it ends");
  flags.flag("-d,--detach", run.detach, "Run in the background and print the container's id");
  flags.values("-e,--env", run.environment, "NAME=VALUE", "Set an environment variable; repeatable");
  flags.values("--env-from-file", run.env_files, "FILE", "Set the environment variables of a file; -e wins; repeatable");
  flags.values("--cap-add", run.container.cap_add, "CAPABILITY", "Add a capability; repeatable");
  flags.values("--cap-drop", run.container.cap_drop, "CAPABILITY", "Drop a capability; repeatable");
  flags.value("--entrypoint", run.entrypoint, "COMMAND", "Instead of the service's entrypoint");
  flags.values("-l,--label", run.labels, "NAME=VALUE", "Add a label; repeatable");
  flags.value("--name", run.container.name, "NAME", "Name of the container");
  flags.flag("-T,--no-TTY,--no-tty", run.no_tty, "No terminal for the command, even if there is one here");
  flags.flag("-i,--interactive", run.interactive, "Send it our input (default true)");
  flags.flag("-t,--tty", run.tty, "");
  flags.value("-u,--user", run.container.user, "USER[:GROUP]", "Run as this user");
  flags.values("-v,--volume", run.volumes, "SOURCE:TARGET[:ro]", "Mount a directory or volume; repeatable");
  flags.value("-w,--workdir", run.container.working_dir, "DIR", "Run in this directory");
  flags.flag("-P,--service-ports", run.service_ports, "Publish the service's ports");
  flags.values("-p,--publish", run.ports, "[HOST:]PORT", "Publish a port of the container; repeatable");
  flags.flag("--use-aliases", run.container.use_aliases, "Answer to the service's name and aliases in its networks");
  flags.flag("--no-deps", run.no_deps, "Do not start what the service depends on");
  flags.flag("--build", run.build, "Build the image first");
  flags.value("--pull", run.pull, "POLICY", "Pull images: always, missing or never (default: as the files say)");
  flags.flag("--remove-orphans", run.remove_orphans, "Remove containers of services that the files no longer define");
  flags.flag("-q,--quiet", run.quiet, "Show nothing but the command's output");
  flags.flag("--quiet-build", run.quiet_build, "Do not show the output of builds");
  flags.flag("--quiet-pull", run.quiet_pull, "Do not show the progress of pulls");
  flags.command_line(run.command, 1);
  return flags.parse(invocation.arguments);
}

/// "./src:/dst" and "~/src:/dst" relative to the project's directory; a bare name is a volume.
std::string resolve_bind(const compose::Project& project, const std::string& text) {
  if (!text.starts_with(".") && !text.starts_with("~")) return text;
  const auto home = project.environment.find("HOME");
  if (text.starts_with("~") && home != project.environment.end()) return home->second + text.substr(1);
  const std::size_t colon = text.find(':');
  return std::filesystem::path(project.working_dir).append(text.substr(0, colon)).lexically_normal().string() +
         (colon == std::string::npos ? "" : text.substr(colon));
}

/// "NAME=VALUE" of every variable of the files.
std::vector<std::string> read_env_files(const compose::Project& project, const std::vector<std::string>& files) {
  compose::StringMap variables;
  const compose::Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = project.environment.find(std::string(name));
    return found == project.environment.end() ? std::nullopt : std::optional(found->second);
  };
  for (const std::string& file : files) {
    std::ifstream input(file, std::ios::binary);
    if (!input) throw errno_error("read " + file);
    const std::string text(std::istreambuf_iterator<char>(input), {});
    compose::parse_dotenv(text, file, lookup, variables);
  }
  std::vector<std::string> out;
  for (const auto& [name, value] : variables) out.push_back(fmt::format("{}={}", name, value));
  return out;
}

scheduler::RunOptions run_options(const compose::Project& project, const RunFlags& run) {
  scheduler::RunOptions options = run.container;
  if (run.command.size() > 1) options.command.emplace(run.command.begin() + 1, run.command.end());
  if (run.entrypoint) options.entrypoint = compose::split_shell_words(*run.entrypoint);
  options.environment = read_env_files(project, run.env_files);
  options.ports = compose::parse_ports(run.ports, "--publish");
  for (const std::string& variable : run.environment) {
    if (variable.find('=') != std::string::npos) {
      options.environment.push_back(variable);
    } else if (const auto found = project.environment.find(variable); found != project.environment.end()) {
      options.environment.push_back(variable + "=" + found->second);
    }
  }
  for (const std::string& label : run.labels) {
    const std::size_t equals = label.find('=');
    options.labels[label.substr(0, equals)] = equals == std::string::npos ? "" : label.substr(equals + 1);
  }
  for (const std::string& volume : run.volumes) options.volumes.push_back(resolve_bind(project, volume));
  options.detach = run.detach;
  options.interactive = run.interactive && !run.detach;
  options.tty = run.tty || (!run.no_tty && !run.detach && is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO));
  if (run.no_tty) options.tty = false;
  options.service_ports = run.service_ports;
  options.auto_remove = run.remove;
  return options;
}

scheduler::WaitFor wait_for(compose::DependencyCondition condition) {
  switch (condition) {
    case compose::DependencyCondition::service_healthy: return scheduler::WaitFor::healthy;
    case compose::DependencyCondition::service_completed_successfully: return scheduler::WaitFor::completed;
    case compose::DependencyCondition::service_started: break;
  }
  return scheduler::WaitFor::running_or_healthy;
}

/// Starts what the service depends on and waits as depends_on says.
asio::awaitable<void> start_dependencies(api::Client& client, const compose::Project& project, const compose::Service& service,
                                         const scheduler::ReconcileOptions& common, ShownProgress& progress) {
  scheduler::ReconcileOptions options = common;
  for (const auto& [name, _] : service.depends_on)
    if (project.services.contains(name)) options.services.insert(name);
  if (options.services.empty()) co_return;
  const scheduler::Plan done = co_await scheduler::converge(client, project, options, progress);
  progress.unchanged(done.unchanged);
  scheduler::Plan waiting;
  waiting.project = project.name;
  for (const auto& [name, dependency] : service.depends_on) {
    if (dependency.condition == compose::DependencyCondition::service_started || !options.services.contains(name)) continue;
    ContainerQuery query;
    query.project = project.name;
    query.services = {name};
    query.stopped = true;
    const std::vector<api::ContainerSummary> containers = co_await list_project(client, std::move(query));
    scheduler::WaitContainers wait;
    for (const api::ContainerSummary& container : containers) wait.containers.push_back(name_of(container));
    wait.condition = wait_for(dependency.condition);
    wait.required = dependency.required;
    wait.dependency = true;
    scheduler::Operation operation;
    operation.id = static_cast<int>(waiting.operations.size()) + 1;
    operation.action = std::move(wait);
    operation.resource = "service:" + name;
    operation.subject = containers.empty() ? "Service " + name : "Container " + name_of(containers.front());
    operation.service = name;
    operation.reason = "dependency of " + service.name;
    waiting.operations.push_back(std::move(operation));
  }
  co_await scheduler::execute(client, std::move(waiting), progress);
}

/// Image, networks and volumes of the service; its containers stay as they are.
asio::awaitable<void> provide_resources(api::Client& client, const compose::Project& project, const compose::Service& service,
                                        const scheduler::ReconcileOptions& common, ShownProgress& progress) {
  ContainerQuery query;
  query.project = project.name;
  query.services = {service.name};
  query.stopped = true;
  const std::vector<api::ContainerSummary> existing = co_await list_project(client, std::move(query));
  scheduler::ReconcileOptions options = common;
  options.services = {service.name};
  options.with_dependencies = false;
  options.no_recreate = true;
  options.no_start = true;
  options.scale[service.name] = static_cast<int>(existing.size());
  co_await scheduler::converge(client, project, options, progress);
}

asio::awaitable<void> prepare(api::Client& client, const compose::Project& project, const compose::Service& service,
                              const RunFlags& run, ShownProgress& progress) {
  scheduler::ReconcileOptions common;
  common.remove_orphans = run.remove_orphans;
  if (!run.no_deps) co_await start_dependencies(client, project, service, common, progress);
  if (run.build) common.build = scheduler::BuildMode::always;
  co_await provide_resources(client, project, service, common, progress);
}

asio::awaitable<int> run_container(api::Client& client, scheduler::NamedContainer container,
                                   std::vector<scheduler::InjectedFile> files, const RunFlags& run) {
  const bool tty = container.body.config.tty;
  const api::CreateResponse created = co_await client.create_container(container.name, std::move(container.body));
  co_await scheduler::inject_files(client, created.id, std::move(files));
  if (run.detach) {
    const int status = co_await start_detached(client, created.id, run.remove);
    if (status == 0) write_all(STDOUT_FILENO, created.id + "\n");
    co_return status;
  }
  AttachedContainer attached;
  attached.id = created.id;
  attached.tty = tty;
  attached.input = run.interactive;
  attached.removed_at_end = run.remove;
  attached.detach_keys = chosen_detach_keys("");
  co_return co_await start_attached(client, std::move(attached));
}

/// A service or job that is not there may be meant as an image: docker's `run` takes one.
compose::Project project_with(const GlobalOptions& global, const std::string& service) {
  try {
    return load_project_to_run(global, service);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) throw NotInProject(error.what());
    throw;
  }
}

}  // namespace

int run(const Invocation& invocation) {
  RunFlags flags;
  if (!parse(invocation, flags)) return 0;
  const std::string& name = flags.command.front();
  compose::Project project = project_with(invocation.global, name);
  set_pull_policy(project, flags.pull);
  const compose::Service& service = project.services.at(name);
  std::vector<scheduler::InjectedFile> files = scheduler::injected_files(project, service);
  scheduler::NamedContainer container = scheduler::oneoff_config(project, service, random_hex(12), run_options(project, flags));
  ShownProgress progress(invocation.global,
                         {.quiet_pull = flags.quiet_pull, .quiet_build = flags.quiet_build, .quiet = flags.quiet});
  Session session(invocation.global);
  {
    const ProjectLock lock(session, project.name);
    session.show(progress.renderer());
    session.run(prepare(session.client(), project, service, flags, progress));
  }
  progress.finish();
  return session.run_without_signals(run_container(session.client(), std::move(container), std::move(files), flags));
}

}  // namespace stack::cli
