#include "cli/attached_up.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "cli/dispatch.hpp"
#include "cli/output.hpp"
#include "cli/project.hpp"
#include "scheduler/container_config.hpp"
#include "scheduler/executor.hpp"

namespace stack::cli {

namespace asio = boost::asio;
namespace api = engine::api;

namespace {

render::LogPrinter::Options printing(const GlobalOptions& global, const UpOptions& options) {
  return {.prefix = !options.no_prefix,
          .color = !options.no_color && render::use_ansi(global.ansi, STDOUT_FILENO),
          .out_fd = STDOUT_FILENO,
          .err_fd = STDERR_FILENO};
}

/// The services this `up` is about.
std::set<std::string> selected(const compose::Project& project, const scheduler::ReconcileOptions& options) {
  std::set<std::string> services = options.services;
  if (services.empty())
    for (const auto& [name, _] : project.services) services.insert(name);
  return options.with_dependencies ? with_dependencies(project, std::move(services)) : services;
}

std::set<std::string> attached_services(const compose::Project& project, const UpOptions& options) {
  std::set<std::string> services = options.reconcile.services;
  if (services.empty() || options.attach_dependencies) services = selected(project, options.reconcile);
  if (!options.attach.empty()) services = {options.attach.begin(), options.attach.end()};
  for (const std::string& name : options.no_attach) services.erase(name);
  std::erase_if(services, [&](const std::string& name) {
    const auto service = project.services.find(name);
    return service != project.services.end() && service->second.attach == false;
  });
  return services;
}

std::vector<std::string> container_names(const compose::Project& project, const UpOptions& options) {
  std::vector<std::string> names;
  for (const std::string& name : attached_services(project, options)) {
    const auto service = project.services.find(name);
    if (service == project.services.end()) continue;
    const auto scale = options.reconcile.scale.find(name);
    const int replicas = scale == options.reconcile.scale.end() ? service->second.replicas() : scale->second;
    for (int number = 1; number <= replicas; ++number) {
      std::string container = scheduler::container_name(project, service->second, number);
      if (service->second.container_name.empty()) container.erase(0, project.name.size() + 1);
      names.push_back(std::move(container));
    }
  }
  return names;
}

}  // namespace

AttachedUp::AttachedUp(api::Client& client, const GlobalOptions& global, const compose::Project& project,
                       const UpOptions& options, ShownProgress& progress)
    : client_(client),
      global_(global),
      project_(project),
      options_(options),
      progress_(progress),
      printer_(printing(global, options)),
      follower_(client, printer_, following()),
      tasks_(client.executor(), [this] { wake(); }),
      converging_(client.executor(), [this] { wake(); }),
      stopping_(client.executor(), [this] { wake(); }),
      changed_(client.executor(), asio::steady_timer::time_point::max()) {}

LogFollower::Options AttachedUp::following() {
  LogFollower::Options options;
  options.project = project_.name;
  options.services = attached_services(project_, options_);
  options.timestamps = options_.timestamps;
  options.announce_exits = true;
  options.on_exit = [this](const std::string& service, int exit_code) { on_exit(service, exit_code); };
  options.on_start = [this] {
    ++starts_;
    wake();
  };
  options.on_first_output = [this] { announce(); };
  return options;
}

void AttachedUp::wake() { changed_.cancel(); }

/// Output follows: what was drawn stays, nothing is drawn over it.
void AttachedUp::announce() {
  if (std::exchange(announced_, true)) return;
  progress_.silence();
  const std::vector<std::string> names = container_names(project_, options_);
  for (const std::string& name : names) printer_.add(name);
  write_all(STDOUT_FILENO, fmt::format("Attaching to {}\n", fmt::join(names, ", ")));
}

void AttachedUp::on_exit(const std::string& service, int exit_code) {
  if (service == options_.exit_code_from) chosen_code_ = exit_code;
  if (options_.abort_on_exit || (options_.abort_on_failure && exit_code != 0))
    if (!aborted_) aborted_ = exit_code;
  wake();
}

asio::awaitable<void> AttachedUp::wait_until(std::function<bool()> condition) {
  while (!condition()) {
    boost::system::error_code woken;
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

asio::awaitable<void> AttachedUp::converge() {
  scheduler::Plan plan = co_await scheduler::converge(client_, project_, options_.reconcile, progress_);
  progress_.unchanged(plan.unchanged);
  is_up_ = true;
  wake();
}

asio::awaitable<void> AttachedUp::watch_signals() {
  asio::signal_set signals(client_.executor(), SIGINT, SIGTERM);
  while (true) {
    co_await signals.async_wait(asio::use_awaitable);
    if (++interrupts_ > 2) ::_exit(exit_interrupted);  // graceful, forced, and now at once
    wake();
  }
}

asio::awaitable<void> AttachedUp::watch_end() {
  co_await follower_.wait_until_nothing_runs();
  nothing_runs_ = true;
  wake();
}

asio::awaitable<int> AttachedUp::run(std::function<void()> converged) {
  std::exception_ptr failure;
  int status = 0;
  try {
    status = co_await run_until_end(std::move(converged));
  } catch (...) {
    failure = std::current_exception();
  }
  for (TaskGroup* group : {&converging_, &stopping_, &tasks_}) {
    group->cancel();
    co_await group->join();
  }
  co_await follower_.end();
  if (failure) std::rethrow_exception(failure);
  co_return status;
}

asio::awaitable<int> AttachedUp::run_until_end(std::function<void()> converged) {
  ContainerQuery query;
  query.project = project_.name;
  query.stopped = true;
  tasks_.spawn(watch_signals());
  std::vector<api::ContainerSummary> existing = co_await list_project(client_, std::move(query));
  std::erase_if(existing, [names = attached_services(project_, options_)](const api::ContainerSummary& container) {
    return !names.contains(service_of(container));
  });
  co_await follower_.begin_with_what_starts(std::move(existing));
  converging_.spawn(converge());
  co_await wait_until([this] { return is_up_ || interrupts_ > 0 || converging_.failure() || must_abort(); });
  if (!is_up_) {
    converging_.cancel();
    co_await converging_.join();
  }
  converged();
  if (converging_.failure()) std::rethrow_exception(converging_.failure());
  announce();
  tasks_.spawn(watch_end());
  co_await wait_until([this] { return interrupts_ > 0 || nothing_runs_ || must_abort() || tasks_.failure(); });
  if (tasks_.failure()) std::rethrow_exception(tasks_.failure());
  const bool interrupted = interrupts_ > 0;
  if (!nothing_runs_) co_await stop_all();
  if (interrupted) co_return exit_interrupted;
  if (!options_.exit_code_from.empty()) co_return chosen_code_.value_or(0);
  co_return aborted_.value_or(0);
}

asio::awaitable<void> AttachedUp::stop_all() {
  write_all(STDERR_FILENO,
            interrupts_ > 0 ? "Gracefully stopping... (press Ctrl+C again to force)\n" : "Aborting on container exit...\n");
  const int interrupts_before = interrupts_;
  while (!nothing_runs_) {
    // A start that was under way when we broke off may be carried out after the stop: then once more.
    const int starts_before = starts_;
    stopped_ = false;
    stopping_.spawn(stop_gracefully());
    co_await wait_until([&] { return stopped_ || interrupts_ > interrupts_before || stopping_.failure(); });
    if (interrupts_ > interrupts_before) break;
    if (stopping_.failure()) std::rethrow_exception(stopping_.failure());
    co_await wait_until(
        [&] { return nothing_runs_ || starts_ > starts_before || interrupts_ > interrupts_before || tasks_.failure(); });
    if (tasks_.failure()) std::rethrow_exception(tasks_.failure());
  }
  if (nothing_runs_) co_return;
  stopping_.cancel();
  co_await stopping_.join();
  write_all(STDERR_FILENO, "Killing\n");
  co_await kill_all();
  co_await wait_until([this] { return nothing_runs_ || tasks_.failure(); });  // the last lines and exits
}

asio::awaitable<void> AttachedUp::stop_gracefully() {
  GlobalOptions plain = global_;
  if (plain.progress == render::ProgressMode::automatic || plain.progress == render::ProgressMode::tty)
    plain.progress = render::ProgressMode::plain;  // output of containers comes between
  ShownProgress progress(plain, {});
  scheduler::SelectOptions options;
  options.services = selected(project_, options_.reconcile);
  options.timeout = options_.reconcile.timeout;
  scheduler::ObserveOptions observing;
  observing.images = observing.volumes = false;
  const scheduler::ObservedState observed = co_await scheduler::observe(client_, project_.name, observing);
  scheduler::Plan plan = scheduler::plan_stop(project_.name, &project_, observed, options);
  co_await scheduler::execute(client_, std::move(plan), progress);
  stopped_ = true;
  wake();
}

asio::awaitable<void> AttachedUp::kill_all() {
  ContainerQuery query;
  query.project = project_.name;
  const std::set<std::string> services = selected(project_, options_.reconcile);
  query.services.assign(services.begin(), services.end());
  const std::vector<api::ContainerSummary> containers = co_await list_project(client_, std::move(query));
  for (const api::ContainerSummary& container : containers) {
    try {
      co_await client_.kill_container(container.id, "SIGKILL");
    } catch (const api::ApiError& error) {
      if (error.code() != ErrorCode::conflict && error.code() != ErrorCode::not_found) throw;  // it ended by itself
    }
  }
}

}  // namespace stack::cli
