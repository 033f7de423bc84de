// ps, update, events: what runs in a container and what it may use.
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "base/process.hpp"
#include "base/units.hpp"
#include "engine/runtime/cgroup.hpp"
#include "engine/runtime/syscalls.hpp"
#include "engine/shim/oci/check.hpp"
#include "engine/shim/oci/commands.hpp"
#include "engine/shim/oci/log.hpp"

namespace stack::engine::shim::oci {

namespace {

using nlohmann::json;
using runtime::Resources;

constexpr std::array ps_flags{Flag{"format", 'f', true}};
constexpr std::array update_flags{
    Flag{"resources", 'r', true},        Flag{"blkio-weight", 0, true},  Flag{"cpu-period", 0, true},
    Flag{"cpu-quota", 0, true},          Flag{"cpu-share", 0, true},     Flag{"cpu-burst", 0, true},
    Flag{"cpu-idle", 0, true},           Flag{"cpu-rt-period", 0, true}, Flag{"cpu-rt-runtime", 0, true},
    Flag{"cpuset-cpus", 0, true},        Flag{"cpuset-mems", 0, true},   Flag{"memory", 0, true},
    Flag{"memory-reservation", 0, true}, Flag{"memory-swap", 0, true},   Flag{"pids-limit", 0, true},
    Flag{"l3-cache-schema", 0, true},    Flag{"mem-bw-schema", 0, true}, Flag{"kernel-memory", 0, true},
    Flag{"kernel-memory-tcp", 0, true}};
constexpr std::array events_flags{Flag{"stats", 0, false}, Flag{"interval", 0, true}};

std::string output_of(const std::vector<std::string>& argv) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw errno_error("pipe");
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  SpawnOptions options;
  options.argv = argv;
  options.path = "/bin/ps";
  options.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  options.descriptors = {{write_end.get(), 1}, {2, 2}};
  const Child child = spawn(options);
  write_end.reset();
  std::string text = runtime::sys::read_fd(read_end.get(), std::size_t{64} << 20);
  if (const int status = wait_for(child); !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw Error(ErrorCode::internal, "ps failed: exit status " + std::to_string(WEXITSTATUS(status)));
  return text;
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = line.find_first_not_of(' ', at)) != std::string::npos;) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

/// The lines of ps(1) about the container's processes, under its heading.
void print_matching(const std::string& text, const std::vector<pid_t>& pids) {
  std::optional<std::size_t> column;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    const std::vector<std::string> words = words_of(line);
    at = end + 1;
    if (!column) {
      const auto found = std::find(words.begin(), words.end(), "PID");
      if (found == words.end()) throw Error(ErrorCode::invalid_argument, "couldn't find PID field in ps output");
      column = static_cast<std::size_t>(found - words.begin());
      std::printf("%s\n", line.c_str());
    } else if (*column < words.size()) {
      const std::int64_t pid = parse_number(words[*column], "ps's PID");
      if (std::binary_search(pids.begin(), pids.end(), pid)) std::printf("%s\n", line.c_str());
    }
  }
}

int ps(const StateRoot& root, const Arguments& arguments) {
  const Record record = root.load(arguments.words.front());
  const std::string format = arguments.get("format", "table");
  if (format != "table" && format != "json") throw Error(ErrorCode::invalid_argument, "invalid format option");
  const std::vector<pid_t> pids = open_group(record).processes();
  if (format == "json") {
    std::printf("%s\n", json(pids).dump().c_str());
    return 0;
  }
  std::vector<std::string> argv{"ps"};
  argv.insert(argv.end(), arguments.words.begin() + 1, arguments.words.end());
  if (argv.size() == 1) argv.emplace_back("-ef");
  print_matching(output_of(argv), pids);
  return 0;
}

Resources resources_in(const std::string& file) {
  const std::string text = file == "-" ? runtime::sys::read_fd(0) : runtime::sys::read_file(AT_FDCWD, file.c_str());
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) throw Error(ErrorCode::invalid_argument, file + " holds no resources in JSON");
  const json config{{"linux", {{"resources", object}}}};
  refuse_unsupported(config);
  for (const std::string& sentence : ignored_fields(config)) log_warning(sentence);
  Resources resources = runtime::spec_from_json(config).linux_.resources;
  resources.devices.clear();  // what may be opened is settled at `create`
  return resources;
}

void refuse_schemas(const Arguments& arguments) {
  if (arguments.has("l3-cache-schema"))
    throw Error(ErrorCode::not_implemented, "Intel RDT/CAT: l3 cache schema is not enabled");
  if (arguments.has("mem-bw-schema"))
    throw Error(ErrorCode::not_implemented, "Intel RDT/MBA: memory bandwidth schema is not enabled");
  for (const char* name : {"kernel-memory", "kernel-memory-tcp"})
    if (arguments.has(name)) log_warning(std::string("setting --") + name + " has no effect");
}

