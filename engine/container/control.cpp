// What a user does to a container beside starting it.
#include <fmt/format.h>

#include <csignal>
#include <filesystem>

#include "base/crash_point.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "engine/container/endpoint_checks.hpp"
#include "engine/container/launch_plan.hpp"
#include "engine/container/manager_impl.hpp"
#include "engine/container/names.hpp"
#include "engine/container/network_files.hpp"
#include "engine/container/until.hpp"
#include "engine/runtime/cgroup.hpp"

namespace stack::engine::container {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds kill_patience{10};  // SIGKILL cannot be refused, only be slow (a disk, a device)

Error not_running(const LiveContainer& container) {
  return {ErrorCode::conflict, fmt::format("container {} is not running", container.record.id)};
}

void check_present(const LiveContainer& container) {
  if (container.removed) throw Error(ErrorCode::not_found, "No such container: " + container.record.id);
}

bool stops(const Record& record, int signal) { return signal == SIGKILL || signal == stop_signal(record.config); }

}  // namespace

asio::awaitable<void> Manager::Impl::send_signal(ContainerPtr container, int signal) {
  const RunPtr run = container->run;
  if (run && !run->ending.is_set()) {
    try {
      co_await run->shim->kill(signal);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::conflict) throw;  // it has just ended by itself
    }
  }
  publish(*container, "kill", {{"signal", std::to_string(signal)}});
}

asio::awaitable<void> Manager::Impl::thaw(ContainerPtr container) {
  auto work = [path = cgroup(container->record)] {
    try {
      runtime::Cgroup::open(path).thaw();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::not_found) throw;  // cgroup v2 lets the frozen be killed: the group may be gone with them
    }
  };
  co_await run_in_pool(services.pool, std::move(work));
}

asio::awaitable<void> Manager::Impl::kill_and_wait(ContainerPtr container, RunPtr run) {
  co_await send_signal(container, SIGKILL);
  if (container->record.state == State::paused) co_await thaw(container);  // the frozen do not die
  const bool ended = co_await run->ended.wait_for(kill_patience);
  if (!ended)
    throw Error(ErrorCode::internal,
                fmt::format("tried to kill container {}, but did not receive an exit event", container->record.id));
}

asio::awaitable<void> Manager::Impl::stop(ContainerPtr container, StopOptions options) {
  if (!options.signal.empty()) parse_signal(options.signal);
  const AsyncMutex::Guard guard = co_await container->operations.lock();
  check_present(*container);
  if (!is_active(container->record.state)) throw Error(ErrorCode::not_modified, "container is already stopped");
  co_await stop_locked(container, std::move(options));
}

asio::awaitable<void> Manager::Impl::stop_locked(ContainerPtr container, StopOptions options) {
  const Busy busy(tasks);
  Record& record = container->record;
  record.manually_stopped = true;
  container->stay_down = true;
  if (record.state == State::restarting) {
    cancel_restart(*container);
    set_state(container, State::exited);
    publish(*container, "stop");
    co_return;
  }
  note(container);
  const RunPtr run = container->run;
  if (!run) co_return;
  const int signal = options.signal.empty() ? stop_signal(record.config) : parse_signal(options.signal);
  co_await send_signal(container, signal);
  crash_point("container.stop.signalled");
  if (record.state == State::paused) co_await thaw(container);
  const std::int64_t seconds = options.timeout.value_or(stop_timeout(record.config));
  bool ended = false;
  if (seconds < 0) {
    co_await run->ended.wait();
    ended = true;
  } else {
    ended = co_await run->ended.wait_for(std::chrono::seconds(std::min<std::int64_t>(seconds, 100'000'000)));
  }
  if (!ended) co_await kill_and_wait(container, run);
  publish(*container, "stop");
}

asio::awaitable<void> Manager::Impl::restart(ContainerPtr container, StopOptions options) {
  const AsyncMutex::Guard guard = co_await container->operations.lock();
  check_present(*container);
  container->keep = true;
  std::exception_ptr failure;
  try {
    // who looks in between, or after an engine that died there, sees a container that comes back, not one that ended
    container->comes_back = true;
    if (is_active(container->record.state)) co_await stop_locked(container, std::move(options));
    container->comes_back = false;
    container->record.manually_stopped = false;
    container->record.restart_count = 0;
    container->backoff.reset();
    co_await start_locked(container);
  } catch (...) {
    failure = std::current_exception();
  }
  container->keep = container->comes_back = false;
  if (failure) std::rethrow_exception(failure);
  publish(*container, "restart");
}

