// Further processes in a running container: exec for users, probes for health checks.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <csignal>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "engine/container/detach_keys.hpp"
#include "engine/container/exec_process.hpp"
#include "engine/container/launch_plan.hpp"
#include "engine/container/manager_impl.hpp"
#include "engine/container/runtimes.hpp"
#include "engine/container/spec.hpp"
#include "engine/runtime/users.hpp"

namespace stack::engine::container {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t execs_kept = 64;  // finished ones, per container

std::string command_text(const std::vector<std::string>& argv) {
  std::string text = argv.empty() ? "" : argv.front() + " ";
  for (std::size_t i = 1; i < argv.size(); ++i) text += (i > 1 ? " " : "") + argv[i];
  return text;
}

void check_running(const LiveContainer& container) {
  const Record& record = container.record;
  if (record.state == State::paused)
    throw Error(ErrorCode::conflict, fmt::format("Container {} is paused, unpause the container before exec", record.name));
  if (record.state == State::restarting)
    throw Error(ErrorCode::conflict, fmt::format("Container {} is restarting, wait until the container is running", record.id));
  if (record.state != State::running || !container.run || container.run->ending.is_set())
    throw Error(ErrorCode::conflict, fmt::format("container {} is not running", record.id));
}

runtime::ExecRequest exec_request(const Manager::Impl& impl, const LiveContainer& container,
                                  const api::ExecCreateRequest& wanted) {
  const Record& record = container.record;
  runtime::ExecRequest request;
  request.container_pid = record.pid;
  request.cgroups_path = impl.cgroup(record);
  request.runtime = runtime_program(record.host_config.runtime);
  request.shim_dir = impl.services.paths.shim_dir(record.id);
  request.container_id = record.id;
  runtime::Process& process = request.process;
  process.terminal = wanted.tty;
  if (wanted.console_size.size() == 2) {
    process.console_rows = static_cast<std::uint16_t>(wanted.console_size[0]);
    process.console_columns = static_cast<std::uint16_t>(wanted.console_size[1]);
  }
  process.user.name = wanted.user.empty() ? record.config.user : wanted.user;
  process.user.additional_group_names = record.host_config.group_add;
  process.args = wanted.cmd;
  process.env = process_environment(record, wanted.tty, wanted.env);
  process.cwd = !wanted.working_dir.empty()         ? wanted.working_dir
                : record.config.working_dir.empty() ? "/"
                                                    : record.config.working_dir;
  api::HostConfig rights = record.host_config;
  rights.privileged = rights.privileged || wanted.privileged;
  process.capabilities = container_capabilities(rights);
  set_rlimits(process, record.host_config.ulimits);
  process.oom_score_adj = static_cast<int>(record.host_config.oom_score_adj);
  const SecurityOptions security = parse_security_options(record.host_config.security_opt);
  process.no_new_privileges = security.no_new_privileges;
  if (impl.services.host.apparmor && security.apparmor_profile != "unconfined" && !wanted.privileged)
    process.apparmor_profile = security.apparmor_profile;
  return request;
}

}  // namespace

asio::awaitable<ExecPtr> Manager::Impl::create_exec(ContainerPtr container, api::ExecCreateRequest request) {
  check_running(*container);
  if (request.cmd.empty()) throw Error(ErrorCode::invalid_argument, "No exec command specified");
  parse_detach_keys(request.detach_keys);
  if (!request.working_dir.empty() && request.working_dir.front() != '/')
    throw Error(ErrorCode::invalid_argument,
                fmt::format("the working directory '{}' is invalid, it needs to be an absolute path", request.working_dir));
  if (!request.user.empty()) {
    auto work = [root = fmt::format("/proc/{}/root", container->record.pid), user = request.user] {
      runtime::resolve_user_in(root, user, {});
    };
    co_await run_in_pool(services.pool, std::move(work));
  }
  auto exec = std::make_shared<Exec>(executor);
  exec->id = random_id();
  exec->container = container;
  exec->request = std::move(request);
  auto& ids = container->exec_ids;
  if (ids.size() >= execs_kept) {
    const auto finished =
        std::find_if(ids.begin(), ids.end(), [&](const auto& id) { return execs.contains(id) && execs.at(id)->exit_code; });
    if (finished != ids.end()) {
      execs.erase(*finished);
      ids.erase(finished);
    }
  }
  execs[exec->id] = exec;
  ids.push_back(exec->id);
  publish(*container, "exec_create: " + command_text(exec->request.cmd), {{"execID", exec->id}});
  co_return exec;
}

