#include "engine/runtime/init.hpp"

#include <grp.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstring>
#include <exception>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "engine/runtime/capabilities.hpp"
#include "engine/runtime/hooks.hpp"
#include "engine/runtime/mounts.hpp"
#include "engine/runtime/namespaces.hpp"
#include "engine/runtime/program.hpp"
#include "engine/runtime/rootfs.hpp"
#include "engine/runtime/scheduling.hpp"
#include "engine/runtime/syscalls.hpp"
#include "engine/runtime/terminal.hpp"

namespace stack::engine::runtime {

namespace {

int fail(InitConfig& config, std::string what, int error = errno) {
  config.detail = std::move(what);
  return error == 0 ? EIO : error;
}

int start_session(InitConfig& config) {
  // processes of a container we join must not look into us (/proc/PID/fd, ptrace) while we are half way
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail(config, "dumpable");
  if (::setsid() < 0 && errno != EPERM) return fail(config, "setsid");
  ::umask(0);
  return 0;
}

int join_session_keyring(InitConfig& config) {
  if (config.keyring.empty()) return 0;
  // a kernel without keyrings, or a filter around us, has nothing to share either
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, config.keyring.c_str()) < 0 && errno != ENOSYS && errno != EPERM)
    return fail(config, "session keyring");
  return 0;
}

/// Hooks of the runtime's and the container's namespaces: everything is mounted, and the host's root is still there.
int run_create_hooks(InitConfig& config) {
  if (config.parent_runs_hooks) {
    send_descriptor(config.sync_fd, 'H', -1);
    if (const int error = wait_for_go(config.sync_fd)) return fail(config, "hooks", error);
  }
  const std::vector<Hook>& hooks = config.spec->hooks.create_container;
  if (hooks.empty() || !config.state_json) return 0;
  const std::string failure = run_hooks(hooks, "createContainer", config.state_json(::getpid(), "creating"));
  return failure.empty() ? 0 : fail(config, failure, ECANCELED);
}

/// A variable that is set twice has its last value, whichever a program would take.
std::vector<std::string> last_of_each(const std::vector<std::string>& environment) {
  std::vector<std::string> result;
  for (auto variable = environment.rbegin(); variable != environment.rend(); ++variable) {
    const std::string name = variable->substr(0, variable->find('=')) + "=";
    const auto same = [&](const std::string& other) { return other.starts_with(name); };
    if (std::none_of(result.begin(), result.end(), same)) result.push_back(*variable);
  }
  std::reverse(result.begin(), result.end());
  return result;
}

int resolve_process_user(InitConfig& config) {
  const User& user = config.process->user;
  if (!user.name.empty() || !user.additional_group_names.empty()) {
    std::string name = user.name;
    if (name.empty()) name = std::to_string(user.uid) + ":" + std::to_string(user.gid);
    try {
      config.user = resolve_user_in("/", name, user.additional_group_names);
    } catch (const Error& error) {
      return fail(config, error.what(), EINVAL);
    }
  } else {
    config.user = resolve_user_in("/", std::to_string(user.uid), {});  // for HOME
    config.user.uid = user.uid;
    config.user.gid = user.gid;
    config.user.additional_gids = {user.gid};
  }
  auto& gids = config.user.additional_gids;
  for (const std::uint32_t gid : user.additional_gids)
    if (std::find(gids.begin(), gids.end(), gid) == gids.end()) gids.push_back(gid);
  config.environment = last_of_each(config.process->env);
  const bool has_home = std::any_of(config.environment.begin(), config.environment.end(),
                                    [](const std::string& variable) { return variable.starts_with("HOME="); });
  if (!has_home) config.environment.push_back("HOME=" + config.user.home);
  return 0;
}

/// For exec it is a mistake of the command line, with the status of a command that is not there, as Docker has it.
int no_working_directory(InitConfig& config, int error) {
  std::string text = "chdir to cwd (\"" + config.process->cwd + "\") set in config.json failed";
  if (config.is_exec && (error == ENOENT || error == ENOTDIR || error == EACCES)) {
    config.exit_code = error == EACCES ? 126 : 127;
    text += ": " + describe_exec_error(error);
  }
  return fail(config, std::move(text), error);
}

int make_working_directory(InitConfig& config) {
  const std::string& cwd = config.process->cwd;
  if (cwd.empty() || cwd.front() != '/') return fail(config, "working directory \"" + cwd + "\" is not absolute", EINVAL);
  const UniqueFd existing(sys::openat2(AT_FDCWD, cwd.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE_NO_MAGICLINKS));
  if (existing) return 0;
  if (errno != ENOENT || config.is_exec) return no_working_directory(config, errno);
  const UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd made(open_or_make_in_root(root.get(), cwd, true));
  if (!made) return fail(config, "mkdir " + cwd);
  return 0;
}