asio::awaitable<void> Manager::Impl::kill(ContainerPtr container, std::string signal_name) {
  int signal = SIGKILL;
  try {
    if (!signal_name.empty()) signal = parse_signal(signal_name);
  } catch (const Error& error) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot kill container: {}: {}", container->record.name, error.what()));
  }
  const Busy busy(tasks);
  Record& record = container->record;
  const RunPtr run = container->run;
  if (!is_active(record.state) || (!run && record.state != State::restarting))
    throw Error(ErrorCode::conflict,
                fmt::format("cannot kill container: {}: container {} is not running", record.name, record.id));
  if (stops(record, signal)) {
    record.manually_stopped = true;
    container->stay_down = true;
    if (record.state == State::restarting) {
      cancel_restart(*container);
      set_state(container, State::exited);
      co_return;
    }
    note(container);
  }
  if (!run) co_return;
  if (signal == SIGKILL) {
    co_await kill_and_wait(container, run);
  } else {
    co_await send_signal(container, signal);
    if (record.state == State::paused && stops(record, signal)) co_await thaw(container);
  }
}

asio::awaitable<void> Manager::Impl::pause(ContainerPtr container) {
  const AsyncMutex::Guard guard = co_await container->operations.lock();
  check_present(*container);
  co_await pause_locked(container);
}

asio::awaitable<void> Manager::Impl::pause_locked(ContainerPtr container) {
  const Record& record = container->record;
  if (record.state == State::paused) throw Error(ErrorCode::conflict, fmt::format("Container {} is already paused", record.id));
  if (record.state == State::restarting)
    throw Error(ErrorCode::conflict, fmt::format("Container {} is restarting, wait until the container is running", record.id));
  if (record.state != State::running) throw not_running(*container);
  const RunPtr run = container->run;
  auto work = [path = cgroup(record)] { runtime::Cgroup::open(path).freeze(); };
  co_await run_in_pool(services.pool, std::move(work));
  if (!run || run->ending.is_set()) throw not_running(*container);
  set_state(container, State::paused);
  publish(*container, "pause");
}

asio::awaitable<void> Manager::Impl::unpause(ContainerPtr container) {
  const AsyncMutex::Guard guard = co_await container->operations.lock();
  check_present(*container);
  co_await unpause_locked(container);
}

asio::awaitable<void> Manager::Impl::unpause_locked(ContainerPtr container) {
  if (container->record.state != State::paused)
    throw Error(ErrorCode::internal, fmt::format("Container {} is not paused", container->record.id));
  co_await thaw(container);
  if (container->record.state != State::paused) co_return;  // it ended meanwhile
  set_state(container, State::running);
  publish(*container, "unpause");
}

asio::awaitable<void> Manager::Impl::remove(ContainerPtr container, bool force, bool volumes) {
  if (container->record.state == State::removing)
    throw Error(ErrorCode::conflict, fmt::format("removal of container {} is already in progress", container->record.name));
  const AsyncMutex::Guard guard = co_await container->operations.lock();
  check_present(*container);
  const Busy busy(tasks);
  Record& record = container->record;
  if (is_active(record.state)) {
    if (!force) {
      const char* advice = record.state == State::paused ? "container is paused and must be unpaused first"
                           : record.state == State::restarting
                               ? "container is restarting: stop the container before removing or force remove"
                               : "container is running: stop the container before removing or force remove";
      throw Error(ErrorCode::conflict, fmt::format("cannot remove container \"{}\": {}", record.name, advice));
    }
    container->stay_down = true;
    record.manually_stopped = true;
    cancel_restart(*container);
    container->keep = true;  // this removal is enough
    const RunPtr run = container->run;
    if (run) co_await kill_and_wait(container, run);
    if (!run) set_state(container, State::exited);
  }
  co_await remove_locked(container, volumes);
}