void Manager::Impl::check_exec(const ExecPtr& exec) const {
  if (exec->started)
    throw Error(ErrorCode::conflict,
                fmt::format("exec command {} {}", exec->id, exec->running ? "is already running" : "has already run"));
  check_running(*exec->container);
}

/// Runs until the process has ended, whoever listens.
asio::awaitable<void> Manager::Impl::watch_exec(ExecPtr exec, UniqueFd exit_fd) {
  asio::posix::stream_descriptor pipe(executor, exit_fd.release());
  std::int32_t code = 255;
  boost::system::error_code error;
  co_await asio::async_read(pipe, asio::buffer(&code, sizeof code), asio::redirect_error(asio::use_awaitable, error));
  exec->exit_code = code;
  exec->running = false;
  exec->terminal.reset();
  exec->ended.set();
  for (auto* stream : exec->streams) stream->cancel();  // their readers take what is left and finish
  publish(*exec->container, "exec_die", {{"execID", exec->id}, {"exitCode", std::to_string(code)}});
}

asio::awaitable<void> Manager::Impl::run_exec(ExecPtr exec, ExecPipes pipes) {
  const ContainerPtr container = exec->container;
  exec->started = true;
  auto request = std::make_shared<runtime::ExecRequest>(exec_request(*this, *container, exec->request));
  request->stdin_fd = pipes.child_in.get();
  request->stdout_fd = pipes.child_out.get();
  request->stderr_fd = pipes.child_err ? pipes.child_err.get() : pipes.child_out.get();
  SeccompChoice choice = seccomp_choice(container->record.host_config);
  choice.unconfined = choice.unconfined || exec->request.privileged;
  auto held = std::make_shared<ExecPipes>(std::move(pipes));  // the child's ends stay open until it has them
  auto work = [request, held, choice = std::move(choice), shim = &services.shim, seccomp = &services.seccomp] {
    request->seccomp = filter_of(choice, request->process.capabilities, *seccomp);
    return runtime::launch_exec(*shim, *request);
  };
  std::optional<runtime::ExecResult> result;
  try {
    result.emplace(co_await run_in_pool(services.pool, std::move(work)));
  } catch (const runtime::LaunchError& error) {
    exec->exit_code = error.exit_code();
    exec->ended.set();
    throw;
  } catch (...) {
    exec->exit_code = 126;
    exec->ended.set();
    throw;
  }
  exec->running = true;
  exec->pid = result->pid;
  if (result->terminal) exec->terminal.reset(::fcntl(result->terminal.get(), F_DUPFD_CLOEXEC, 3));
  exec->master = std::move(result->terminal);
  reap(std::move(result->shim));
  publish(*container, "exec_start: " + command_text(exec->request.cmd), {{"execID", exec->id}});
  asio::co_spawn(executor, watch_exec(exec, std::move(result->exit_fd)), [self = shared_from_this()](std::exception_ptr) {});
}

