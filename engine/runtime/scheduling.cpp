#include "engine/runtime/scheduling.hpp"

#include <linux/sched.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

namespace stack::engine::runtime {

namespace {

/// struct sched_attr, whose header does not go with glibc's <sched.h>.
struct SchedulingAttributes {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime, deadline, period;
  std::uint32_t least_utilization, most_utilization;
};

int fail(InitConfig& config, std::string what, int error = errno) {
  config.detail = std::move(what);
  return error == 0 ? EIO : error;
}

/// The number that belongs to a name; -1: none.
template <std::size_t size>
int number_of(const std::pair<const char*, int> (&table)[size], const std::string& name) {
  const auto* const found =
      std::find_if(std::begin(table), std::end(table), [&](const auto& entry) { return name == entry.first; });
  return found == std::end(table) ? -1 : found->second;
}

}  // namespace

int set_io_priority(InitConfig& config) {
  if (!config.process->io_priority) return 0;
  static constexpr std::pair<const char*, int> classes[] = {
      {"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}};
  constexpr int class_shift = 13, of_process = 1, highest = 7;
  const IoPriority& wanted = *config.process->io_priority;
  const int io_class = number_of(classes, wanted.io_class);
  if (io_class < 0 || wanted.priority < 0 || wanted.priority > highest)
    return fail(config, "I/O priority " + wanted.io_class + " " + std::to_string(wanted.priority), EINVAL);
  if (::syscall(SYS_ioprio_set, of_process, 0, io_class << class_shift | wanted.priority) != 0)
    return fail(config, "I/O priority " + wanted.io_class);
  return 0;
}

int set_scheduler(InitConfig& config) {
  if (!config.process->scheduler) return 0;
  static constexpr std::pair<const char*, int> policies[] = {
      {"SCHED_OTHER", SCHED_NORMAL},     {"SCHED_FIFO", SCHED_FIFO}, {"SCHED_RR", SCHED_RR},
      {"SCHED_BATCH", SCHED_BATCH},      {"SCHED_ISO", 4},           {"SCHED_IDLE", SCHED_IDLE},
      {"SCHED_DEADLINE", SCHED_DEADLINE}};
  static constexpr std::pair<const char*, int> flags[] = {
      {"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},  {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
      {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},        {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
      {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},      {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
      {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX}};
  const Scheduler& wanted = *config.process->scheduler;
  const int policy = number_of(policies, wanted.policy);
  if (policy < 0) return fail(config, "invalid scheduler policy: " + wanted.policy, EINVAL);
  SchedulingAttributes attributes{};
  attributes.size = sizeof attributes;
  attributes.policy = static_cast<std::uint32_t>(policy);
  attributes.nice = wanted.nice;
  attributes.priority = static_cast<std::uint32_t>(wanted.priority);
  attributes.runtime = wanted.runtime;
  attributes.deadline = wanted.deadline;
  attributes.period = wanted.period;
  for (const std::string& name : wanted.flags) {
    const int flag = number_of(flags, name);
    if (flag < 0) return fail(config, "invalid scheduler flag: " + name, EINVAL);
    attributes.flags |= static_cast<std::uint64_t>(flag);
  }
  if (::syscall(SYS_sched_setattr, 0, &attributes, 0) != 0) return fail(config, "scheduler " + wanted.policy);
  return 0;
}

int set_personality(InitConfig& config) {
  const std::string wanted = config.spec == nullptr ? std::string() : config.spec->linux_.personality;
  if (wanted.empty()) return 0;
  if (wanted != "LINUX" && wanted != "LINUX32") return fail(config, "invalid personality domain " + wanted, EINVAL);
  if (::personality(wanted == "LINUX32" ? PER_LINUX32 : PER_LINUX) < 0) return fail(config, "personality " + wanted);
  return 0;
}

std::optional<cpu_set_t> parse_processors(std::string_view text) {
  cpu_set_t result;
  CPU_ZERO(&result);
  const auto number = [&text]() -> int {
    int value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value < 0 || value >= CPU_SETSIZE) return -1;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
  };
  while (!text.empty()) {
    text.remove_prefix(std::min(text.find_first_not_of(" ,"), text.size()));
    if (text.empty()) break;
    const int first = number();
    int last = first;
    if (!text.empty() && text.front() == '-') {
      text.remove_prefix(1);
      last = number();
    }
    if (first < 0 || last < first || (!text.empty() && text.front() != ',' && text.front() != ' ')) return std::nullopt;
    for (int processor = first; processor <= last; ++processor) CPU_SET(processor, &result);
  }
  if (CPU_COUNT(&result) == 0) return std::nullopt;
  return result;
}

int set_exec_processors(InitConfig& config) {
  const std::string& wanted = config.process->exec_cpus_final;
  if (wanted.empty()) return 0;
  const std::optional<cpu_set_t> processors = parse_processors(wanted);
  if (!processors) return fail(config, "execCPUAffinity.final " + wanted, EINVAL);
  if (::sched_setaffinity(0, sizeof *processors, &*processors) != 0) return fail(config, "execCPUAffinity.final " + wanted);
  return 0;
}

}  // namespace stack::engine::runtime
