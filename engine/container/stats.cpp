#include "engine/container/stats.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <sstream>

#include "engine/container/manager_impl.hpp"
#include "engine/state/async.hpp"

namespace stack::engine::container {

namespace {

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::uint64_t parse_cpu_time(std::string_view proc_stat, std::uint64_t ticks) {
  std::istringstream line{std::string(proc_stat.substr(0, proc_stat.find('\n')))};
  std::string name;
  line >> name;
  // user nice system idle iowait irq softirq: what follows (steal, guest) is contained in these or is no time of this host
  constexpr int counted = 7;
  std::uint64_t total = 0;
  std::uint64_t value = 0;
  for (int i = 0; i < counted && line >> value; ++i) total += value;
  return name == "cpu" && ticks > 0 ? total * (1'000'000'000 / ticks) : 0;
}

HostCounters read_host_counters() {
  HostCounters host;
  host.cpu_time = parse_cpu_time(read_all("/proc/stat"), static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
  host.online_cpus = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  host.memory = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return host;
}

std::map<std::string, api::NetworkStats> parse_net_dev(std::string_view text) {
  std::map<std::string, api::NetworkStats> interfaces;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;  // the two lines of titles
    const std::size_t begin = line.find_first_not_of(' ');
    const std::string name = line.substr(begin, colon - begin);
    std::istringstream numbers(line.substr(colon + 1));
    std::array<std::uint64_t, 16> values{};  // eight received, eight sent: bytes packets errs drop …
    std::size_t count = 0;
    while (count < values.size() && numbers >> values[count]) ++count;
    if (count < values.size() || name == "lo") continue;
    interfaces[name] = {.rx_bytes = values[0],
                        .rx_packets = values[1],
                        .rx_errors = values[2],
                        .rx_dropped = values[3],
                        .tx_bytes = values[8],
                        .tx_packets = values[9],
                        .tx_errors = values[10],
                        .tx_dropped = values[11]};
  }
  return interfaces;
}

api::ContainerStats make_stats(const runtime::CgroupStats& group, const HostCounters& host) {
  api::ContainerStats stats;
  stats.cpu = {.total = group.cpu_total,
               .kernel = group.cpu_system,
               .user = group.cpu_user,
               .system = host.cpu_time,
               .online_cpus = host.online_cpus,
               .periods = group.periods,
               .throttled_periods = group.throttled_periods,
               .throttled_time = group.throttled_time};
  stats.memory.usage = group.memory_usage;
  stats.memory.max_usage = group.memory_max_usage;
  stats.memory.limit = std::min(group.memory_limit, host.memory);
  stats.memory.stats.insert(group.memory_stat.begin(), group.memory_stat.end());
  for (const runtime::BlockIo& device : group.block_io) {
    stats.block_io.push_back({.major = device.major, .minor = device.minor, .op = "read", .value = device.read_bytes});
    stats.block_io.push_back({.major = device.major, .minor = device.minor, .op = "write", .value = device.write_bytes});
  }
  stats.pids = group.pids;
  stats.pids_limit = group.pids_limit;
  return stats;
}

api::ContainerStats read_stats(const std::string& cgroup, pid_t pid) {
  api::ContainerStats stats = make_stats(runtime::Cgroup::open(cgroup).stats(), read_host_counters());
  if (pid > 0) stats.networks = parse_net_dev(read_all(fmt::format("/proc/{}/net/dev", pid)));
  stats.read = now();
  return stats;
}

asio::awaitable<api::ContainerStats> Manager::Impl::stats(ContainerPtr container) {
  const Record& record = container->record;
  api::ContainerStats result;
  if (container->run && !container->run->ending.is_set()) {
    // The interfaces of another's network namespace are counted there.
    const std::string& mode = record.host_config.network_mode;
    const pid_t pid = mode == "host" || mode.starts_with("container:") ? 0 : record.pid;
    auto work = [path = cgroup(record), pid] { return read_stats(path, pid); };
    result = co_await run_in_pool(services.pool, std::move(work));
  }
  result.name = "/" + record.name;
  result.id = record.id;
  co_return result;
}

}  // namespace stack::engine::container
