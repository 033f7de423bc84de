#include <nlohmann/json.hpp>

#include "base/units.hpp"
#include "cli/commands.hpp"
#include "cli/container_options/limits.hpp"
#include "cli/each.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

struct UpdateFlags {
  std::string memory, memory_reservation, memory_swap, cpus, restart;
  std::optional<std::string> cpuset_cpus, cpuset_mems;
  std::optional<int> cpu_shares, cpu_period, cpu_quota, cpu_rt_period, cpu_rt_runtime, pids_limit, blkio_weight;
};

void declare(Flags& flags, UpdateFlags& update) {
  flags.value("--blkio-weight", update.blkio_weight, "N", "Share of block I/O, 10 to 1000");
  flags.value("--cpu-period", update.cpu_period, "MICROSECONDS", "Period of the CPU quota");
  flags.value("--cpu-quota", update.cpu_quota, "MICROSECONDS", "CPU time in a period");
  flags.value("--cpu-rt-period", update.cpu_rt_period, "MICROSECONDS", "Period of real-time scheduling");
  flags.value("--cpu-rt-runtime", update.cpu_rt_runtime, "MICROSECONDS", "Real-time CPU time in a period");
  flags.value("-c,--cpu-shares", update.cpu_shares, "N", "Weight among others that want the CPU");
  flags.value("--cpus", update.cpus, "N", "At most this many CPUs: 0.5");
  flags.value("--cpuset-cpus", update.cpuset_cpus, "LIST", "The CPUs it may run on: 0-3,7");
  flags.value("--cpuset-mems", update.cpuset_mems, "LIST", "The memory nodes it may use");
  flags.value("-m,--memory", update.memory, "SIZE", "At most this much memory: 512m");
  flags.value("--memory-reservation", update.memory_reservation, "SIZE", "What it keeps when memory is short");
  flags.value("--memory-swap", update.memory_swap, "SIZE", "Memory and swap together; -1: any swap");
  flags.value("--pids-limit", update.pids_limit, "N", "At most this many processes; -1: any number");
  flags.value("--restart", update.restart, "POLICY", "When it is started again: no, always, unless-stopped, on-failure[:N]");
}

/// Only what was given: the rest stays as it is.
nlohmann::json body_of(const UpdateFlags& update) {
  api::ContainerUpdateRequest request;
  const auto size = [](const char* flag, const std::string& text, std::optional<std::int64_t>& field) {
    if (!text.empty()) field = container_options::size_of(flag, text);
  };
  size("--memory", update.memory, request.memory);
  size("--memory-reservation", update.memory_reservation, request.memory_reservation);
  size("--memory-swap", update.memory_swap, request.memory_swap);
  if (!update.cpus.empty()) request.nano_cpus = parse_nano_cpus(update.cpus);
  if (!update.restart.empty()) request.restart_policy = container_options::parse_restart_policy(update.restart);
  request.cpuset_cpus = update.cpuset_cpus;
  request.cpuset_mems = update.cpuset_mems;
  if (update.cpu_shares) request.cpu_shares = *update.cpu_shares;
  if (update.cpu_period) request.cpu_period = *update.cpu_period;
  if (update.cpu_quota) request.cpu_quota = *update.cpu_quota;
  if (update.pids_limit) request.pids_limit = *update.pids_limit;
  nlohmann::json body = request;
  if (update.blkio_weight) body["BlkioWeight"] = *update.blkio_weight;
  if (update.cpu_rt_period) body["CpuRealtimePeriod"] = *update.cpu_rt_period;
  if (update.cpu_rt_runtime) body["CpuRealtimeRuntime"] = *update.cpu_rt_runtime;
  return body;
}

asio::awaitable<std::string> update_one(api::Client& client, std::string name, nlohmann::json body) {
  const std::vector<std::string> warnings = co_await client.update_container(name, std::move(body));
  for (const std::string& warning : warnings) write_all(2, warning + "\n");
  co_return name_line(name);
}

}  // namespace

int container_update(const Invocation& invocation) {
  UpdateFlags update;
  std::vector<std::string> names;
  Flags flags("container update [OPTIONS] CONTAINER...", "Change the limits and the restart policy of containers.");
  declare(flags, update);
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  const nlohmann::json body = body_of(update);
  if (body.empty()) throw UsageError("you must provide one or more flags when using this command");
  Session session(invocation.global);
  return do_each(session, names, [&](const std::string& name) { return update_one(session.client(), name, body); });
}

}  // namespace stack::cli
