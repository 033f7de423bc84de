// From start to exit, and what the restart policy makes of it.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/crash_point.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "engine/container/launch_plan.hpp"
#include "engine/container/manager_impl.hpp"
#include "engine/runtime/cgroup.hpp"

namespace stack::engine::container {

namespace {

void check_startable(const LiveContainer& container) {
  if (container.removed) throw Error(ErrorCode::not_found, "No such container: " + container.record.id);
  switch (container.record.state) {
    case State::running:
    case State::restarting: throw Error(ErrorCode::not_modified, "container is already running");
    case State::paused: throw Error(ErrorCode::conflict, "cannot start a paused container, try unpause instead");
    case State::removing:
    case State::dead: throw Error(ErrorCode::conflict, "container is marked for removal and cannot be started");
    case State::created:
    case State::exited: break;
  }
}

api::Timestamp from_nano(std::int64_t nano) { return api::Timestamp(std::chrono::nanoseconds(nano)); }

int exit_code_of(const std::exception_ptr& failure, std::string& text) {
  try {
    std::rethrow_exception(failure);
  } catch (const runtime::LaunchError& error) {
    text = error.what();
    return error.exit_code();
  } catch (const std::exception& error) {
    text = error.what();
    return 128;
  }
}

/// A missing source of a short-form bind is made, as Docker does.
void make_bind_source(const MountPoint& mount) {
  struct stat status {};
  if (::stat(mount.source.c_str(), &status) == 0) return;
  if (!mount.create_source)
    throw Error(ErrorCode::invalid_argument,
                "invalid mount config for type \"bind\": bind source path does not exist: " + mount.source);
  std::error_code error;
  std::filesystem::create_directories(mount.source, error);
  if (error)
    throw Error(ErrorCode::invalid_argument,
                fmt::format("error while creating mount source path '{}': {}", mount.source, error.message()));
}

/// The mount a path is on: its line of /proc/self/mountinfo has the mount's id first.
struct MountLine {
  std::string point;  ///< where it is mounted
  bool shared = false;
  bool slave = false;
};
std::optional<MountLine> mount_of(const std::string& path) {
  struct statx details {};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_MNT_ID, &details) != 0) return std::nullopt;
  const std::string id = std::to_string(details.stx_mnt_id) + " ";
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    if (line.rfind(id, 0) != 0) continue;
    std::istringstream fields(line);
    MountLine found;
    std::string skipped, optional;
    fields >> skipped >> skipped >> skipped >> skipped >> found.point >> skipped;
    while (fields >> optional && optional != "-") {
      found.shared = found.shared || optional.rfind("shared:", 0) == 0;
      found.slave = found.slave || optional.rfind("master:", 0) == 0;
    }
    return found;
  }
  return std::nullopt;
}

/// Mounts travel through a bind only when its source takes part in that; else the option would do nothing, silently.
void check_propagation(const MountPoint& mount) {
  const bool shared = mount.propagation.ends_with("shared");
  if (!shared && !mount.propagation.ends_with("slave")) return;
  const auto source = mount_of(mount.source);
  if (!source || source->shared || (!shared && source->slave)) return;
  throw Error(ErrorCode::internal, fmt::format("path {} is mounted on {} but it is not a shared{} mount", mount.source,
                                               source->point, shared ? "" : " or slave"));
}

}  // namespace

void Manager::Impl::spawn(asio::awaitable<void> task, std::string what) {
  ++tasks;
  asio::co_spawn(executor, std::move(task), [self = shared_from_this(), what = std::move(what)](std::exception_ptr failure) {
    --self->tasks;
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      log::error("{}: {}", what, error.what());
    }
  });
}

namespace {

asio::awaitable<void> wait_for_child(Child child) {
  asio::posix::stream_descriptor pidfd(co_await asio::this_coro::executor, child.pidfd.release());
  boost::system::error_code ignored;
  co_await pidfd.async_wait(asio::posix::stream_descriptor::wait_read, asio::redirect_error(asio::use_awaitable, ignored));
  ::waitpid(child.pid, nullptr, WNOHANG);
}

}  // namespace

void Manager::Impl::reap(Child child) { asio::co_spawn(executor, wait_for_child(std::move(child)), asio::detached); }

