// Limits and the restart policy of a container that exists, and perhaps runs.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "engine/container/manager_impl.hpp"
#include "engine/container/spec.hpp"
#include "engine/runtime/cgroup.hpp"

namespace stack::engine::container {

namespace {

/// What can be changed, of a request; 0, empty and null mean "as it is" everywhere. The rest is accepted and ignored, as in
/// Docker.
api::HostConfig changeable(const api::HostConfig& request) {
  api::HostConfig asked;
  asked.cpu_shares = request.cpu_shares;
  asked.memory = request.memory;
  asked.nano_cpus = request.nano_cpus;
  asked.blkio_weight = request.blkio_weight;
  asked.cpu_period = request.cpu_period;
  asked.cpu_quota = request.cpu_quota;
  asked.cpu_realtime_period = request.cpu_realtime_period;
  asked.cpu_realtime_runtime = request.cpu_realtime_runtime;
  asked.memory_reservation = request.memory_reservation;
  asked.memory_swap = request.memory_swap;
  asked.pids_limit = request.pids_limit;
  asked.cpuset_cpus = request.cpuset_cpus;
  asked.cpuset_mems = request.cpuset_mems;
  asked.restart_policy = request.restart_policy;
  return asked;
}

[[noreturn]] void conflicting(const char* what) { throw Error(ErrorCode::conflict, what); }

void check_against(const api::HostConfig& present, const api::HostConfig& asked) {
  if (present.nano_cpus > 0 && asked.cpu_period > 0)
    conflicting("Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set");
  if (present.nano_cpus > 0 && asked.cpu_quota > 0)
    conflicting("Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set");
  if (present.cpu_period > 0 && asked.nano_cpus > 0)
    conflicting("Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set");
  if (present.cpu_quota > 0 && asked.nano_cpus > 0)
    conflicting("Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set");
  if (asked.memory > present.memory_swap && asked.memory_swap == 0 && asked.memory != 0)
    conflicting("Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time");
}

template <class T>
void take(T& to, const T& from) {
  if (from != T{}) to = from;
}

void merge_limits(api::HostConfig& host, const api::HostConfig& asked) {
  take(host.cpu_shares, asked.cpu_shares);
  take(host.blkio_weight, asked.blkio_weight);
  take(host.memory, asked.memory);
  take(host.nano_cpus, asked.nano_cpus);
  take(host.cpu_period, asked.cpu_period);
  take(host.cpu_quota, asked.cpu_quota);
  take(host.cpu_realtime_period, asked.cpu_realtime_period);
  take(host.cpu_realtime_runtime, asked.cpu_realtime_runtime);
  take(host.memory_reservation, asked.memory_reservation);
  take(host.memory_swap, asked.memory_swap);
  take(host.cpuset_cpus, asked.cpuset_cpus);
  take(host.cpuset_mems, asked.cpuset_mems);
  if (asked.pids_limit) host.pids_limit = std::max<std::int64_t>(*asked.pids_limit, 0);
}

/// What the kernel has to be told: memory and swap only together, and so period and quota.
runtime::Resources changed_resources(const api::HostConfig& merged, api::HostConfig asked) {
  if (asked.memory != 0 || asked.memory_swap != 0) {
    asked.memory = merged.memory;
    asked.memory_swap = merged.memory_swap;
  }
  if (asked.nano_cpus != 0 || asked.cpu_period != 0 || asked.cpu_quota != 0) {
    asked.nano_cpus = merged.nano_cpus;
    asked.cpu_period = merged.cpu_period;
    asked.cpu_quota = merged.cpu_quota;
  }
  return limits_of(asked);
}

void check_policy(const api::HostConfig& present, const api::RestartPolicy& policy) {
  if (present.auto_remove && !policy.name.empty() && policy.name != "no")
    throw Error(ErrorCode::conflict, "Restart policy cannot be updated because AutoRemove is enabled for the container");
}

}  // namespace

asio::awaitable<std::vector<std::string>> Manager::Impl::update(ContainerPtr container, api::HostConfig request) {
  std::vector<std::string> warnings = check_resources(request, services.host);
  const api::HostConfig asked = changeable(request);
  const bool has_policy = !asked.restart_policy.name.empty();
  const AsyncMutex::Guard guard = co_await container->operations.lock();
  Record& record = container->record;
  if (container->removed || record.state == State::removing || record.state == State::dead)
    throw Error(ErrorCode::conflict,
                fmt::format("Cannot update container {}: container is marked for removal and cannot be \"update\"", record.id));
  api::HostConfig merged = record.host_config;
  if (has_policy) check_restart_policy(asked.restart_policy);
  try {
    check_against(merged, asked);
    check_policy(merged, asked.restart_policy);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("Cannot update container {}: {}", record.id, error.what()));
  }
  merge_limits(merged, asked);
  if (has_policy) merged.restart_policy = asked.restart_policy;
  if (container->run && !container->run->ending.is_set()) {
    auto work = [path = cgroup(record), changed = changed_resources(merged, asked)] {
      runtime::Cgroup::open(path).update(changed);
    };
    co_await run_in_pool(services.pool, std::move(work));
  }
  record.host_config = std::move(merged);
  save(container);
  publish(*container, "update");
  co_return warnings;
}

}  // namespace stack::engine::container