int set_rlimits(InitConfig& config) {
  static constexpr std::pair<const char*, __rlimit_resource> table[] = {
      {"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_CPU", RLIMIT_CPU},
      {"RLIMIT_DATA", RLIMIT_DATA},       {"RLIMIT_FSIZE", RLIMIT_FSIZE},       {"RLIMIT_LOCKS", RLIMIT_LOCKS},
      {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK}, {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},
      {"RLIMIT_NOFILE", RLIMIT_NOFILE},   {"RLIMIT_NPROC", RLIMIT_NPROC},       {"RLIMIT_RSS", RLIMIT_RSS},
      {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},   {"RLIMIT_RTTIME", RLIMIT_RTTIME},     {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
      {"RLIMIT_STACK", RLIMIT_STACK}};
  for (const Rlimit& limit : config.process->rlimits) {
    const auto known =
        std::find_if(std::begin(table), std::end(table), [&](const auto& entry) { return limit.type == entry.first; });
    if (known == std::end(table)) return fail(config, "wrong rlimit value: " + limit.type, EINVAL);
    const rlimit value{limit.soft, limit.hard};
    if (::setrlimit(known->second, &value) != 0) return fail(config, "setting " + limit.type);
  }
  return 0;
}

int set_oom_score(InitConfig& config) {
  if (!config.process->oom_score_adj || config.in_user_namespace) return 0;  // there, the parent has to do it
  const int value = *config.process->oom_score_adj;
  const int error = sys::write_file(AT_FDCWD, "/proc/self/oom_score_adj", std::to_string(value));
  // 0 is what nobody asked for: where it is below ours and we may not lower that, ours has to do
  if (error == EACCES && value == 0) return 0;
  return error == 0 ? 0 : fail(config, "oom_score_adj", error);
}

int set_stdio(InitConfig& config) {
  for (int target = 0; target < 3; ++target) {
    const int source = config.stdio[static_cast<std::size_t>(target)];
    if (source < 0) return fail(config, "standard streams", EBADF);
    if (::dup2(source, target) < 0) return fail(config, "standard streams");
    struct stat info {};
    // so that a user who is not root can open /dev/stdout again; a terminal has its owner, /dev/null stays as it is
    if (::fstat(target, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode)) && info.st_uid != config.user.uid) {
      [[maybe_unused]] const int ignored = ::fchown(target, config.user.uid, static_cast<gid_t>(-1));
    }
  }
  return 0;
}

int open_process_terminal(InitConfig& config) {
  if (!config.process->terminal) return 0;
  Terminal terminal;
  if (const int error =
          make_terminal(config.process->console_rows, config.process->console_columns, config.user.uid, terminal)) {
    return fail(config, "terminal", error);
  }
  send_descriptor(config.sync_fd, 'T', terminal.master);
  ::close(terminal.master);
  if (!config.is_exec) {
    if (const int error = bind_console(terminal.slave)) return fail(config, "/dev/console", error);
  }
  if (const int error = make_controlling(terminal.slave)) return fail(config, "controlling terminal", error);
  config.stdio = {terminal.slave, terminal.slave, terminal.slave};
  return 0;
}

/// The profile that the command gets when it is executed; before no_new_privs, which forbids the change.
int set_apparmor_profile(InitConfig& config) {
  const std::string& profile = config.process->apparmor_profile;
  if (profile.empty()) return 0;
  const std::string request = "exec " + profile;
  if (sys::write_file(AT_FDCWD, "/proc/thread-self/attr/apparmor/exec", request) == 0) return 0;
  if (const int error = sys::write_file(AT_FDCWD, "/proc/thread-self/attr/exec", request))
    return fail(config, "apparmor profile " + profile, error);
  return 0;
}

int set_no_new_privileges(InitConfig& config) {
  if (config.process->no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail(config, "no_new_privs");
  return 0;
}

int load_filter(InitConfig& config) {
  if (config.seccomp_fd < 0) return 0;
  std::string program = sys::read_fd(config.seccomp_fd);
  ::close(config.seccomp_fd);
  config.seccomp_fd = -1;
  struct {
    unsigned short length;
    void* filter;
  } filter{static_cast<unsigned short>(program.size() / 8), program.data()};  // struct sock_fprog
  // TSYNC is for threads (there are none); SPEC_ALLOW is what container runtimes set: mitigations are the kernel's choice
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW | config.seccomp_flags, &filter) != 0)
    return fail(config, "seccomp filter");
  return 0;
}