asio::awaitable<void> Manager::Impl::start(ContainerPtr container) {
  const AsyncMutex::Guard guard = co_await container->operations.lock();
  check_startable(*container);
  container->record.manually_stopped = false;
  container->record.restart_count = 0;
  container->backoff.reset();
  co_await start_locked(container);
}

asio::awaitable<void> Manager::Impl::start_locked(ContainerPtr container) {
  const Busy busy(tasks);
  std::exception_ptr failure;
  try {
    co_await launch(container);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  co_await undo_start(container, failure);
  std::rethrow_exception(failure);
}

asio::awaitable<void> Manager::Impl::undo_start(ContainerPtr container, std::exception_ptr failure) {
  Record& record = container->record;
  record.exit_code = exit_code_of(failure, record.error);
  container->run.reset();
  try {
    // launched, but then something else failed: the shim must go, too
    if (::access((services.paths.shim_dir(record.id) + "/shim.sock").c_str(), F_OK) == 0) {
      const auto shim = co_await runtime::ShimClient::connect(services.paths.shim_dir(record.id) + "/shim.sock");
      co_await end_shim(shim);
    }
    co_await remove_cgroup(container, true);
    co_await services.networks.detach(record.id);
    co_await release_volumes(container, record.id);
  } catch (const std::exception& error) {
    log::error("container {}: cleaning up after a failed start: {}", record.id, error.what());
  }
  record.intent = Intent::none;
  record.pid = 0;
  container->waiting_clients.clear();  // their streams end
  if (record.state == State::restarting) record.state = State::exited;
  note(container);
  container->changed.notify_all();
  if (record.host_config.auto_remove) co_await remove_locked(container, true);
}

image::Snapshot Manager::Impl::snapshot_of(const LiveContainer& container) {
  if (auto snapshot = services.images.find_snapshot(container.record.id)) return std::move(*snapshot);
  return services.images.prepare_snapshot(container.record.id, services.images.get(container.record.image_id)->config);
}

asio::awaitable<void> Manager::Impl::prepare_volumes(ContainerPtr container, image::Snapshot snapshot) {
  for (const auto& mount : container->record.mounts) {
    if (mount.type == "bind") {
      make_bind_source(mount);
      check_propagation(mount);
    } else if (mount.type == "volume") {
      if (!services.volumes.find(mount.name)) {  // removed by force since: as at the creation
        volume::VolumeCreate request;
        request.name = mount.name;
        services.volumes.create(request);
      }
      co_await services.volumes.acquire(mount.name, container->record.id);
      if (!mount.no_copy && mount.subpath.empty())
        co_await services.volumes.fill_from_image(mount.name, snapshot.lower_dirs, mount.destination);
      publish_volume(*container, mount, "mount");
    }
  }
}

asio::awaitable<void> Manager::Impl::release_volumes(ContainerPtr container, std::string user) {
  std::vector<std::string> names;
  for (const auto& mount : container->record.mounts)
    if (mount.type == "volume") names.push_back(mount.name);
  for (const auto& name : names) {
    try {
      co_await services.volumes.release(name, user);
    } catch (const std::exception& error) {
      log::error("volume {}: {}", name, error.what());
    }
  }
}

asio::awaitable<network::Attachment> Manager::Impl::attach_network(ContainerPtr container) {
  const Record& record = container->record;
  const std::string& mode = record.host_config.network_mode;
  if (mode == "host") co_return network::Attachment();
  if (const std::string other = shared_with(mode); !other.empty()) {
    network::Attachment borrowed;
    const ContainerPtr owner = get(other);
    if (!is_active(owner->record.state) || owner->record.pid == 0)
      throw Error(ErrorCode::conflict,
                  fmt::format("cannot join network namespace of a non running container: container {} is {}",
                              owner->record.name, to_string(owner->record.state)));
    const std::string path = fmt::format("/proc/{}/ns/net", owner->record.pid);
    borrowed.netns.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!borrowed.netns) throw errno_error("open " + path);
    co_return borrowed;
  }
  network::AttachRequest request = attach_request(record);
  co_return co_await services.networks.attach(std::move(request));
}

