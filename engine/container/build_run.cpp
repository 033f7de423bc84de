#include "engine/container/build_run.hpp"

#include <sys/socket.h>

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <csignal>
#include <filesystem>

#include "base/error.hpp"
#include "base/log.hpp"
#include "engine/container/launch_plan.hpp"
#include "engine/container/manager_impl.hpp"

namespace stack::engine::container {

using namespace std::chrono_literals;

namespace {

using Socket = asio::local::stream_protocol::socket;

Record build_record(const build::RunRequest& request, const HostFacts& host) {
  api::ContainerCreateRequest asked;
  asked.config.cmd = request.argv;
  asked.config.env = request.env;
  asked.config.working_dir = request.working_dir;
  asked.config.user = request.user;
  asked.config.labels = request.labels;
  asked.config.attach_stdout = asked.config.attach_stderr = true;
  asked.host_config.network_mode = request.network_mode;
  asked.host_config.extra_hosts = request.extra_hosts;
  asked.host_config.memory = request.memory;
  asked.host_config.memory_swap = request.memory_swap;
  asked.host_config.cpu_shares = request.cpu_shares;
  asked.host_config.cpu_period = request.cpu_period;
  asked.host_config.cpu_quota = request.cpu_quota;
  asked.host_config.cpuset_cpus = request.cpuset_cpus;
  asked.host_config.shm_size = request.shm_size;
  asked.host_config.log_config.type = "none";  // the output is the builder's
  Settings settings = resolve_settings(asked, {}, host);
  Record record;
  record.id = request.container_id;
  record.name = "build-" + request.container_id.substr(0, 12);
  record.created = now();
  record.config = std::move(settings.config);
  record.host_config = std::move(settings.host_config);
  record.config.hostname = request.container_id.substr(0, 12);
  const std::string& mode = record.host_config.network_mode;
  if (mode != "none" && mode != "host" && shared_with(mode).empty()) record.endpoints[mode] = {};
  record.path = request.argv.front();
  record.args.assign(request.argv.begin() + 1, request.argv.end());
  return record;
}

/// Takes the frames apart until the output ends.
asio::awaitable<void> forward_output(Socket& socket, const build::RunOutput& output) {
  for (;;) {
    unsigned char header[8];
    boost::system::error_code error;
    co_await asio::async_read(socket, asio::buffer(header), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    const std::size_t length =
        std::size_t{header[4]} << 24 | std::size_t{header[5]} << 16 | std::size_t{header[6]} << 8 | header[7];
    std::string bytes(length, '\0');
    co_await asio::async_read(socket, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    co_await output(std::move(bytes));
  }
}

}  // namespace

asio::awaitable<int> Manager::Impl::follow_build_step(RunPtr run, UniqueFd output_fd, build::RunOutput output) {
  auto exited = std::make_shared<Signal>(executor);
  auto state = std::make_shared<shim::State>();
  runtime::ShimClient::Handlers handlers;
  handlers.on_exit = [exited, state](const shim::State& given) {
    *state = given;
    exited->set();
  };
  handlers.on_closed = [exited, state] {
    if (!exited->is_set()) state->exit_code = 137;
    exited->set();
  };
  co_await run->shim->subscribe(false, std::move(handlers));
  Socket socket(executor, asio::local::stream_protocol(), output_fd.release());
  std::exception_ptr failure;
  try {
    co_await forward_output(socket, output);
  } catch (...) {
    failure = std::current_exception();  // the client is gone: so is the reason to run
  }
  if (failure && !exited->is_set()) co_await run->shim->kill(SIGKILL);
  co_await exited->wait();
  co_await run->shim->release();
  run->shim->close();
  if (failure) std::rethrow_exception(failure);
  co_return state->exit_code;
}

asio::awaitable<int> Manager::Impl::run_build_step(build::RunRequest request, build::RunOutput output) {
  const Busy busy(tasks);
  auto container = std::make_shared<LiveContainer>(executor, build_record(request, services.host));
  std::filesystem::create_directories(dir(*container));
  int exit_code = 0;
  std::exception_ptr failure;
  try {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw errno_error("socketpair");
    UniqueFd ours(ends[0]);
    runtime::InitialAttach attached;
    attached.socket.reset(ends[1]);
    attached.flags = shim::attach_stdout | shim::attach_stderr;
    container->waiting_clients.push_back(std::move(attached));
    network::Attachment attachment = co_await attach_network(container);
    image::Snapshot snapshot{request.lower_dirs, request.upper, request.work};
    LaunchPlan plan = make_launch_plan(*this, *container, snapshot, std::move(attachment));
    plan.request.engine = {};  // it is not worth an engine of its own
    auto work = [plan = std::move(plan), shim = &services.shim, seccomp = &services.seccomp]() mutable {
      return run_launch_plan(plan, *shim, *seccomp);
    };
    runtime::LaunchResult result = co_await run_in_pool(services.pool, std::move(work));
    reap(std::move(result.shim));
    auto run = std::make_shared<Run>(executor);
    run->shim = co_await runtime::ShimClient::connect(result.socket_path);
    exit_code = co_await follow_build_step(run, std::move(ours), std::move(output));
  } catch (...) {
    failure = std::current_exception();
  }
  co_await remove_cgroup(container, true);
  co_await services.networks.detach(container->record.id);
  services.images.discard(dir(*container));
  if (failure) std::rethrow_exception(failure);
  co_return exit_code;
}

}  // namespace stack::engine::container
