#include "engine/shim/foreign_runtime.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/process.hpp"
#include "engine/runtime/init.hpp"
#include "engine/runtime/mounts.hpp"
#include "engine/runtime/rootfs.hpp"
#include "engine/runtime/syscalls.hpp"
#include "engine/runtime/users.hpp"
#include "engine/shim/runtime_log.hpp"

namespace stack::engine::shim {

namespace {

using nlohmann::json;
using runtime::CreateConfig;
using runtime::ExecConfig;
using runtime::Spec;

constexpr int process_fd = 3;  ///< of the runtime: the process to execute, as a file

std::string work_directory(const std::string& shim_dir) { return shim_dir + "/runtime"; }

std::vector<std::string> command_line(const std::string& program, const std::string& work, const std::string& log) {
  return {program, "--root", work + "/state", "--log", log, "--log-format", "json"};
}

void append(std::vector<std::string>& to, std::initializer_list<std::string> words) { to.insert(to.end(), words); }

/// A socket on which the runtime hands over the terminal.
class ConsoleSocket {
public:
  explicit ConsoleSocket(std::string path) : path_(std::move(path)), socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path)
      throw Error(ErrorCode::invalid_argument, "the path " + path_ + " is too long for a socket: choose a shorter data root");
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path_.c_str());
    if (!socket_ || ::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket_.get(), 1) != 0)
      throw errno_error("console socket " + path_);
  }
  ConsoleSocket(const ConsoleSocket&) = delete;
  ConsoleSocket& operator=(const ConsoleSocket&) = delete;
  ~ConsoleSocket() { ::unlink(path_.c_str()); }

  const std::string& path() const { return path_; }

  /// After the runtime has succeeded: what it sent is waiting.
  UniqueFd receive() const {
    const UniqueFd connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    char data[256];
    iovec part{data, sizeof data};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (!connection || ::recvmsg(connection.get(), &message, MSG_CMSG_CLOEXEC) <= 0) throw errno_error("console socket");
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    int fd = -1;
    if (header != nullptr && header->cmsg_type == SCM_RIGHTS) std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return UniqueFd(fd);
  }

private:
  std::string path_;
  UniqueFd socket_;
};

ForeignProcess failed(const std::string& program, const std::string& log) {
  ForeignProcess result;
  const std::string message = last_message(runtime::sys::read_file(AT_FDCWD, log.c_str()));
  result.exit_code = exit_code_of(message, result.exit_code);
  result.failure = std::filesystem::path(program).filename().string() + ": " + message;
  return result;
}

pid_t read_pid(const std::string& path) {
  return static_cast<pid_t>(std::atoi(runtime::sys::read_file(AT_FDCWD, path.c_str()).c_str()));
}

