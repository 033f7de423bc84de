// exec: a further process in a running container.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/runtime/cgroup.hpp"
#include "engine/runtime/init.hpp"
#include "engine/runtime/namespaces.hpp"
#include "engine/runtime/scheduling.hpp"
#include "engine/runtime/syscalls.hpp"
#include "engine/runtime/user_namespace.hpp"
#include "engine/shim/clone.hpp"
#include "engine/shim/oci/bundle.hpp"
#include "engine/shim/oci/check.hpp"
#include "engine/shim/oci/commands.hpp"
#include "engine/shim/oci/console.hpp"
#include "engine/shim/oci/container.hpp"

namespace stack::engine::shim::oci {

namespace {

using runtime::Process;
using runtime::Spec;

constexpr std::array exec_flags{Flag{"console-socket", 0, true},
                                Flag{"pidfd-socket", 0, true},
                                Flag{"cwd", 0, true},
                                Flag{"env", 'e', true},
                                Flag{"tty", 't', false},
                                Flag{"user", 'u', true},
                                Flag{"additional-gids", 'g', true},
                                Flag{"process", 'p', true},
                                Flag{"detach", 'd', false},
                                Flag{"pid-file", 0, true},
                                Flag{"process-label", 0, true},
                                Flag{"apparmor", 0, true},
                                Flag{"no-new-privs", 0, false},
                                Flag{"cap", 'c', true},
                                Flag{"preserve-fds", 0, true},
                                Flag{"cgroup", 0, true},
                                Flag{"ignore-paused", 0, false}};

std::uint32_t parse_id(const std::string& text) {
  const std::int64_t id = parse_number(text, "a user or group id");
  if (id < 0 || id > UINT32_MAX) throw Error(ErrorCode::invalid_argument, "id " + text + " is out of range");
  return static_cast<std::uint32_t>(id);
}

void add_capability(std::vector<std::string>& set, const std::string& name) {
  if (std::find(set.begin(), set.end(), name) == set.end()) set.push_back(name);
}

/// The container's own process, changed by the flags; or the file of --process.
Process wanted_process(const Spec& spec, const Arguments& arguments) {
  if (arguments.has("process")) {
    const std::string path = arguments.get("process");
    const std::string text = runtime::sys::read_file(AT_FDCWD, path.c_str(), std::size_t{64} << 20);
    const nlohmann::json object = nlohmann::json::parse(text, nullptr, false);
    if (!object.is_object()) throw Error(ErrorCode::invalid_argument, path + " is not a process in JSON");
    return runtime::process_from_json(object);
  }
  Process process = spec.process;
  process.args = arguments.words;
  process.args.erase(process.args.begin());
  process.terminal = arguments.has("tty");
  process.cwd = arguments.get("cwd", process.cwd);
  for (const std::string& variable : arguments.all("env")) process.env.push_back(variable);
  if (const std::string user = arguments.get("user"); !user.empty()) {
    const std::size_t colon = user.find(':');
    process.user.uid = parse_id(user.substr(0, colon));
    if (colon != std::string::npos) process.user.gid = parse_id(user.substr(colon + 1));
  }
  for (const std::string& gid : arguments.all("additional-gids")) process.user.additional_gids.push_back(parse_id(gid));
  if (arguments.has("apparmor")) process.apparmor_profile = arguments.get("apparmor");
  if (arguments.has("no-new-privs")) process.no_new_privileges = true;
  for (const std::string& name : arguments.all("cap")) {
    runtime::Capabilities& sets = process.capabilities;
    for (auto* set : {&sets.bounding, &sets.effective, &sets.permitted}) add_capability(*set, name);
  }
  return process;
}

bool same_namespace(pid_t pid, const char* name) {
  struct stat ours {};
  struct stat theirs {};
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/" + name;
  const std::string own = std::string("/proc/self/ns/") + name;
  if (::stat(own.c_str(), &ours) != 0) return true;  // the kernel has no such namespaces
  return ::stat(path.c_str(), &theirs) == 0 && ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

void check_state(const StateRoot& root, const Record& record, const Arguments& arguments) {
  const Status status = status_of(root, record);
  if (status == Status::stopped || status == Status::creating)
    throw Error(ErrorCode::conflict, "cannot exec in a stopped container");
  if (status == Status::paused && !arguments.has("ignore-paused"))
    throw Error(ErrorCode::conflict, "cannot exec in a paused container (use --ignore-paused to override)");
}

struct Started {
  Cloned process;
  runtime::SyncResult sync;
};

/// --cgroup names a group below the container's.
std::string group_of(const Record& record, const Arguments& arguments) {
  std::string path = cgroup_of(record);
  std::string below = arguments.get("cgroup");
  if (const auto colon = below.find(':'); colon != std::string::npos) below = below.substr(colon + 1);  // one controller's
  if (below.find("..") != std::string::npos) throw Error(ErrorCode::invalid_argument, "--cgroup " + below + " leads outside");
  while (!below.empty() && below.front() == '/') below.erase(0, 1);
  return below.empty() ? path : path + "/" + below;
}

Started start_process(const StateRoot& root, const Record& record, const Spec& spec, const Process& process,
                      const Arguments& arguments) {
  const UniqueFd target = open_process(record);
  UniqueFd root_directory;
  if (!runtime::has_own_mounts(spec))
    root_directory.reset(::open(("/proc/" + std::to_string(record.pid) + "/root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd filter(::open(root.filter(record.id).c_str(), O_RDONLY | O_CLOEXEC));
  runtime::InitConfig init;
  init.spec = &spec;
  init.process = &process;
  init.is_exec = true;
  init.target_pidfd = target.get();
  init.container_root = root_directory.get();
  init.seccomp_flags = filter_flags(spec);
  init.seccomp_fd = filter.get();
  init.stdio = {0, 1, 2};
  init.preserved_fds = static_cast<int>(parse_number(arguments.get("preserve-fds", "0"), "--preserve-fds")) + listen_fds();
  if (!same_namespace(record.pid, "user")) init.join_also |= CLONE_NEWUSER;
  if (!same_namespace(record.pid, "time")) init.join_also |= CLONE_NEWTIME;
  init.in_user_namespace = (init.join_also & CLONE_NEWUSER) != 0;
  const runtime::Cgroup cgroup = runtime::Cgroup::open(group_of(record, arguments), cgroup_mounts_of(record));
  const std::vector<UniqueFd> tasks = cgroup.open_tasks();
  for (const UniqueFd& file : tasks) init.cgroup_tasks.push_back(file.get());
  if (const auto processors = runtime::parse_processors(process.exec_cpus_initial))
    if (::sched_setaffinity(0, sizeof *processors, &*processors) != 0)
      throw errno_error("execCPUAffinity.initial " + process.exec_cpus_initial);
  if (!target || ::setns(target.get(), CLONE_NEWPID) != 0) throw errno_error("container's pid namespace");
  Started started;
  started.process = clone_init(init, 0, cgroup.v2_directory().get());
  if (init.in_user_namespace && process.oom_score_adj)
    runtime::sys::write_file(AT_FDCWD, ("/proc/" + std::to_string(started.process.pid) + "/oom_score_adj").c_str(),
                             std::to_string(*process.oom_score_adj));
  started.sync = runtime::wait_for_init(started.process.sync.get());
  return started;
}

int run_exec(const StateRoot& root, const Arguments& arguments) {
  const Record record = root.load(arguments.words.front());
  check_state(root, record, arguments);
  const Spec spec = spec_of(record);
  const Process process = wanted_process(spec, arguments);
  check_process(process);
  const bool detached = arguments.has("detach");
  const std::string console = arguments.get("console-socket");
  if (process.terminal && detached && console.empty())
    throw Error(ErrorCode::invalid_argument, "cannot allocate tty if the runtime will detach without setting console socket");
  if (!detached) hold_signals();
  Started started = start_process(root, record, spec, process, arguments);
  if (!started.sync.executed) {
    ::waitpid(started.process.pid, nullptr, __WALL);
    throw Error(ErrorCode::invalid_argument, "unable to start container process: " + started.sync.failure.text);
  }
  const UniqueFd terminal(started.sync.terminal_fd);
  if (terminal && !console.empty()) send_over_socket(console, terminal.get(), "/dev/ptmx");
  if (const std::string socket = arguments.get("pidfd-socket"); !socket.empty())
    send_over_socket(socket, started.process.pidfd.get(), "pidfd");
  if (const std::string file = arguments.get("pid-file"); !file.empty()) write_pid_file(file, started.process.pid);
  if (detached) return 0;
  return wait_in_foreground(started.process.pid, console.empty() ? terminal.get() : -1);
}

int exec(const StateRoot& root, const Arguments& arguments) {
  try {
    return run_exec(root, arguments);
  } catch (const Error& error) {
    throw ExecError(error.code(), std::string("exec failed: ") + error.what());
  }
}

}  // namespace

const Command exec_command{
    "exec", "[flags] <container-id> <command> [args]", "execute a process in a container", exec_flags, 1, any_number, exec};

}  // namespace stack::engine::shim::oci
