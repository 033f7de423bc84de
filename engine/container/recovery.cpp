// After an engine restart: what runs is taken over again, what a crash cut off is finished or undone, what nobody owns is
// removed.
#include <fcntl.h>
#include <fmt/format.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/safe_path.hpp"
#include "engine/container/launch_plan.hpp"
#include "engine/container/manager_impl.hpp"
#include "engine/runtime/cgroup.hpp"

namespace stack::engine::container {

using namespace std::chrono_literals;

namespace {

using asio::experimental::awaitable_operators::operator||;

constexpr std::chrono::seconds end_patience{10};
constexpr std::chrono::seconds connect_patience{3};
constexpr int unknown_exit_code = 255;

std::vector<std::string> entries(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error))
    names.push_back(entry.path().filename().string());
  return names;
}

/// How a container ended whose shim is gone: from the file the shim wrote, where it could.
shim::State read_exit(const std::string& container_dir) {
  shim::State state;
  state.exited = 1;
  state.exit_code = unknown_exit_code;
  state.finished_at = now().time_since_epoch().count();
  std::ifstream file(container_dir + "/exit.json");
  const nlohmann::json exit = nlohmann::json::parse(file, nullptr, false);
  if (!exit.is_object()) return state;
  try {
    state.exit_code = exit.at("exit_code").get<int>();
    state.oom_killed = exit.value("oom_killed", false) ? 1 : 0;
    const auto& finished = exit.at("finished_at");
    if (finished.is_number_integer())
      state.finished_at = finished.get<std::int64_t>();
    else if (const auto time = api::parse_timestamp(finished.get<std::string>()))
      state.finished_at = time->time_since_epoch().count();
  } catch (const std::exception& error) {
    log::warning("{}/exit.json: {}", container_dir, error.what());
  }
  return state;
}

/// A failure is a result here: of two that race, the one that throws would let the other run on.
struct Connected {
  std::shared_ptr<runtime::ShimClient> client;
  std::exception_ptr failure;
};

asio::awaitable<Connected> try_connect(std::string socket_path) {
  Connected result;
  try {
    result.client = co_await runtime::ShimClient::connect(std::move(socket_path));
  } catch (...) {
    result.failure = std::current_exception();
  }
  co_return result;
}

/// A monitor that was stopped or hangs must not keep the engine from starting.
asio::awaitable<std::shared_ptr<runtime::ShimClient>> connect_bounded(std::string socket_path) {
  auto either = co_await (try_connect(std::move(socket_path)) || sleep_for(connect_patience));
  if (either.index() == 1) throw Error(ErrorCode::unavailable, "it does not answer");
  Connected connected = std::get<0>(std::move(either));
  if (connected.failure) std::rethrow_exception(connected.failure);
  co_return std::move(connected.client);
}

bool has_own_network(const Record& record) {
  return record.host_config.network_mode != "host" && shared_with(record.host_config.network_mode).empty();
}

}  // namespace

asio::awaitable<Restored> Manager::Impl::find_running() {
  Restored restored;
  for (const auto& id : entries(services.paths.shims())) {
    try {
      const auto client = co_await connect_bounded(services.paths.shim_dir(id) + "/shim.sock");
      const auto container = by_id.find(id);
      if (container != by_id.end() && has_own_network(container->second->record)) {
        network::RunningContainer running;
        running.container_id = id;
        const std::string netns = fmt::format("/proc/{}/ns/net", client->state_at_hello().shim_pid);
        running.netns.reset(::open(netns.c_str(), O_RDONLY | O_CLOEXEC));
        auto sockets = co_await client->take_sockets();
        for (auto& socket : sockets) running.sockets.push_back(to_network(std::move(socket)));
        restored.running.push_back(std::move(running));
      }
      found_shims[id] = client;
    } catch (const std::exception& error) {
      log::warning("shim of {}: {}", id, error.what());
      remove_tree(services.paths.shim_dir(id));
    }
  }
  co_return restored;
}

asio::awaitable<void> Manager::Impl::restore(bool rebooted) {
  std::vector<ContainerPtr> containers;
  for (const auto& [id, container] : by_id) containers.push_back(container);
  for (const auto& container : containers) {
    try {
      co_await settle(container, rebooted);
    } catch (const std::exception& error) {
      log::error("recovery of container {}: {}", container->record.id, error.what());
    }
  }
  co_await end_unowned_shims();
  remove_unowned_files();
  services.volumes.unmount_unused();
}