/// Exit status of a command that has only what is named; its output goes nowhere, its messages are in its log.
int run(const std::vector<std::string>& argv, std::vector<std::pair<int, int>> descriptors) {
  SpawnOptions options;
  options.argv = argv;
  const char* path = std::getenv("PATH");
  options.environment = {std::string("PATH=") + (path != nullptr ? path : "/usr/sbin:/usr/bin:/sbin:/bin")};
  options.descriptors = std::move(descriptors);
  const int status = wait_for(spawn(options));
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// --- the bundle, made in a mount namespace of its own that ends with the call: the container's has what it needs ---

void attach(int tree, const std::string& place) {
  const UniqueFd target(::open(place.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!target) throw errno_error("open " + place);
  if (const int error = runtime::attach_mount(tree, target.get())) throw errno_error("mount " + place, error);
}

void mount_root(Spec& spec, const std::string& bundle) {
  const std::string rootfs = bundle + "/rootfs";
  std::filesystem::create_directories(rootfs);
  runtime::MountFailure failure;
  const UniqueFd tree(spec.root.overlay ? runtime::make_overlay(*spec.root.overlay, failure)
                                        : runtime::clone_tree(AT_FDCWD, spec.root.path.c_str(), true));
  if (!tree) throw failure ? errno_error(failure.what, failure.error) : errno_error("rootfs " + spec.root.path);
  attach(tree.get(), rootfs);
  spec.root.path = rootfs;
  spec.root.overlay.reset();
}

/// Mounts that config.json cannot say are made beside the rootfs and bound from there.
void replace_own_mounts(Spec& spec, const std::string& bundle) {
  const UniqueFd root(::open(bundle.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (std::size_t i = 0; i < spec.mounts.size(); ++i) {
    runtime::Mount& mount = spec.mounts[i];
    const runtime::MountOptions options = runtime::parse_mount_options(mount.options);
    if (mount.source_namespace.empty() && options.subpath.empty() && mount.type != runtime::layers_type) continue;
    runtime::Mount beside = mount;
    beside.destination = "/mounts/" + std::to_string(i);
    if (const runtime::MountFailure failure = runtime::mount_into(root.get(), beside))
      throw errno_error(failure.what, failure.error);
    mount = {mount.destination, "bind", bundle + beside.destination, {"rbind", "rprivate"}, {}, {}, {}};
  }
}

void resolve_user(runtime::Process& process, const std::string& root) {
  runtime::User& user = process.user;
  const std::string name = user.name.empty() ? std::to_string(user.uid) + ":" + std::to_string(user.gid) : user.name;
  const runtime::ResolvedUser found = runtime::resolve_user_in(root, name, user.additional_group_names);
  user = {found.uid, found.gid, found.additional_gids, user.umask, {}, {}};
  const bool has_home = std::any_of(process.env.begin(), process.env.end(),
                                    [](const std::string& variable) { return variable.starts_with("HOME="); });
  if (!has_home) process.env.push_back("HOME=" + found.home);
}

void write_bundle(const CreateConfig& config, const std::string& bundle) {
  Spec spec = config.spec;
  mount_root(spec, bundle);
  replace_own_mounts(spec, bundle);
  resolve_user(spec.process, spec.root.path);
  if (spec.process.init) {
    spec.process.init = false;
    spec.process.args.insert(spec.process.args.begin(), {runtime::init_path, "--"});
    spec.mounts.push_back({runtime::init_path, "bind", config.init_program, {"bind", "ro"}, {}, {}, {}});
  }
  for (runtime::Namespace& ns : spec.linux_.namespaces)
    if (ns.type == runtime::NamespaceType::network && config.netns_fd >= 0)
      ns.path = "/proc/" + std::to_string(::getppid()) + "/fd/" + std::to_string(config.netns_fd);
  // making nodes is a right that runtimes give themselves; said twice, some refuse the rules that take something away again
  auto& rules = spec.linux_.resources.devices;
  std::erase_if(rules, [](const runtime::DeviceRule& rule) { return rule.allow && rule.type != 'a' && rule.access == "m"; });
  std::vector<std::string> masked;
  for (const std::string& pattern : spec.linux_.masked_paths)
    for (std::string& path : runtime::expand_paths(pattern)) masked.push_back(std::move(path));
  spec.linux_.masked_paths = std::move(masked);
  const std::string path = bundle + "/config.json";
  if (const int error = runtime::sys::write_file(AT_FDCWD, path.c_str(), print(spec), O_CREAT | O_TRUNC))
    throw errno_error("write " + path, error);
}

[[noreturn]] void make_and_execute(const CreateConfig& config, const std::vector<std::string>& argv, const std::string& bundle,
                                   const std::array<int, 3>& stdio, const std::string& log) {
  try {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
      throw errno_error("mount namespace");
    write_bundle(config, bundle);
    for (int target = 0; target < 3; ++target) ::dup2(stdio[static_cast<std::size_t>(target)], target);
    std::vector<char*> arguments;
    for (const std::string& word : argv) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments.front(), arguments.data());
    throw errno_error("exec " + argv.front());
  } catch (const std::exception& error) {
    const json line{{"level", "error"}, {"msg", error.what()}};
    runtime::sys::write_file(AT_FDCWD, log.c_str(), line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n",
                             O_CREAT | O_APPEND);
  }
  ::_exit(1);
}

}  // namespace

ForeignProcess create_by_runtime(const CreateConfig& config, const std::array<int, 3>& stdio) {
  const std::string work = work_directory(config.shim_dir);
  const std::string bundle = work + "/bundle", log = work + "/log", pid_file = work + "/pid";
  std::filesystem::create_directories(bundle);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0,
          0);  // what the runtime leaves behind is our child, and stays it when we are the monitor
  std::vector<std::string> argv = command_line(config.runtime, work, log);
  append(argv, {"create", "--bundle", bundle, "--pid-file", pid_file});
  std::unique_ptr<ConsoleSocket> console;
  if (config.spec.process.terminal) {
    console = std::make_unique<ConsoleSocket>(work + "/console");
    append(argv, {"--console-socket", console->path()});
  }
  argv.push_back(config.id);
  const pid_t child = ::fork();
  if (child < 0) throw errno_error("fork");
  if (child == 0) make_and_execute(config, argv, bundle, stdio, log);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return failed(config.runtime, log);
  ForeignProcess result;
  result.pid = read_pid(pid_file);
  result.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, result.pid, 0)));
  if (console) result.terminal = console->receive();
  std::vector<std::string> start = command_line(config.runtime, work, log);
  append(start, {"start", config.id});
  if (run(start, {}) == 0) return result;
  ForeignProcess failure = failed(config.runtime, log);
  ::kill(result.pid, SIGKILL);
  ::waitpid(result.pid, nullptr, __WALL);
  run(delete_command(config), {});
  return failure;
}