/// Without no_new_privs a filter needs CAP_SYS_ADMIN, so it is loaded before that is gone; with it, as late as possible.
int load_filter_early(InitConfig& config) { return config.process->no_new_privileges ? 0 : load_filter(config); }
int load_filter_late(InitConfig& config) { return load_filter(config); }

int drop_privileges(InitConfig& config) {
  const Capabilities& wanted = config.process->capabilities;
  const std::uint64_t permitted = capability_mask(wanted.permitted);
  const std::uint64_t inheritable = capability_mask(wanted.inheritable);
  if (const int error = drop_bounding(capability_mask(wanted.bounding))) return fail(config, "capability bounding set", error);
  const auto& gids = config.user.additional_gids;
  if (::setgroups(gids.size(), gids.data()) != 0) return fail(config, "setgroups");
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return fail(config, "keep capabilities");
  if (::setresgid(config.user.gid, config.user.gid, config.user.gid) != 0) return fail(config, "setgid");
  if (::setresuid(config.user.uid, config.user.uid, config.user.uid) != 0) return fail(config, "setuid");
  if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) return fail(config, "keep capabilities");
  // exec gives a user who is not root nothing but ambient capabilities; until then they are needed for chdir
  if (const int error = set_capabilities(capability_mask(wanted.effective), permitted, inheritable))
    return fail(config, "capabilities", error);
  // what is not inheritable cannot be ambient either: it is left out, as by other runtimes
  if (const int error = set_ambient(capability_mask(wanted.ambient) & permitted & inheritable))
    return fail(config, "ambient capabilities", error);
  ::umask(config.process->user.umask.value_or(0022));
  return 0;
}

int change_directory(InitConfig& config) {
  const std::string& cwd = config.process->cwd;
  const UniqueFd directory(sys::openat2(AT_FDCWD, cwd.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE_NO_MAGICLINKS));
  if (!directory || ::fchdir(directory.get()) != 0) return no_working_directory(config, errno);
  return 0;
}

int find_command(InitConfig& config) {
  Program program = find_program(config.process->args, config.environment);
  if (program.error == 0) {
    config.program = std::move(program.path);
    return 0;
  }
  config.exit_code = program.exit_code;
  return fail(config, program.message, program.error);
}

int close_descriptors(InitConfig& config) {
  if (::close_range(3 + static_cast<unsigned>(config.preserved_fds), ~0U, CLOSE_RANGE_CLOEXEC) != 0)
    return fail(config, "close_range");
  return 0;
}

/// Everything is set up, and that is told; the rest is for whoever calls `start`.
int wait_for_start(InitConfig& config) {
  if (config.start_fd < 0) return 0;
  send_descriptor(config.sync_fd, 'R', -1);
  ::close(config.sync_fd);
  config.sync_fd = -1;
  char go = 0;
  ssize_t n = -1;
  do {
    n = ::read(config.start_fd, &go, 1);
  } while (n < 0 && errno == EINTR);
  return n == 1 ? 0 : fail(config, "wait for start");
}

int run_start_hooks(InitConfig& config) {
  if (config.spec->hooks.start_container.empty() || !config.state_json) return 0;
  const std::string failure = run_hooks(config.spec->hooks.start_container, "startContainer",
                                        config.state_json(::getpid(), "created"), &config.environment);
  return failure.empty() ? 0 : fail(config, failure, ECANCELED);
}

constexpr std::array create_steps{
    Step{"ids", await_ids},
    Step{"join cgroup", join_cgroup},
    Step{"start session", start_session},
    Step{"session keyring", join_session_keyring},
    Step{"join namespaces", join_namespaces},
    Step{"become root", become_root},
    Step{"hostname", set_hostname},
    Step{"private mounts", make_mounts_private},
    Step{"rootfs", mount_rootfs},
    Step{"mounts", mount_filesystems},
    Step{"devices", make_devices},
    Step{"hooks", run_create_hooks},
    Step{"pivot root", enter_rootfs},
    Step{"sysctls", write_sysctls},
    Step{"user", resolve_process_user},
    Step{"terminal", open_process_terminal},
    Step{"working directory", make_working_directory},
    Step{"hidden paths", hide_paths},
    Step{"seal rootfs", seal_rootfs},
    Step{"rlimits", set_rlimits},
    Step{"oom score", set_oom_score},
    Step{"I/O priority", set_io_priority},
    Step{"scheduler", set_scheduler},
    Step{"personality", set_personality},
    Step{"standard streams", set_stdio},
    Step{"apparmor profile", set_apparmor_profile},
    Step{"no new privileges", set_no_new_privileges},
    Step{"seccomp", load_filter_early},
    Step{"privileges", drop_privileges},
    Step{"change directory", change_directory},
    Step{"find command", find_command},
    Step{"descriptors", close_descriptors},
    Step{"wait for start", wait_for_start},
    Step{"seccomp", load_filter_late},
    Step{"hooks", run_start_hooks},
};

