#include "engine/shim/oci/check.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/runtime/capabilities.hpp"
#include "engine/runtime/mounts.hpp"
#include "engine/runtime/namespaces.hpp"
#include "engine/runtime/scheduling.hpp"

namespace stack::engine::shim::oci {

namespace {

using nlohmann::json;
using runtime::NamespaceType;
using runtime::Spec;

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::invalid_argument, why); }

bool present(const json& config, const char* pointer) {
  const json::json_pointer at(pointer);
  return config.contains(at) && !config[at].empty() && config[at] != "";
}

void refuse_labels(const json& config) {
  const bool selinux = ::access("/sys/fs/selinux/enforce", F_OK) == 0;
  for (const char* pointer : {"/process/selinuxLabel", "/linux/mountLabel"})
    if (present(config, pointer))
      throw Error(ErrorCode::not_implemented, selinux ? "SELinux labels are not supported"
                                                      : "selinux label is specified in config, but selinux is disabled or not "
                                                        "supported");
}

/// Weights of leaves were a matter of the CFQ scheduler, which no kernel has any more.
void refuse_leaf_weights(const json& config) {
  bool found = present(config, "/linux/resources/blockIO/leafWeight");
  const json::json_pointer devices("/linux/resources/blockIO/weightDevice");
  if (config.contains(devices) && config[devices].is_array())
    for (const json& device : config[devices]) found = found || (device.is_object() && device.contains("leafWeight"));
  if (found) throw Error(ErrorCode::not_implemented, "blockIO.leafWeight in config.json is not supported by the kernel");
}

bool has(const Spec& spec, NamespaceType type) { return runtime::find_namespace(spec, type) != nullptr; }

void check_uniqueness(const Spec& spec) {
  const auto& all = spec.linux_.namespaces;
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (all[i].type == all[j].type) refuse("malformed spec file: duplicated ns in linux.namespaces");
}

void check_user_namespace(const Spec& spec) {
  const runtime::Namespace* user = runtime::find_namespace(spec, NamespaceType::user);
  const bool maps = !spec.linux_.uid_mappings.empty() || !spec.linux_.gid_mappings.empty();
  if (maps && user == nullptr) refuse("user namespace mappings specified, but user namespace isn't enabled in the config");
  if (user == nullptr || !user->path.empty()) return;
  if (spec.linux_.uid_mappings.empty()) refuse("user namespaces enabled, but no uid mappings found");
  if (spec.linux_.gid_mappings.empty()) refuse("user namespaces enabled, but no gid mappings found");
}

void check_namespaces(const Spec& spec) {
  check_uniqueness(spec);
  const bool hides = !spec.linux_.masked_paths.empty() || !spec.linux_.readonly_paths.empty();
  if (hides && !has(spec, NamespaceType::mount)) refuse("unable to restrict sys entries without a private MNT namespace");
  if (!has(spec, NamespaceType::uts) && !spec.hostname.empty())
    refuse("unable to set hostname without a private UTS namespace");
  if (!has(spec, NamespaceType::uts) && !spec.domainname.empty())
    refuse("unable to set domainname without a private UTS namespace");
  if (!spec.linux_.time_offsets.empty() && !has(spec, NamespaceType::time))
    refuse("time namespace offsets specified, but time namespace isn't enabled in the config");
  for (const auto& [clock, offset] : spec.linux_.time_offsets)
    if (clock != "monotonic" && clock != "boottime") refuse("linux.timeOffsets: unknown clock \"" + clock + "\"");
  check_user_namespace(spec);
}