Resources resources_from(const Arguments& arguments) {
  refuse_schemas(arguments);
  if (const std::string file = arguments.get("resources"); !file.empty()) return resources_in(file);
  Resources resources;
  const auto number = [&](const char* name, auto& target) {
    using Value = typename std::remove_reference_t<decltype(target)>::value_type;
    if (!arguments.flags.contains(name)) return;
    const std::int64_t value = parse_number(arguments.get(name), name);
    if (std::is_unsigned_v<Value> && (value < 0 || static_cast<std::uint64_t>(value) > std::numeric_limits<Value>::max()))
      throw Error(ErrorCode::invalid_argument, std::string("invalid value for ") + name + ": " + std::to_string(value));
    target = static_cast<Value>(value);
  };
  const auto size = [&](const char* name, std::optional<std::int64_t>& target) {
    if (!arguments.flags.contains(name)) return;
    const std::string text = arguments.get(name);
    target = text == "-1" ? -1 : parse_byte_size(text);
  };
  number("blkio-weight", resources.blkio_weight);
  number("cpu-period", resources.cpu_period);
  number("cpu-quota", resources.cpu_quota);
  number("cpu-share", resources.cpu_shares);
  number("cpu-burst", resources.cpu_burst);
  number("cpu-idle", resources.cpu_idle);
  number("cpu-rt-period", resources.cpu_realtime_period);
  number("cpu-rt-runtime", resources.cpu_realtime_runtime);
  number("pids-limit", resources.pids_limit);
  size("memory", resources.memory_limit);
  size("memory-reservation", resources.memory_reservation);
  size("memory-swap", resources.memory_swap);
  // v1 would keep the old sum, so that memory alone could never be unlimited again
  if (resources.memory_limit == -1 && !resources.memory_swap) resources.memory_swap = -1;
  resources.cpuset_cpus = arguments.get("cpuset-cpus", resources.cpuset_cpus);
  resources.cpuset_mems = arguments.get("cpuset-mems", resources.cpuset_mems);
  return resources;
}

int update(const StateRoot& root, const Arguments& arguments) {
  const Record record = root.load(arguments.words.front());
  if (status_of(root, record) == Status::stopped) throw Error(ErrorCode::conflict, "container not running");
  const Resources resources = resources_from(arguments);
  check_resources(resources, runtime::CgroupMounts::detect().unified());
  open_group(record).update(resources);
  return 0;
}

json stats_of(const Record& record) {
  const runtime::CgroupStats stats = open_group(record).stats();
  json raw = json::object();
  for (const auto& [name, value] : stats.memory_stat) raw[name] = value;
  json block = json::array();
  for (const runtime::BlockIo& io : stats.block_io) {
    block.push_back({{"major", io.major}, {"minor", io.minor}, {"op", "Read"}, {"value", io.read_bytes}});
    block.push_back({{"major", io.major}, {"minor", io.minor}, {"op", "Write"}, {"value", io.write_bytes}});
  }
  json pids{{"current", stats.pids}};
  if (stats.pids_limit != 0) pids["limit"] = stats.pids_limit;
  return {{"cpu",
           {{"usage", {{"total", stats.cpu_total}, {"kernel", stats.cpu_system}, {"user", stats.cpu_user}}},
            {"throttling",
             {{"periods", stats.periods},
              {"throttledPeriods", stats.throttled_periods},
              {"throttledTime", stats.throttled_time}}}}},
          {"memory",
           {{"usage", {{"limit", stats.memory_limit}, {"usage", stats.memory_usage}, {"max", stats.memory_max_usage}}},
            {"raw", raw}}},
          {"pids", pids},
          {"blkio", {{"ioServiceBytesRecursive", block}}}};
}

void print_event(const Record& record, const char* type, const json& data) {
  json event{{"type", type}, {"id", record.id}};
  if (!data.is_null()) event["data"] = data;
  std::printf("%s\n", event.dump().c_str());
  std::fflush(stdout);  // whoever follows reads a pipe
}

/// The descriptor says that something happened: on v1 this, or the end of the group; on v2 any event of its memory.
bool ran_out_of_memory(int watch, std::uint64_t& killed, const runtime::Cgroup& group) {
  char ignored[4096];
  [[maybe_unused]] const ssize_t drained = ::read(watch, ignored, sizeof ignored);
  const std::uint64_t before = std::exchange(killed, group.oom_kills());
  return runtime::CgroupMounts::detect().unified() ? killed > before : group.exists();
}

/// Until the first process ends.
void follow_events(const Record& record, std::chrono::milliseconds interval) {
  const UniqueFd process = open_process(record);
  const runtime::Cgroup group = open_group(record);
  const UniqueFd memory = group.watch_oom();
  std::uint64_t killed = group.oom_kills();
  auto next = std::chrono::steady_clock::now() + interval;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
    pollfd changes[] = {{process.get(), POLLIN, 0}, {memory.get(), POLLIN, 0}};
    const int ready = ::poll(changes, 2, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready < 0 && errno == EINTR) continue;
    if (changes[0].revents != 0) return;
    if (changes[1].revents != 0 && ran_out_of_memory(memory.get(), killed, group)) print_event(record, "oom", nullptr);
    if (std::chrono::steady_clock::now() < next) continue;
    print_event(record, "stats", stats_of(record));
    next += interval;
  }
}

int events(const StateRoot& root, const Arguments& arguments) {
  const Record record = root.load(arguments.words.front());
  const auto interval = std::chrono::ceil<std::chrono::milliseconds>(parse_duration(arguments.get("interval", "5s")));
  if (interval.count() <= 0 || interval.count() > std::numeric_limits<int>::max())
    throw Error(ErrorCode::invalid_argument, "duration interval must be greater than 0");
  if (status_of(root, record) == Status::stopped) throw Error(ErrorCode::conflict, "container not running");
  if (arguments.has("stats"))
    print_event(record, "stats", stats_of(record));
  else
    follow_events(record, interval);
  return 0;
}

}  // namespace

const Command ps_command{
    "ps", "[--format json|table] <container-id> [ps options]", "list the processes in a container", ps_flags, 1, any_number,
    ps};
const Command update_command{"update", "[flags] <container-id>", "change the limits of a container", update_flags, 1, 1,
                             update};
const Command events_command{
    "events", "[--stats] [--interval <time>] <container-id>", "show what a container uses", events_flags, 1, 1, events};

}  // namespace stack::engine::shim::oci