constexpr std::array exec_steps{
    Step{"join cgroup", join_cgroup},
    Step{"processors", set_exec_processors},
    Step{"start session", start_session},
    Step{"join container", join_container},
    Step{"become root", become_root},
    Step{"user", resolve_process_user},
    Step{"terminal", open_process_terminal},
    Step{"working directory", make_working_directory},
    Step{"rlimits", set_rlimits},
    Step{"oom score", set_oom_score},
    Step{"I/O priority", set_io_priority},
    Step{"scheduler", set_scheduler},
    Step{"personality", set_personality},
    Step{"standard streams", set_stdio},
    Step{"apparmor profile", set_apparmor_profile},
    Step{"no new privileges", set_no_new_privileges},
    Step{"seccomp", load_filter_early},
    Step{"privileges", drop_privileges},
    Step{"change directory", change_directory},
    Step{"find command", find_command},
    Step{"descriptors", close_descriptors},
    Step{"seccomp", load_filter_late},
};

[[noreturn]] void report_and_exit(InitConfig& config, const char* step, int error) {
  SyncFailure failure{config.exit_code, error, config.detail};
  // the command's own failures and the user's are complete sentences already
  const bool complete = config.exit_code != 125 || std::strcmp(step, "user") == 0;
  if (!complete && error != ECANCELED) failure.text += std::string(failure.text.empty() ? step : "") + ": " + ::strerror(error);
  if (config.sync_fd >= 0) {
    report_failure(config.sync_fd, failure);
  } else {  // started later: nobody listens but who reads the container's output
    failure.text += "\n";
    [[maybe_unused]] const ssize_t told = ::write(2, failure.text.data(), failure.text.size());
    if (config.exit_code == 125) ::_exit(255);  // what runc ends with then
  }
  ::_exit(config.exit_code);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

void reset_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  struct sigaction normal {};
  normal.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &normal, nullptr);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void execute(InitConfig& config) {
  std::vector<char*> arguments = pointers(config.process->args);
  std::vector<char*> environment = pointers(config.environment);
  reset_signals();
  if (config.process->init && !config.is_exec) {
#ifdef STACK_SHIM_DYNAMIC  // a dynamic program (sanitizers) cannot be executed inside an arbitrary rootfs
    // Nothing is executed, so nothing is closed by that: whoever waits for the end of one of our pipes would wait for the
    // container.
    if (config.sync_fd != init_sync_fd) ::dup2(config.sync_fd, init_sync_fd);
    ::close_range(init_sync_fd + 1, ~0U, 0);
    ::_exit(run_as_pid1(init_sync_fd, arguments.data(), environment.data()));
#else
    std::vector<char*> init_arguments{const_cast<char*>(init_path), const_cast<char*>("--")};
    init_arguments.insert(init_arguments.end(), arguments.begin(), arguments.end());
    if (config.self_exe_fd == init_sync_fd) config.self_exe_fd = ::fcntl(config.self_exe_fd, F_DUPFD_CLOEXEC, init_sync_fd + 1);
    if (config.sync_fd == init_sync_fd)
      ::fcntl(config.sync_fd, F_SETFD, 0);
    else
      config.sync_fd = ::dup2(config.sync_fd, init_sync_fd);
    sys::execveat(config.self_exe_fd, init_arguments.data(), environment.data());
#endif
  } else {
    if (config.sync_fd >= 0) send_descriptor(config.sync_fd, 'R', -1);
    ::execve(config.program.c_str(), arguments.data(), environment.data());
  }
  const int error = errno;
  config.exit_code = error == ENOENT ? 127 : 126;
  config.detail = "exec " + config.program + ": " + describe_exec_error(error);
  report_and_exit(config, "execute", error);
}

}  // namespace

void run_init(InitConfig& config) {
  const char* name = "start";
  try {
    const std::vector<Step> steps = config.is_exec ? std::vector<Step>(exec_steps.begin(), exec_steps.end())
                                                   : std::vector<Step>(create_steps.begin(), create_steps.end());
    for (const Step& step : steps) {
      name = step.name;
      if (const int error = step.run(config)) report_and_exit(config, step.name, error);
    }
    execute(config);
  } catch (const std::exception& error) {
    config.detail = error.what();
    report_and_exit(config, name, EIO);
  }
}

}  // namespace stack::engine::runtime