asio::awaitable<void> Manager::Impl::remove_locked(ContainerPtr container, bool volumes) {
  std::exception_ptr failure;
  try {
    co_await remove_parts(container, volumes);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  container->record.state = State::dead;  // it can be tried again; the next engine does so by itself
  container->changed.notify_all();
  std::rethrow_exception(failure);
}

asio::awaitable<void> Manager::Impl::remove_parts(ContainerPtr container, bool volumes) {
  Record& record = container->record;
  record.intent = volumes ? Intent::remove_with_volumes : Intent::remove;
  record.state = State::removing;
  note(container);
  crash_point("container.remove.intent");
  co_await services.networks.detach(record.id);
  services.images.remove_snapshot(record.id);
  services.images.discard(dir(*container));
  crash_point("container.remove.files");
  services.database.erase(Table::containers, record.id);
  forget(container);
  if (volumes)
    for (const auto& mount : record.mounts)
      if (mount.type == "volume") services.volumes.remove_anonymous(mount.name);
  container->waiting_clients.clear();
  container->removed = true;
  container->changed.notify_all();
  crash_point("container.remove.done");
  publish(*container, "destroy");
}

asio::awaitable<void> Manager::Impl::rename(ContainerPtr container, std::string new_name) {
  if (new_name.empty()) throw Error(ErrorCode::invalid_argument, "Neither old nor new names may be empty");
  std::string checked;
  try {
    checked = check_name(new_name.starts_with('/') ? new_name : "/" + new_name);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("Error when allocating new name: {}", error.what()));
  }
  const AsyncMutex::Guard guard = co_await container->operations.lock();
  check_present(*container);
  Record& record = container->record;
  if (checked == record.name)
    throw Error(ErrorCode::invalid_argument, "Renaming a container with the same name as its current name");
  if (const auto holder = by_name.find(checked); holder != by_name.end())
    throw Error(
        ErrorCode::conflict,
        fmt::format("Error when allocating new name: Conflict. The container name \"/{}\" is already in use by container "
                    "\"{}\". You have to remove (or rename) that container to be able to reuse that name.",
                    checked, holder->second));
  const std::string old_name = record.name;
  by_name.erase(old_name);
  by_name[checked] = record.id;
  record.name = checked;
  note(container);
  services.networks.rename(record.id, checked);
  publish(*container, "rename", {{"oldName", "/" + old_name}});
}

/// An exit that the restart policy answers with a new start is an exit: `docker run --restart` ends with the first, and its
/// code.
bool Waiting::is_over() const {
  if (container_->removed) return true;
  const bool has_exited = container_->exits != exits_;
  switch (condition_) {
    case WaitCondition::not_running: return has_exited || !is_active(container_->record.state);
    case WaitCondition::next_exit: return has_exited;
    case WaitCondition::removed: return false;
  }
  return true;
}

asio::awaitable<api::WaitResponse> Waiting::result() {
  while (!is_over()) co_await container_->changed.wait();
  api::WaitResponse response;
  response.status_code = container_->record.exit_code;
  // who waits for the removal is told how that went, not why the start failed: that is the start's answer
  if (condition_ != WaitCondition::removed && !container_->record.error.empty()) response.error = container_->record.error;
  co_return response;
}

asio::awaitable<void> Manager::Impl::resize(ContainerPtr container, std::uint16_t rows, std::uint16_t columns) {
  const RunPtr run = container->run;
  if (!run || run->ending.is_set()) throw not_running(*container);
  if (!container->record.config.tty) co_return;  // Docker takes it, too
  co_await run->shim->resize(rows, columns);
  publish(*container, "resize", {{"height", std::to_string(rows)}, {"width", std::to_string(columns)}});
}

asio::awaitable<std::vector<std::string>> Manager::Impl::prune(Filters filters) {
  Filters wanted = filters;
  const auto until = parse_until(filters);
  wanted.erase("until");
  for (const auto& [key, values] : wanted)
    if (key != "label" && key != "label!") throw Error(ErrorCode::invalid_argument, fmt::format("invalid filter '{}'", key));
  std::vector<std::string> unwanted_labels;
  if (auto excluded = wanted.extract("label!")) unwanted_labels = excluded.mapped();
  const ContainerFilter filter(wanted, [](const std::string&) { return std::string(); });
  std::vector<ContainerPtr> stopped;
  for (const auto& [id, container] : by_id) {
    const Record& record = container->record;
    const bool at_rest = record.state == State::exited || record.state == State::created || record.state == State::dead;
    const bool too_new = until && record.created.time_since_epoch().count() >= *until;
    const bool spared = too_new || std::any_of(unwanted_labels.begin(), unwanted_labels.end(),
                                               [&](const auto& label) { return label_matches(record.config.labels, label); });
    FilterSubject subject{record, "none", {}, {}};
    if (at_rest && !spared && !container->operations.locked() && filter.matches(subject)) stopped.push_back(container);
  }
  std::vector<std::string> removed;
  for (const auto& container : stopped) {
    try {
      co_await remove(container, false, false);
      removed.push_back(container->record.id);
    } catch (const Error& error) {
      log::info("prune: {}", error.what());  // started or removed meanwhile
    }
  }
  co_return removed;
}