asio::awaitable<void> Manager::Impl::start_exec(ExecPtr exec, std::shared_ptr<ClientStream> client) {
  check_exec(exec);
  ExecPipes pipes;
  auto streams = std::make_shared<ExecStreams>(executor);
  if (client && !exec->request.tty) streams->open(exec->request, pipes);
  exec->started = true;
  // before there is output: a client that reads headers through a buffer of its own (docker-py) loses what comes with them
  if (client) co_await client->begin();
  std::exception_ptr failure;
  std::string text;
  try {
    co_await run_exec(exec, std::move(pipes));
  } catch (const std::exception& error) {
    failure = std::current_exception();
    text = error.what();
  }
  if (failure && !client) std::rethrow_exception(failure);
  if (failure) {
    std::string line = fmt::format("OCI runtime exec failed: exec failed: unable to start container process: {}\r\n", text);
    if (!exec->request.tty) line = frame_header(1, line.size()) + line;
    co_await client->write(line);
    co_return;
  }
  if (!client) co_return;
  if (exec->request.tty) streams->use_terminal(std::move(exec->master));
  const bool ended = co_await serve_exec(exec, *streams, *client);
  if (ended) co_return;
  publish(*exec->container, "exec_detach", {{"execID", exec->id}});
  asio::co_spawn(executor, drain_exec(exec, std::move(streams)), [self = shared_from_this()](std::exception_ptr) {});
}

asio::awaitable<CapturedResult> Manager::Impl::probe(ContainerPtr container, std::vector<std::string> argv,
                                                     std::chrono::nanoseconds timeout) {
  CapturedResult result;
  auto exec = std::make_shared<Exec>(executor);
  exec->id = random_id();
  exec->container = container;
  exec->request.cmd = std::move(argv);
  publish(*container, "exec_create: " + command_text(exec->request.cmd), {{"execID", exec->id}});
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw errno_error("pipe");
  ExecPipes pipes;
  pipes.child_out.reset(ends[1]);
  auto output = std::make_shared<CapturedOutput>(executor, UniqueFd(ends[0]), health_output_limit);
  try {
    co_await run_exec(exec, std::move(pipes));
  } catch (const std::exception& error) {
    result.output = error.what();
    result.exit_code = exec->exit_code.value_or(-1);
  }
  if (!exec->running) co_return result;
  asio::co_spawn(executor, output->collect(exec), asio::detached);
  const bool ended = co_await exec->ended.wait_for(timeout);
  if (!ended) {
    ::kill(exec->pid, SIGKILL);
    co_await exec->ended.wait_for(10s);
    result.timed_out = true;
    result.exit_code = -1;
    result.output =
        fmt::format("Health check exceeded timeout ({}s): {}", std::chrono::duration<double>(timeout).count(), output->text());
    co_return result;
  }
  co_await output->done.wait();
  result.exit_code = exec->exit_code.value_or(-1);
  result.output = output->text();
  co_return result;
}

asio::awaitable<void> Manager::resize_exec(ExecPtr exec, std::uint16_t rows, std::uint16_t columns) {
  if (!exec->running || !exec->terminal) throw Error(ErrorCode::conflict, fmt::format("exec {} is not running", exec->id));
  const winsize size{rows, columns, 0, 0};
  if (::ioctl(exec->terminal.get(), TIOCSWINSZ, &size) != 0) throw errno_error("resize");
  co_return;
}

void Manager::check_exec(const ExecPtr& exec) const { impl_->check_exec(exec); }

api::ExecInspect Manager::inspect_exec(const ExecPtr& exec) const {
  api::ExecInspect inspect;
  inspect.id = exec->id;
  inspect.running = exec->running;
  if (exec->exit_code) inspect.exit_code = *exec->exit_code;
  inspect.process_config.tty = exec->request.tty;
  inspect.process_config.entrypoint = exec->request.cmd.front();
  inspect.process_config.arguments.assign(exec->request.cmd.begin() + 1, exec->request.cmd.end());
  inspect.process_config.privileged = exec->request.privileged;
  inspect.process_config.user = exec->request.user;
  inspect.open_stdin = exec->request.attach_stdin;
  inspect.open_stdout = exec->request.attach_stdout;
  inspect.open_stderr = exec->request.attach_stderr;
  inspect.can_remove = exec->exit_code.has_value();
  inspect.container_id = exec->container->record.id;
  inspect.detach_keys = exec->request.detach_keys;
  inspect.pid = exec->pid;
  return inspect;
}

}  // namespace stack::engine::container