asio::awaitable<void> Manager::Impl::launch(ContainerPtr container) {
  Record& record = container->record;
  record.intent = Intent::start;
  save(container);
  crash_point("container.start.intent");
  image::Snapshot snapshot = snapshot_of(*container);
  crash_point("container.start.snapshot");
  co_await prepare_volumes(container, snapshot);
  network::Attachment attachment = co_await attach_network(container);
  crash_point("container.start.network");

  LaunchPlan plan = make_launch_plan(*this, *container, snapshot, std::move(attachment));
  auto work = [plan = std::move(plan), shim = &services.shim, seccomp = &services.seccomp]() mutable {
    return run_launch_plan(plan, *shim, *seccomp);
  };
  runtime::LaunchResult result = co_await run_in_pool(services.pool, std::move(work));
  crash_point("container.start.launched");
  reap(std::move(result.shim));

  auto run = std::make_shared<Run>(executor);
  run->socket_path = result.socket_path;
  run->shim = co_await runtime::ShimClient::connect(result.socket_path);
  container->run = run;
  container->stay_down = false;
  record.intent = Intent::none;
  record.error.clear();
  record.exit_code = 0;
  record.oom_killed = false;
  record.pid = result.container_pid;
  record.started_at = from_nano(result.started_at);
  begin_health(container, run, false);
  set_state(container, State::running);
  crash_point("container.start.done");
  ++counters.starts;
  publish(*container, "start");
  co_await follow(container, run);
}

asio::awaitable<void> Manager::Impl::follow(ContainerPtr container, RunPtr run) {
  runtime::ShimClient::Handlers handlers;
  // the handlers live in the client, which the run owns: weak references, or the three would keep each other alive
  handlers.on_exit = [self = weak_from_this(), weak = std::weak_ptr(container),
                      weak_run = std::weak_ptr(run)](const shim::State& state) {
    const auto impl = self.lock();
    const auto strong = weak.lock();
    const auto strong_run = weak_run.lock();
    if (impl && strong && strong_run && !strong_run->ending.is_set())
      impl->spawn(impl->handle_exit(strong, strong_run, state), "exit of container " + strong->record.id);
  };
  handlers.on_oom = [self = weak_from_this(), weak = std::weak_ptr(container)](std::uint64_t) {
    const auto impl = self.lock();
    const auto strong = weak.lock();
    if (impl && strong) impl->publish(*strong, "oom");
  };
  handlers.on_closed = [self = weak_from_this(), weak = std::weak_ptr(container), weak_run = std::weak_ptr(run)] {
    const auto impl = self.lock();
    const auto strong = weak.lock();
    const auto strong_run = weak_run.lock();
    if (impl && strong && strong_run && !strong_run->ending.is_set())
      impl->spawn(impl->handle_lost_shim(strong, strong_run), "lost shim of container " + strong->record.id);
  };
  co_await run->shim->subscribe(true, std::move(handlers));
}

asio::awaitable<void> Manager::Impl::remove_cgroup(ContainerPtr container, bool kill_first) {
  auto work = [path = cgroup(container->record), parent = services.paths.cgroup_parent(), kill_first] {
    const runtime::Cgroup group = runtime::Cgroup::open(path);
    if (kill_first && group.exists()) group.end_all();
    group.remove();
    // The groups' common parent goes with the last of them. The kernel knows which one that is: of two that end at the same
    // time, each would see the other still running in our records.
    runtime::Cgroup::open(parent).remove_if_empty();
  };
  co_await run_in_pool(services.pool, std::move(work));
}

asio::awaitable<void> Manager::Impl::handle_lost_shim(ContainerPtr container, RunPtr run) {
  // Somebody killed the monitor: without it nobody knows when the container ends, so it ends now.
  log::error("container {}: its shim is gone; the container is ended", container->record.id);
  auto kill_rest = [path = cgroup(container->record)] { runtime::Cgroup::open(path).kill_all(); };
  co_await run_in_pool(services.pool, std::move(kill_rest));
  shim::State state;
  state.exited = 1;
  state.exit_code = 137;
  state.finished_at = now().time_since_epoch().count();
  co_await handle_exit(container, run, state);
}