ForeignProcess exec_by_runtime(const ExecConfig& config) {
  const std::string work = work_directory(config.shim_dir);
  const std::string own = work + "/exec-" + std::to_string(::getpid());
  const std::string log = own + ".log", pid_file = own + ".pid";
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  runtime::Process process = config.process;
  resolve_user(process, "/proc/" + std::to_string(config.container_pid) + "/root");
  const std::string text = runtime::process_to_json(process).dump(-1, ' ', false, json::error_handler_t::replace);
  const UniqueFd file(::memfd_create("process", MFD_CLOEXEC));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) throw errno_error("memfd");
  std::vector<std::string> argv = command_line(config.runtime, work, log);
  append(argv, {"exec", "--detach", "--process", "/proc/self/fd/" + std::to_string(process_fd), "--pid-file", pid_file});
  std::unique_ptr<ConsoleSocket> console;
  if (process.terminal) {
    console = std::make_unique<ConsoleSocket>(own + ".console");
    append(argv, {"--console-socket", console->path()});
  }
  argv.push_back(config.container_id);
  std::vector<std::pair<int, int>> descriptors{{file.get(), process_fd}};
  for (int target = 0; target < 3; ++target)
    if (const int fd = config.stdio[target]; fd >= 0) descriptors.emplace_back(fd, target);
  ForeignProcess result;
  if (run(argv, descriptors) != 0) {
    result = failed(config.runtime, log);
  } else {
    result.pid = read_pid(pid_file);
    if (console) result.terminal = console->receive();
  }
  ::unlink(log.c_str());
  ::unlink(pid_file.c_str());
  return result;
}

void forget_container(const std::vector<std::string>& command, const std::string& shim_dir, const std::string& cgroup) {
  try {
    run(command, {});
  } catch (const Error&) {
    // the runtime was uninstalled: what it kept is in the directory that goes now
  }
  std::error_code ignored;
  std::filesystem::remove_all(work_directory(shim_dir), ignored);
  // runtimes make groups in hierarchies that we leave alone; the last container's goes with its parent
  const std::string parent = cgroup.substr(0, cgroup.rfind('/'));
  if (parent.empty()) return;
  for (const auto& hierarchy : std::filesystem::directory_iterator("/sys/fs/cgroup", ignored))
    ::rmdir((hierarchy.path().string() + parent).c_str());
}

std::vector<std::string> delete_command(const CreateConfig& config) {
  const std::string work = work_directory(config.shim_dir);
  std::vector<std::string> argv = command_line(config.runtime, work, work + "/log");
  append(argv, {"delete", "--force", config.id});
  return argv;
}

}  // namespace stack::engine::shim
