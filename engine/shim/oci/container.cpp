#include "engine/shim/oci/container.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "base/rollback.hpp"
#include "engine/runtime/cgroup.hpp"
#include "engine/runtime/hooks.hpp"
#include "engine/runtime/init.hpp"
#include "engine/runtime/mounts.hpp"
#include "engine/runtime/namespaces.hpp"
#include "engine/runtime/syscalls.hpp"
#include "engine/runtime/user_namespace.hpp"
#include "engine/shim/clone.hpp"
#include "engine/shim/json_log.hpp"
#include "engine/shim/oci/bundle.hpp"
#include "engine/shim/oci/check.hpp"
#include "engine/shim/oci/console.hpp"
#include "engine/shim/oci/log.hpp"

namespace stack::engine::shim::oci {

namespace {

using runtime::Namespace;
using runtime::NamespaceType;
using runtime::Spec;

std::string now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return json_log_time(std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec);
}

UniqueFd memory_file(const std::string& bytes) {
  UniqueFd file(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!file || ::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    throw errno_error("memfd");
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

void check_terminal(const Spec& spec, const CreateOptions& options) {
  if (spec.process.terminal && options.detached && options.console_socket.empty())
    throw Error(ErrorCode::invalid_argument, "cannot allocate tty if the runtime will detach without setting console socket");
  if (!options.console_socket.empty() && !(spec.process.terminal && options.detached))
    throw Error(ErrorCode::invalid_argument, "cannot use console socket if the runtime will not detach or allocate tty");
}

/// Goes into namespaces for the time of a clone, and back.
class Excursion {
public:
  Excursion() = default;
  Excursion(const Excursion&) = delete;
  Excursion& operator=(const Excursion&) = delete;
  ~Excursion() {
    for (const auto& [own, flag] : way_back_) ::setns(own.get(), flag);
  }

  /// `name`: of our own in /proc/self/ns.
  void join(const Namespace& ns, const char* name) {
    const int flag = runtime::flag_of(ns.type);
    remember(name, flag);
    const UniqueFd there(::open(ns.path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!there || ::setns(there.get(), flag) != 0) throw errno_error("namespace " + ns.path);
  }

  /// A new time namespace is for children only, and its clocks are set before the first.
  void make_time_namespace(const std::map<std::string, runtime::TimeOffset>& offsets) {
    remember("time", CLONE_NEWTIME);
    if (::unshare(CLONE_NEWTIME) != 0) throw errno_error("time namespace");
    std::string text;
    for (const auto& [clock, offset] : offsets)
      text += clock + " " + std::to_string(offset.seconds) + " " + std::to_string(offset.nanoseconds) + "\n";
    if (text.empty()) return;
    if (const int error = runtime::sys::write_file(AT_FDCWD, "/proc/self/timens_offsets", text))
      throw errno_error("clock offsets of the time namespace", error);
  }

private:
  void remember(const char* name, int flag) {
    UniqueFd own(::open((std::string("/proc/self/ns/") + name).c_str(), O_RDONLY | O_CLOEXEC));
    if (!own) throw errno_error(std::string("namespace ") + name);
    way_back_.emplace_back(std::move(own), flag);
  }

  std::vector<std::pair<UniqueFd, int>> way_back_;
};

/// What is joined before the clone: a pid namespace always, since one is born into it; with a new user namespace also those
/// that its root has no power over.
void join_early(const Spec& spec, runtime::InitConfig& init, Excursion& excursion) {
  struct Early {
    NamespaceType type;
    const char* name;
  };
  static constexpr Early early[] = {
      {NamespaceType::pid, "pid"}, {NamespaceType::network, "net"}, {NamespaceType::ipc, "ipc"}, {NamespaceType::uts, "uts"}};
  for (const Early& entry : early) {
    const Namespace* ns = runtime::find_namespace(spec, entry.type);
    if (ns == nullptr || ns->path.empty()) continue;
    if (entry.type != NamespaceType::pid && !runtime::has_user_namespace(spec)) continue;
    excursion.join(*ns, entry.name);
    init.already_joined.push_back(entry.type);
  }
  const Namespace* time = runtime::find_namespace(spec, NamespaceType::time);
  if (time != nullptr && time->path.empty()) excursion.make_time_namespace(spec.linux_.time_offsets);
}

/// The process between, on its way into a user namespace that exists: the others first, while it is still the host's root.
int enter_user_namespace(const Spec& spec) {
  int user = -1;
  for (const Namespace& ns : spec.linux_.namespaces) {
    if (ns.path.empty() || ns.type == NamespaceType::mount || ns.type == NamespaceType::cgroup) continue;
    const int fd = ::open(ns.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    if (ns.type == NamespaceType::user) {
      user = fd;
      continue;
    }
    if (::setns(fd, runtime::flag_of(ns.type)) != 0) return errno;
  }
  return ::setns(user, CLONE_NEWUSER) != 0 ? errno : 0;
}

constexpr const char* in_init = "unable to start container process: error during container init: ";

/// What a path leads to: 0 when it leads nowhere.
std::uint64_t mount_at(const std::string& path) {
  struct statx info {};
  return ::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &info) == 0 ? info.stx_mnt_id : 0;
}

/// Takes away what a container without a mount namespace of its own laid over its root.
void uncover(const std::string& path, std::uint64_t covered) {
  if (covered != 0 && mount_at(path) != covered) ::umount2(path.c_str(), MNT_DETACH);
}

/// Hooks whose failure changes nothing any more.
void report_hooks(const std::vector<runtime::Hook>& hooks, std::string_view kind, const std::string& state) {
  const std::string failure = runtime::run_hooks(hooks, kind, state);
  if (!failure.empty()) log_warning(failure);
}

/// One creation under way.
class Creation {
public:
  Creation(const StateRoot& root, std::string id, const CreateOptions& options)
      : root_(root), options_(options), spec_(read_bundle(options.bundle, id)) {
    record_.id = std::move(id);
    record_.bundle = options.bundle;
    record_.config = runtime::sys::read_file(AT_FDCWD, (options.bundle + "/config.json").c_str(), std::size_t{64} << 20);
    record_.created = now();
    record_.owner = ::getuid();
    check_terminal(spec_, options);
    check_resources(spec_.linux_.resources, runtime::CgroupMounts::detect().unified());
    read_config();
    // hooks run there, as runc's do
    if (::chdir(options.bundle.c_str()) != 0) throw errno_error("chdir " + options.bundle);
  }

  Created run();

private:
  void read_config();
  void cover_root();
  void prepare_directory();
  void prepare_init();
  void clone();
  void give_ids();
  void run_outer_hooks();
  void finish();

  const StateRoot& root_;
  const CreateOptions& options_;
  Spec spec_;
  Record record_;
  UniqueFd fifo_, filter_, root_tree_;
  std::vector<UniqueFd> tasks_;
  runtime::CgroupMounts cgroup_mounts_;
  std::optional<runtime::Cgroup> cgroup_;
  runtime::InitConfig init_;
  Cloned process_;
  runtime::SyncResult sync_;
  bool hooks_began_ = false;
  Rollback undo_;  // the last member: it needs the others
};

/// Without an absolute path the group is below those that we are in ourselves; of the second version beside ours, since a group
/// with processes hands no controllers down.
void Creation::read_config() {
  const nlohmann::json config = nlohmann::json::parse(record_.config);
  for (const std::string& sentence : ignored_fields(config)) log_warning(sentence);
  const std::string path = config.value(nlohmann::json::json_pointer("/linux/cgroupsPath"), std::string());
  if (!path.empty() && path.front() == '/') return;
  record_.parent_groups = runtime::own_cgroups();
  std::string& own = record_.parent_groups[""];
  if (runtime::CgroupMounts::detect().unified()) own = own.substr(0, own.rfind('/') == std::string::npos ? 0 : own.rfind('/'));
}

/// In a mount namespace that is not the container's, what is mounted stays until it is taken away.
void Creation::cover_root() {
  init_.own_mounts = runtime::has_own_mounts(spec_);
  if (init_.own_mounts) return;
  record_.covered_mount = mount_at(spec_.root.path);
  undo_.add([this] { uncover(spec_.root.path, record_.covered_mount); });
}

void Creation::prepare_directory() {
  root_.reserve(record_.id);
  undo_.add([this] { root_.remove(record_.id); });
  const std::string fifo = root_.fifo(record_.id);
  if (::mkfifo(fifo.c_str(), 0600) != 0) throw errno_error("mkfifo " + fifo);
  fifo_.reset(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));  // both ends: opening one alone would wait for the other
  if (!fifo_) throw errno_error("open " + fifo);
  const std::string filter = compile_filter(spec_);
  if (filter.empty()) return;
  filter_ = memory_file(filter);
  if (const int error = runtime::sys::write_file(AT_FDCWD, root_.filter(record_.id).c_str(), filter, O_CREAT | O_TRUNC))
    throw errno_error("write " + root_.filter(record_.id), error);
}

void Creation::prepare_init() {
  init_.spec = &spec_;
  init_.process = &spec_.process;
  init_.seccomp_fd = filter_.get();
  init_.seccomp_flags = filter_flags(spec_);
  init_.stdio = {0, 1, 2};
  init_.start_fd = fifo_.get();
  init_.pivots = options_.pivots;
  init_.preserved_fds = options_.preserved_fds + listen_fds();
  if (options_.new_keyring) init_.keyring = "_ses." + record_.id;
  init_.in_user_namespace = runtime::has_user_namespace(spec_);
  init_.parent_runs_hooks = true;
  init_.state_json = [this](pid_t pid, const char* status) {
    return state_json(record_, std::string_view(status) == "created" ? Status::created : Status::creating, pid);
  };
  const Namespace* cgroup_ns = runtime::find_namespace(spec_, NamespaceType::cgroup);
  init_.unshare_cgroup = cgroup_ns != nullptr && cgroup_ns->path.empty();
  init_.cgroup_mounts = &cgroup_mounts_;
  init_.sources = runtime::prepare_sources(spec_);
  if (init_.in_user_namespace) {
    root_tree_.reset(runtime::clone_tree(AT_FDCWD, spec_.root.path.c_str(), true));
    if (!root_tree_) throw errno_error("rootfs " + spec_.root.path);
    init_.root_tree = root_tree_.get();
  }
  if (const int listening = listen_fds(); listening > 0) {
    spec_.process.env.push_back("LISTEN_FDS=" + std::to_string(listening));
    spec_.process.env.emplace_back("LISTEN_PID=1");
  }
}

void Creation::clone() {
  const Namespace* user = runtime::find_namespace(spec_, NamespaceType::user);
  const bool joins_user = user != nullptr && !user->path.empty();
  init_.waits_for_ids = user != nullptr && !joins_user;
  tasks_ = cgroup_->open_tasks();
  for (const UniqueFd& file : tasks_) init_.cgroup_tasks.push_back(file.get());
  const std::uint64_t flags = runtime::clone_flags(spec_, false);
  if (joins_user) {
    for (const NamespaceType type : {NamespaceType::network, NamespaceType::ipc, NamespaceType::uts, NamespaceType::time})
      init_.already_joined.push_back(type);
    process_ = clone_init_inside(init_, flags, [this] { return enter_user_namespace(spec_); });
    cgroup_->add(process_.pid);  // from inside it may not
  } else {
    Excursion excursion;
    join_early(spec_, init_, excursion);
    process_ = clone_init(init_, flags, cgroup_->v2_directory().get());
  }
  undo_.add([this] {
    ::kill(process_.pid, SIGKILL);
    ::waitpid(process_.pid, nullptr, __WALL);
    if (hooks_began_) report_hooks(spec_.hooks.poststop, "poststop", state_json(record_, Status::stopped, 0));
  });
  record_.pid = process_.pid;
  record_.start_time = start_time_of(process_.pid);
}

void Creation::give_ids() {
  if (init_.in_user_namespace && spec_.process.oom_score_adj) {
    const std::string path = "/proc/" + std::to_string(process_.pid) + "/oom_score_adj";
    if (const int error = runtime::sys::write_file(AT_FDCWD, path.c_str(), std::to_string(*spec_.process.oom_score_adj)))
      throw errno_error("oom_score_adj", error);
  }
  if (!init_.waits_for_ids) return;
  runtime::write_id_maps(process_.pid, spec_.linux_.uid_mappings, spec_.linux_.gid_mappings);
  runtime::send_go(process_.sync.get());
}

void Creation::run_outer_hooks() {
  cgroup_->restrict_devices(spec_.linux_.resources.devices);
  const std::string state = state_json(record_, Status::creating, record_.pid);
  hooks_began_ = true;  // the container counts as made: it is also taken down in the specification's way
  std::string failure = runtime::run_hooks(spec_.hooks.prestart, "prestart", state);
  if (failure.empty()) failure = runtime::run_hooks(spec_.hooks.create_runtime, "createRuntime", state);
  if (!failure.empty()) throw Error(ErrorCode::internal, in_init + failure);
}

void Creation::finish() {
  if (sync_.rootfs_fd >= 0) ::close(sync_.rootfs_fd);
  if (!options_.console_socket.empty()) {
    const UniqueFd master(std::exchange(sync_.terminal_fd, -1));
    send_over_socket(options_.console_socket, master.get(), "/dev/ptmx");
  }
  if (!options_.pidfd_socket.empty()) send_over_socket(options_.pidfd_socket, process_.pidfd.get(), "pidfd");
  if (!options_.pid_file.empty()) write_pid_file(options_.pid_file, record_.pid);
  record_.complete = true;
  root_.save(record_);
}

Created Creation::run() {
  prepare_directory();
  cgroup_mounts_ = cgroup_mounts_of(record_);
  // devices are restricted once their nodes are made
  const std::vector<runtime::DeviceRule> rules = std::exchange(spec_.linux_.resources.devices, {});
  cgroup_ = runtime::Cgroup::create(spec_.linux_.cgroups_path, spec_.linux_.resources, cgroup_mounts_);
  spec_.linux_.resources.devices = rules;
  undo_.add([this] { cgroup_->remove(); });
  prepare_init();
  cover_root();
  clone();
  give_ids();
  root_.save(record_);
  sync_ = runtime::wait_for_init(process_.sync.get(), [this] { run_outer_hooks(); });
  if (!sync_.executed) throw Error(ErrorCode::invalid_argument, in_init + sync_.failure.text);
  finish();
  undo_.commit();
  return {std::move(record_), std::move(process_.pidfd), UniqueFd(sync_.terminal_fd)};
}

}  // namespace

Created create_container(const StateRoot& root, const std::string& id, const CreateOptions& options) {
  check_id(id);
  return Creation(root, id, options).run();
}

void start_container(const StateRoot& root, const Record& record) {
  const std::string fifo = root.fifo(record.id);
  // opening fails at once when nobody reads: the process is gone, or has been started
  const UniqueFd start(::open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!start) {
    const bool alive = static_cast<bool>(open_process(record));
    throw Error(ErrorCode::conflict,
                alive ? "cannot start an already running container" : "cannot start a container that has stopped");
  }
  ::unlink(fifo.c_str());
  if (::write(start.get(), "s", 1) != 1) throw errno_error("start");
  pollfd executed{start.get(), 0, 0};
  while (::poll(&executed, 1, -1) < 0 && errno == EINTR) {  // POLLERR: the reader closed, which it does by executing
  }
  const std::string failure =
      runtime::run_hooks(spec_of(record).hooks.poststart, "poststart", state_json(record, Status::running, record.pid));
  if (failure.empty()) return;
  kill_container(record);
  throw Error(ErrorCode::internal, failure);
}

void kill_container(const Record& record) {
  constexpr int patience_ms = 10'000;
  const UniqueFd process = open_process(record);
  const runtime::Cgroup cgroup = open_group(record);
  if (!process) return;
  if (::kill(record.pid, SIGKILL) != 0 && errno != ESRCH) throw errno_error("kill");
  if (cgroup.frozen()) cgroup.thaw();
  pollfd end{process.get(), POLLIN, 0};
  if (::poll(&end, 1, patience_ms) == 0) throw Error(ErrorCode::unavailable, "container init still running");
}

void destroy_container(const StateRoot& root, const Record& record) {
  const runtime::Cgroup cgroup = open_group(record);
  if (!cgroup.remove()) {  // without a pid namespace of its own, processes outlive the first
    cgroup.end_all();
    cgroup.remove();
  }
  const Spec spec = spec_of(record);
  const std::filesystem::path rootfs = spec.root.path;
  std::error_code ignored;
  uncover(std::filesystem::canonical(rootfs.is_absolute() ? rootfs : record.bundle / rootfs, ignored), record.covered_mount);
  const std::vector<runtime::Hook>& hooks = spec.hooks.poststop;
  root.remove(record.id);
  report_hooks(hooks, "poststop", state_json(record, Status::stopped, 0));
}

int listen_fds() {
  const char* count = std::getenv("LISTEN_FDS");
  return count == nullptr ? 0 : std::max(0, std::atoi(count));
}

void write_pid_file(const std::string& path, pid_t pid) {
  const auto slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  const std::string temporary = directory + "." + path.substr(directory.size());
  if (const int error = runtime::sys::write_file(AT_FDCWD, temporary.c_str(), std::to_string(pid), O_CREAT | O_TRUNC))
    throw errno_error("write " + path, error);
  if (::rename(temporary.c_str(), path.c_str()) != 0) throw errno_error("write " + path);
}

}  // namespace stack::engine::shim::oci