asio::awaitable<void> Manager::Impl::connect(ContainerPtr container, std::string network, api::EndpointSettings settings) {
  const AsyncMutex::Guard guard = co_await container->operations.lock();
  check_present(*container);
  Record& record = container->record;
  const std::string mode = record.host_config.network_mode;
  const std::string name = services.networks.inspect(services.networks.get(network)).name;
  if (name == "host")
    throw Error(ErrorCode::invalid_argument,
                "cannot connect container to host network - container must be created in host network mode");
  if (mode == "host" || !shared_with(mode).empty())
    throw Error(ErrorCode::forbidden,
                "container sharing network namespace with another container or host cannot be connected to any other network");
  if (name == "none" || record.endpoints.contains("none"))
    throw Error(ErrorCode::forbidden,
                "container cannot be connected to multiple networks with one of the networks in private (none) mode");
  check_endpoint(name, settings);
  if (record.endpoints.contains(name))
    throw Error(ErrorCode::forbidden, fmt::format("endpoint with name {} already exists in network {}", record.name, name));
  if (container->run) {
    network::EndpointRequest request = endpoint_request(name, settings);
    network::Connection made = co_await services.networks.connect(record.id, std::move(request));
    co_await tell_of_connection(container, std::move(made));
  }
  record.endpoints[name] = std::move(settings);
  note(container);
}

/// The container's own files, and its shim, hear of a new network. What fails here is no reason to take the interface away.
asio::awaitable<void> Manager::Impl::tell_of_connection(ContainerPtr container, network::Connection made) {
  const Record& record = container->record;
  const std::string directory = dir(*container);
  const std::int64_t started_at = record.started_at ? record.started_at->time_since_epoch().count() : 0;
  const bool has_new_dns = !made.dns.empty();
  try {
    if (has_new_dns) {
      std::vector<runtime::HeldSocket> held;
      for (network::HeldSocket& socket : made.dns) held.push_back(to_runtime(std::move(socket)));
      co_await container->run->shim->hold_sockets(std::move(held));
    }
    auto work = [directory, started_at, has_new_dns, address = made.endpoint.address.to_string(), hosts = hosts_request(record),
                 resolv = resolv_request(record)] {
      add_host(directory + "/hosts", address, hosts);
      if (has_new_dns) use_built_in_dns(directory + "/resolv.conf", resolv, started_at);
    };
    co_await run_in_pool(services.pool, std::move(work));
  } catch (const std::exception& error) {
    log::error("container {}: names of the network {}: {}", record.name, made.endpoint.network_name, error.what());
  }
}

asio::awaitable<void> Manager::Impl::disconnect(ContainerPtr container, std::string network, bool force) {
  const AsyncMutex::Guard guard = co_await container->operations.lock();
  check_present(*container);
  Record& record = container->record;
  const auto id = services.networks.find(network);
  const std::string name = id ? services.networks.inspect(*id).name : network;
  if (!id && !force) throw Error(ErrorCode::not_found, fmt::format("network {} not found", network));
  if (name == "host" && record.endpoints.contains(name))
    throw Error(ErrorCode::forbidden,
                "cannot disconnect container from host network - container was created in host network mode");
  if (!record.endpoints.contains(name))
    throw Error(ErrorCode::internal, fmt::format("container {} is not connected to network {}", record.id, name));
  if (container->run && name != "none") {
    std::string address;
    for (const auto& endpoint : services.networks.endpoints(record.id))
      if (endpoint.network_name == name) address = endpoint.address.to_string();
    co_await services.networks.disconnect(record.id, name);
    auto work = [path = dir(*container) + "/hosts", address] { remove_host(path, address); };
    co_await run_in_pool(services.pool, std::move(work));
  }
  record.endpoints.erase(name);
  note(container);
}

}  // namespace stack::engine::container