bool is_own_network(const std::string& path) {
  struct stat ours {};
  struct stat theirs {};
  if (::stat("/proc/self/ns/net", &ours) != 0 || ::stat(path.c_str(), &theirs) != 0)
    throw errno_error("invalid netns path: " + path);
  return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

/// In the form with dots: in one that starts with a slash-separated component, the two stand for each other.
std::string dotted(std::string key) {
  const auto separator = key.find_first_of("./");
  if (separator == std::string::npos || key[separator] == '.') return key;
  for (char& c : key) c = c == '.' ? '/' : c == '/' ? '.' : c;
  return key;
}

/// Only what belongs to a namespace of the container may be set: the rest is the host's.
void check_sysctl(const Spec& spec, const std::string& written) {
  static constexpr std::array of_ipc{"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
                                     "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};
  const std::string key = dotted(written);
  const std::string named = "sysctl \"" + key + "\" ";
  if (key.starts_with("fs.mqueue.") || std::find(of_ipc.begin(), of_ipc.end(), key) != of_ipc.end()) {
    if (!has(spec, NamespaceType::ipc)) refuse(named + "is not allowed in the hosts ipc namespace");
    return;
  }
  if (key.starts_with("net.")) {
    const runtime::Namespace* network = runtime::find_namespace(spec, NamespaceType::network);
    if (network == nullptr || (!network->path.empty() && is_own_network(network->path)))
      refuse(named + "not allowed in host network namespace");
    return;
  }
  const bool own_names = has(spec, NamespaceType::uts);
  if (own_names && key == "kernel.hostname") refuse(named + "is not allowed as it conflicts with the OCI \"hostname\" field");
  if (!own_names || key != "kernel.domainname") refuse(named + "is not in a separate kernel namespace");
}

void check_scheduler(const runtime::Scheduler& scheduler) {
  const std::string& policy = scheduler.policy;
  constexpr int highest_nice = -20, lowest_nice = 19;
  if (policy.empty()) refuse("scheduler policy is required");
  if ((policy == "SCHED_OTHER" || policy == "SCHED_BATCH") && (scheduler.nice < highest_nice || scheduler.nice > lowest_nice))
    refuse("invalid scheduler.nice: " + std::to_string(scheduler.nice) + " when scheduler.policy is " + policy);
  if (scheduler.priority != 0 && policy != "SCHED_FIFO" && policy != "SCHED_RR")
    refuse("scheduler.priority can only be specified for SchedFIFO or SchedRR policy");
  if (policy != "SCHED_DEADLINE" && (scheduler.runtime != 0 || scheduler.deadline != 0 || scheduler.period != 0))
    refuse("scheduler runtime/deadline/period can only be specified for SchedDeadline policy");
}

void check_io_priority(const runtime::IoPriority& priority) {
  constexpr int lowest = 7;
  if (priority.io_class != "IOPRIO_CLASS_RT" && priority.io_class != "IOPRIO_CLASS_BE" &&
      priority.io_class != "IOPRIO_CLASS_IDLE")
    refuse("invalid ioPriority.Class: \"" + priority.io_class + "\"");
  if (priority.priority < 0 || priority.priority > lowest)
    refuse("invalid ioPriority.Priority: " + std::to_string(priority.priority));
}

void check_mount(const runtime::Mount& mount) {
  const runtime::MountOptions options = runtime::parse_mount_options(mount.options);
  const bool uids = !mount.uid_mappings.empty();
  const bool gids = !mount.gid_mappings.empty();
  if ((options.idmap || uids || gids) && mount.type != "bind" && !options.bind)
    refuse("mount " + mount.destination + ": id-mapped mounts are only supported for bind-mounts");
  if (uids != gids) refuse("mount " + mount.destination + ": id-mapped mounts must have both uid and gid mappings specified");
}

void check_environment(const std::vector<std::string>& environment) {
  for (const std::string& variable : environment) {
    const auto equals = variable.find('=');
    if (equals == std::string::npos) refuse("invalid environment variable: missing '=' in \"" + variable + "\"");
    if (equals == 0) refuse("invalid environment variable: no name in \"" + variable + "\"");
    if (variable.find('\0') != std::string::npos) refuse("invalid environment variable: a zero byte in " + variable);
  }
}

void check_processors(const std::string& field, const std::string& text) {
  if (!text.empty() && !runtime::parse_processors(text)) refuse(field + ": \"" + text + "\" is no list of processors");
}

}  // namespace

void refuse_unsupported(const json& config) {
  static constexpr const char* unsupported[] = {"/solaris",
                                                "/windows",
                                                "/freebsd",
                                                "/vm",
                                                "/zos",
                                                "/linux/intelRdt",
                                                "/linux/netDevices",
                                                "/linux/memoryPolicy",
                                                "/linux/seccomp/listenerPath",
                                                "/linux/seccomp/listenerMetadata"};
  for (const char* pointer : unsupported)
    if (present(config, pointer))
      throw Error(ErrorCode::not_implemented, std::string(pointer + 1) + " in config.json is not supported");
  refuse_labels(config);
  refuse_leaf_weights(config);
}

std::vector<std::string> ignored_fields(const json& config) {
  std::vector<std::string> sentences;
  static constexpr const char* pointers[] = {"/process/commandLine",
                                             "/process/user/username",
                                             "/linux/personality/flags",
                                             "/linux/resources/memory/kernel",
                                             "/linux/resources/memory/kernelTCP",
                                             "/linux/resources/memory/useHierarchy"};
  for (const char* pointer : pointers)
    if (present(config, pointer)) sentences.push_back(std::string(pointer + 1) + " in config.json has no effect");
  static constexpr const char* sets[] = {"bounding", "effective", "permitted", "inheritable", "ambient"};
  for (const char* set : sets) {
    const json::json_pointer at(std::string("/process/capabilities/") + set);
    if (!config.contains(at) || !config[at].is_array()) continue;
    for (const json& name : config[at])
      if (name.is_string() && !runtime::capability_number(name.get<std::string>()))
        sentences.push_back("ignoring unknown capability " + name.get<std::string>() + " in " + set);
  }
  return sentences;
}

void check_spec(const Spec& spec) {
  check_namespaces(spec);
  for (const auto& [key, value] : spec.linux_.sysctl) check_sysctl(spec, key);
  for (const runtime::Mount& mount : spec.mounts) check_mount(mount);
  const std::string& propagation = spec.linux_.rootfs_propagation;
  if (!propagation.empty() && runtime::parse_mount_options({propagation}).propagation == 0)
    refuse("rootfsPropagation=" + propagation + " is not supported");
  const std::string& personality = spec.linux_.personality;
  if (!personality.empty() && personality != "LINUX" && personality != "LINUX32")
    refuse("invalid personality domain " + personality);
}

void check_resources(const runtime::Resources& resources, bool unified) {
  if (!unified) {
    if (!resources.unified.empty()) refuse("linux.resources.unified: cannot use unified on cgroup v1");
    return;
  }
  const auto refuse_if = [](bool asked, const char* what) {
    if (asked) throw Error(ErrorCode::not_implemented, std::string(what) + " in linux.resources is not supported on cgroup v2");
  };
  refuse_if(resources.network_class || !resources.network_priorities.empty(), "network");
  refuse_if(resources.cpu_realtime_runtime || resources.cpu_realtime_period, "cpu.realtimeRuntime");
  refuse_if(resources.memory_swappiness.has_value(), "memory.swappiness");
  refuse_if(resources.oom_kill_disable, "memory.disableOOMKiller");
}

void check_process(const runtime::Process& process) {
  if (process.args.empty()) refuse("process.args must not be empty");
  if (process.cwd.empty() || process.cwd.front() != '/') refuse("process.cwd must be an absolute path");
  check_environment(process.env);
  if (process.scheduler) check_scheduler(*process.scheduler);
  if (process.io_priority) check_io_priority(*process.io_priority);
  check_processors("execCPUAffinity.initial", process.exec_cpus_initial);
  check_processors("execCPUAffinity.final", process.exec_cpus_final);
}

}  // namespace stack::engine::shim::oci