asio::awaitable<void> Manager::Impl::settle(ContainerPtr container, bool rebooted) {
  Record& record = container->record;
  std::shared_ptr<runtime::ShimClient> client;
  if (const auto found = found_shims.find(record.id); found != found_shims.end()) client = found->second;

  if (record.intent == Intent::create) {
    log::info("container {}: its creation was cut off and is undone", record.id);
    co_await remove_locked(container, true);
    co_return;
  }
  if (record.intent == Intent::remove || record.intent == Intent::remove_with_volumes) {
    log::info("container {}: its removal was cut off and is finished", record.id);
    co_await remove_locked(container, record.intent == Intent::remove_with_volumes);
    co_return;
  }
  const bool was_active = is_active(record.state);
  if (client && (was_active || record.intent == Intent::start)) {
    found_shims.erase(record.id);
    const shim::State& state = client->state_at_hello();
    auto run = std::make_shared<Run>(executor);
    run->socket_path = services.paths.shim_dir(record.id) + "/shim.sock";
    run->shim = client;
    container->run = run;
    record.intent = Intent::none;
    record.pid = state.container_pid;
    record.started_at = api::Timestamp(std::chrono::nanoseconds(state.started_at));
    run->began -= std::chrono::duration_cast<std::chrono::steady_clock::duration>(now() - *record.started_at);
    if (record.state != State::paused) record.state = State::running;
    note(container);
    for (const auto& mount : record.mounts)
      if (mount.type == "volume") services.volumes.adopt(mount.name, record.id);
    begin_health(container, run, true);
    co_await follow(container, run);
    co_return;
  }
  const bool start_cut_off = record.intent == Intent::start;
  record.intent = Intent::none;
  record.pid = 0;
  if (start_cut_off || was_active) co_await services.networks.detach(record.id);
  std::optional<std::chrono::milliseconds> delay;
  if (was_active) {
    const bool waiting = record.state == State::restarting;
    if (!waiting) {
      const shim::State end = read_exit(dir(*container));
      record.exit_code = end.exit_code;
      record.oom_killed = end.oom_killed != 0;
      record.finished_at = api::Timestamp(std::chrono::nanoseconds(end.finished_at));
      const auto ran = record.started_at ? *record.finished_at - *record.started_at : std::chrono::nanoseconds{0};
      delay = container->backoff.next(record.host_config.restart_policy,
                                      {record.exit_code, ran, record.manually_stopped, record.restart_count});
      if (delay) ++record.restart_count;
    } else {
      delay = 0ms;
    }
    record.state = delay ? State::restarting : State::exited;
  }
  if (rebooted && record.started_at &&
      starts_with_engine(record.host_config.restart_policy, was_active, record.manually_stopped, record.exit_code)) {
    record.state = State::restarting;
    record.manually_stopped = false;
    delay = 0ms;
  }
  note(container);
  if (delay)
    restart_later(container, *delay);
  else if (was_active && record.host_config.auto_remove)
    co_await remove_locked(container, true);
}

asio::awaitable<void> Manager::Impl::end_shim(std::shared_ptr<runtime::ShimClient> client) {
  auto exited = std::make_shared<Signal>(executor);
  if (!client->state_at_hello().exited) {
    try {
      co_await client->kill(SIGKILL);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::conflict) throw;
    }
    runtime::ShimClient::Handlers handlers;
    handlers.on_exit = [exited](const shim::State&) { exited->set(); };
    handlers.on_closed = [exited] { exited->set(); };
    co_await client->subscribe(false, std::move(handlers));
    co_await exited->wait_for(end_patience);
  }
  co_await client->release();
  client->close();
}

asio::awaitable<void> Manager::Impl::end_unowned_shims() {
  for (const auto& [id, client] : found_shims) {
    log::info("shim of {}: no container owns it, it is ended", id);
    try {
      co_await end_shim(client);
    } catch (const std::exception& error) {
      log::warning("shim of {}: {}", id, error.what());
    }
  }
  found_shims.clear();
  std::vector<std::string> unowned;
  for (const auto& name : runtime::child_cgroups(services.paths.cgroup_parent())) {
    const auto container = by_id.find(name);
    if (container == by_id.end() || !container->second->run) unowned.push_back(services.paths.cgroup_parent() + "/" + name);
  }
  for (const auto& [id, container] : by_id)  // those elsewhere are known by their records only
    if (!container->record.host_config.cgroup_parent.empty() && !container->run) unowned.push_back(cgroup(container->record));
  auto clean = [unowned = std::move(unowned), parent = services.paths.cgroup_parent()] {
    for (const auto& path : unowned) {
      const runtime::Cgroup group = runtime::Cgroup::open(path);
      group.kill_all();
      group.remove();
    }
    runtime::Cgroup::open(parent).remove_if_empty();
  };
  co_await run_in_pool(services.pool, std::move(clean));
}

void Manager::Impl::remove_unowned_files() {
  std::vector<std::string> ids;
  for (const auto& [id, container] : by_id) ids.push_back(id);
  services.images.remove_snapshots_except(ids);
  for (const auto& id : entries(services.paths.containers()))
    if (!by_id.contains(id)) services.images.discard(services.paths.container_dir(id));
}

asio::awaitable<void> Manager::Impl::farewell() {
  std::vector<std::shared_ptr<runtime::ShimClient>> shims;
  for (const auto& [id, container] : by_id)
    if (container->run) shims.push_back(container->run->shim);
  for (const auto& shim : shims) {
    try {
      co_await shim->farewell();
    } catch (const std::exception& error) {
      log::warning("farewell to a shim: {}", error.what());
    }
  }
}

}  // namespace stack::engine::container