asio::awaitable<void> Manager::Impl::handle_exit(ContainerPtr container, RunPtr run, shim::State state) {
  if (run->ending.is_set() || container->run != run) co_return;
  run->ending.set();
  crash_point("container.exit.seen");
  Record& record = container->record;
  if (container->health) {
    container->health->stop();
    record.health_status = container->health->health().status;
  }
  co_await services.networks.detach(record.id);
  crash_point("container.exit.network");

  record.finished_at = from_nano(state.finished_at);
  record.exit_code = state.exit_code;
  record.oom_killed = state.oom_killed != 0;
  record.pid = 0;
  bool released = false;
  try {
    co_await run->shim->release();
    released = true;
  } catch (const std::exception& error) {
    log::warning("container {}: releasing its shim: {}", record.id, error.what());
  }
  run->shim->close();
  std::error_code ignored;
  if (!released) std::filesystem::remove_all(services.paths.shim_dir(record.id), ignored);  // a killed shim did not
  try {
    // the end of a PID namespace of its own has ended everything in it; elsewhere children live on
    co_await remove_cgroup(container, !released || !record.host_config.pid_mode.empty());
  } catch (const std::exception& error) {
    log::warning("container {}: removing its cgroup: {}", record.id, error.what());
  }
  co_await release_volumes(container, record.id);
  // decided last: a stop that came while all this was under way counts
  const auto ran = record.started_at ? *record.finished_at - *record.started_at : std::chrono::nanoseconds{0};
  RunEnd end{record.exit_code, ran, container->stay_down, record.restart_count};
  const auto delay = container->backoff.next(record.host_config.restart_policy, end);
  ++counters.exits;
  if (delay) {
    ++record.restart_count;
    ++counters.restarts;
  }
  container->run.reset();
  ++container->exits;
  set_state(container, delay || container->comes_back ? State::restarting : State::exited);
  crash_point("container.exit.done");
  for (const auto& mount : record.mounts)
    if (mount.type == "volume") publish_volume(*container, mount, "unmount");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(ran).count();
  publish(*container, "die", {{"exitCode", std::to_string(record.exit_code)}, {"execDuration", std::to_string(seconds)}});
  run->ended.set();
  if (delay)
    restart_later(container, *delay);
  else if (record.host_config.auto_remove && !container->keep)
    spawn(remove(container, false, true), "removal of container " + record.id);
}

void Manager::Impl::restart_later(const ContainerPtr& container, std::chrono::milliseconds delay) {
  container->restart_delay = std::make_shared<Signal>(executor);
  spawn(wait_and_restart(container, container->restart_delay, delay), "restart of container " + container->record.id);
}

asio::awaitable<void> Manager::Impl::wait_and_restart(ContainerPtr container, std::shared_ptr<Signal> cancelled,
                                                      std::chrono::milliseconds delay) {
  const bool stays_down = co_await cancelled->wait_for(delay);
  if (stays_down) co_return;
  const AsyncMutex::Guard guard = co_await container->operations.lock();
  if (cancelled->is_set()) co_return;
  container->restart_delay.reset();
  if (container->record.state == State::restarting) co_await start_locked(container);
}

void Manager::Impl::cancel_restart(LiveContainer& container) {
  if (!container.restart_delay) return;
  container.restart_delay->set();
  container.restart_delay.reset();
}

void Manager::Impl::begin_health(const ContainerPtr& container, const RunPtr& run, bool resumed) {
  const auto settings = health_settings(container->record.config);
  container->health.reset();
  if (!settings) return;
  container->health.emplace(*settings);
  if (resumed) container->health->resume(container->record.health_status);
  container->record.health_status = container->health->health().status;
  spawn(health_loop(container, run), "health check of container " + container->record.id);
}

asio::awaitable<void> Manager::Impl::health_loop(ContainerPtr container, RunPtr run) {
  --tasks;  // a health check alone keeps no engine alive
  const auto elapsed = [run] { return std::chrono::steady_clock::now() - run->began; };
  std::chrono::nanoseconds last_ended{0};
  while (container->run == run || !container->run) {
    const auto due = container->health->next_probe(last_ended);
    const bool ends = co_await run->ending.wait_for(due - elapsed());
    if (ends) break;
    if (container->record.state == State::paused) {
      last_ended = elapsed();
      continue;
    }
    const auto began = elapsed();
    api::HealthResult result;
    result.start = now();
    CapturedResult probed =
        co_await probe(container, container->health->settings().argv, container->health->settings().timeout);
    if (run->ending.is_set()) break;
    result.end = now();
    result.exit_code = probed.exit_code;
    result.output = std::move(probed.output);
    last_ended = elapsed();
    if (!container->health->record(began, std::move(result))) continue;
    container->record.health_status = container->health->health().status;
    note(container);
    container->changed.notify_all();
    publish(*container, "health_status: " + container->record.health_status);
  }
  ++tasks;
}

}  // namespace stack::engine::container
