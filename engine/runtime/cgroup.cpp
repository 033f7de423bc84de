#include "engine/runtime/cgroup.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/error.hpp"
#include "engine/runtime/cgroup_limits.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::runtime {

namespace {

/// Fields of a line, separated by blanks.
std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> result;
  while (true) {
    const auto start = line.find_first_not_of(' ');
    if (start == std::string_view::npos) return result;
    line.remove_prefix(start);
    const auto end = std::min(line.find(' '), line.size());
    result.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

/// The controllers we make groups for; a hierarchy without one of them (name=systemd) is left alone.
bool wanted_v1(std::string_view controller) {
  static constexpr std::string_view all[] = {"cpu",   "cpuacct", "memory",  "devices", "pids",     "cpuset",
                                             "blkio", "freezer", "hugetlb", "net_cls", "net_prio", "rdma"};
  return std::find(std::begin(all), std::end(all), controller) != std::end(all);
}

/// A group in this hierarchy costs time and is made only for who uses it.
bool is_needed(const std::string& controller, const Resources& resources, bool has_v2) {
  if (controller == "freezer") return !has_v2;  // the v2 mount beside freezes as well
  if (controller == "cpuset") return !resources.cpuset_cpus.empty() || !resources.cpuset_mems.empty();  // settings are copied
  if (controller == "hugetlb") return !resources.hugepage_limits.empty();
  if (controller == "net_cls") return resources.network_class.has_value();
  if (controller == "rdma") return !resources.rdma.empty();
  if (controller == "net_prio") return !resources.network_priorities.empty();
  return true;
}

/// Makes every directory of `path` below the mount; on v2 a parent hands its controllers down before a child uses them.
void make_directories(const std::string& mount, const std::string& path, bool v2_controllers) {
  const std::string whole = mount + path;
  if (!v2_controllers && ::mkdir(whole.c_str(), 0755) == 0) return;
  constexpr int tries = 100;  // a parent may go with its last other child at any moment
  for (int round = 0;; ++round) {
    int error = 0;
    std::size_t at = mount.size();
    while (at < whole.size() && error == 0) {
      if (v2_controllers) enable_v2_controllers(whole.substr(0, at));
      at = std::min(whole.find('/', at + 1), whole.size());
      if (::mkdir(whole.substr(0, at).c_str(), 0755) != 0 && errno != EEXIST) error = errno;
    }
    if (error == 0) return;
    if (error != ENOENT || round == tries) throw errno_error("cgroup " + whole.substr(0, at), error);
  }
}

/// Removes children first. True when it is gone.
bool remove_tree(const std::string& directory) {
  if (::rmdir(directory.c_str()) == 0 || errno == ENOENT) return true;
  DIR* listing = ::opendir(directory.c_str());
  if (listing == nullptr) return errno == ENOENT;
  while (const dirent* entry = ::readdir(listing)) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') remove_tree(directory + "/" + entry->d_name);
  }
  ::closedir(listing);
  return ::rmdir(directory.c_str()) == 0 || errno == ENOENT;
}

void collect_processes(const std::string& directory, std::vector<pid_t>& pids) {
  const std::string text = sys::read_file(AT_FDCWD, (directory + "/cgroup.procs").c_str());
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    pid_t pid = 0;
    std::from_chars(text.data() + at, text.data() + end, pid);
    if (pid > 0) pids.push_back(pid);
    at = end + 1;
  }
  DIR* listing = ::opendir(directory.c_str());
  if (listing == nullptr) return;
  while (const dirent* entry = ::readdir(listing)) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') collect_processes(directory + "/" + entry->d_name, pids);
  }
  ::closedir(listing);
}

/// cgroup.events changes by poll(2): no loop with a clock.
void wait_until_frozen(const std::string& directory) {
  const UniqueFd events(::open((directory + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  if (!events) throw errno_error("freeze " + directory);
  constexpr int limit_ms = 10'000;
  for (;;) {
    ::lseek(events.get(), 0, SEEK_SET);
    if (sys::read_fd(events.get()).find("frozen 1") != std::string::npos) return;
    pollfd changed{events.get(), POLLPRI, 0};
    const int ready = ::poll(&changed, 1, limit_ms);
    if (ready == 0) throw Error(ErrorCode::unavailable, "cgroup " + directory + " does not freeze");
    if (ready < 0 && errno != EINTR) throw errno_error("freeze " + directory);
  }
}

}  // namespace

const CgroupMounts& CgroupMounts::detect() {
  static const CgroupMounts found = [] {
    CgroupMounts result;
    const std::string text = sys::read_file(AT_FDCWD, "/proc/self/mountinfo");
    std::size_t at = 0;
    while (at < text.size()) {
      const auto end = std::min(text.find('\n', at), text.size());
      const auto fields = words(std::string_view(text).substr(at, end - at));
      at = end + 1;
      const auto dash = std::find(fields.begin(), fields.end(), "-");
      if (fields.size() < 6 || fields.end() - dash < 4) continue;
      const std::string mount(fields[4]);
      if (!mount.starts_with("/sys/fs/cgroup")) continue;  // a container's own view elsewhere is not the host's
      if (dash[1] == "cgroup2" && fields[3] == "/" && result.v2.empty()) result.v2 = mount;
      if (dash[1] != "cgroup") continue;  // whose root may be a container's group: an engine in a container nests there
      std::string_view options = dash[3];
      while (!options.empty()) {
        const auto comma = std::min(options.find(','), options.size());
        const std::string_view option = options.substr(0, comma);
        if (wanted_v1(option)) result.v1.push_back({std::string(option), mount});
        options.remove_prefix(std::min(comma + 1, options.size()));
      }
    }
    return result;
  }();
  return found;
}

std::map<std::string, std::string> own_cgroups() {
  std::map<std::string, std::string> groups;
  const std::string text = sys::read_file(AT_FDCWD, "/proc/self/cgroup");
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);  // "4:cpu,cpuacct:/path", "0::/path"
    at = end + 1;
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    std::string path(line.substr(second + 1));
    if (path == "/") path.clear();
    std::string_view controllers = line.substr(first + 1, second - first - 1);
    do {
      const auto comma = std::min(controllers.find(','), controllers.size());
      groups[std::string(controllers.substr(0, comma))] = path;
      controllers.remove_prefix(std::min(comma + 1, controllers.size()));
    } while (!controllers.empty());
  }
  return groups;
}

CgroupMounts below(CgroupMounts mounts, const std::map<std::string, std::string>& parents) {
  const auto descend = [&](std::string& mount, const std::string& controller) {
    if (const auto found = parents.find(controller); found != parents.end() && !mount.empty()) mount += found->second;
  };
  for (auto& hierarchy : mounts.v1) descend(hierarchy.mount, hierarchy.controller);
  descend(mounts.v2, "");
  return mounts;
}

bool has_block_io_weights(const CgroupMounts& mounts) {
  const auto exists = [](const std::string& path) { return ::access(path.c_str(), F_OK) == 0; };
  for (const auto& hierarchy : mounts.v1) {
    if (hierarchy.controller == "blkio")
      return exists(hierarchy.mount + "/blkio.weight") || exists(hierarchy.mount + "/blkio.bfq.weight");
  }
  // the files of v2 are missing in the root group: the controller alone can be seen there
  return mounts.unified() &&
         sys::read_file(AT_FDCWD, (mounts.v2 + "/cgroup.controllers").c_str()).find("io") != std::string::npos;
}

std::vector<std::string> Cgroup::directories() const {
  std::vector<std::string> result;
  for (const auto& hierarchy : mounts_.v1) {
    const std::string directory = hierarchy.mount + path_;
    if (std::find(result.begin(), result.end(), directory) == result.end()) result.push_back(directory);
  }
  if (!mounts_.v2.empty()) result.push_back(mounts_.v2 + path_);
  return result;
}

std::string Cgroup::directory(std::string_view controller) const {
  for (const auto& hierarchy : mounts_.v1) {
    if (hierarchy.controller == controller) return hierarchy.mount + path_;
  }
  return mounts_.unified() ? mounts_.v2 + path_ : std::string();
}

Cgroup Cgroup::create(const std::string& path, const Resources& resources, const CgroupMounts& mounts) {
  if (path.size() < 2 || path.front() != '/' || path.find("/..") != std::string::npos) {
    throw Error(ErrorCode::invalid_argument, "cgroup path " + path + " is not absolute");
  }
  Cgroup group(path, mounts);
  try {
    for (const auto& hierarchy : mounts.v1) {
      if (is_needed(hierarchy.controller, resources, !mounts.v2.empty())) make_directories(hierarchy.mount, path, false);
    }
    if (!mounts.v2.empty()) make_directories(mounts.v2, path, mounts.unified());
    apply_limits(mounts, path, resources);
    runtime::restrict_devices(mounts, path, resources.devices);
  } catch (...) {
    group.remove();
    throw;
  }
  return group;
}

Cgroup Cgroup::open(const std::string& path, const CgroupMounts& mounts) { return Cgroup(path, mounts); }

void Cgroup::update(const Resources& resources) {
  // create() leaves this hierarchy out of a group that did not need it
  std::string joined;
  if (!resources.cpuset_cpus.empty() || !resources.cpuset_mems.empty()) {
    for (const auto& hierarchy : mounts_.v1) {
      if (hierarchy.controller != "cpuset" || ::access((hierarchy.mount + path_).c_str(), F_OK) == 0) continue;
      make_directories(hierarchy.mount, path_, false);
      joined = hierarchy.mount + path_;
    }
  }
  apply_limits(mounts_, path_, resources);
  if (joined.empty()) return;
  for (const pid_t pid : processes()) {
    const int error = sys::write_file(AT_FDCWD, (joined + "/cgroup.procs").c_str(), std::to_string(pid));
    if (error != 0 && error != ESRCH) throw errno_error("add process to cgroup " + joined, error);
  }
}

void Cgroup::restrict_devices(const std::vector<DeviceRule>& rules) { runtime::restrict_devices(mounts_, path_, rules); }

void Cgroup::add(pid_t pid) {
  for (const auto& directory : directories()) {
    const int error = sys::write_file(AT_FDCWD, (directory + "/cgroup.procs").c_str(), std::to_string(pid));
    if (error != 0 && error != ENOENT) throw errno_error("add process to cgroup " + directory, error);
  }
}

std::vector<UniqueFd> Cgroup::open_tasks() const {
  std::vector<UniqueFd> result;
  for (const auto& hierarchy : mounts_.v1) {
    UniqueFd tasks(::open((hierarchy.mount + path_ + "/tasks").c_str(), O_WRONLY | O_CLOEXEC));
    if (tasks) result.push_back(std::move(tasks));
  }
  return result;
}

UniqueFd Cgroup::v2_directory() const {
  if (mounts_.v2.empty()) return UniqueFd();
  return UniqueFd(::open((mounts_.v2 + path_).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

bool Cgroup::exists() const {
  const auto all = directories();
  return std::any_of(all.begin(), all.end(),
                     [](const std::string& directory) { return ::access(directory.c_str(), F_OK) == 0; });
}

std::vector<pid_t> Cgroup::processes() const {
  std::vector<pid_t> pids;
  for (const auto& directory : directories()) {
    collect_processes(directory, pids);
    if (!pids.empty()) break;  // every hierarchy holds the same ones
  }
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

void Cgroup::remove_if_empty() const {
  for (const auto& directory : directories()) ::rmdir(directory.c_str());
}

void Cgroup::signal_all(int signal) const {
  if (signal == SIGKILL && !mounts_.v2.empty() &&
      sys::write_file(AT_FDCWD, (mounts_.v2 + path_ + "/cgroup.kill").c_str(), "1") == 0)
    return;
  // without cgroup.kill: frozen first, so that nothing forks meanwhile
  const std::string freezer = directory("freezer");
  const bool by_freezer =
      signal == SIGKILL && !freezer.empty() && sys::write_file(AT_FDCWD, (freezer + "/freezer.state").c_str(), "FROZEN") == 0;
  for (const pid_t pid : processes()) ::kill(pid, signal);
  if (by_freezer) sys::write_file(AT_FDCWD, (freezer + "/freezer.state").c_str(), "THAWED");
}

void Cgroup::end_all() const {
  constexpr int rounds = 10, patience_ms = 1000;  // what cannot be killed (in an uninterruptible wait) must not stop everything
  for (int round = 0; round < rounds; ++round) {
    std::vector<UniqueFd> handles;
    std::vector<pollfd> ends;
    for (const pid_t pid : processes()) {
      UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
      if (!handle) continue;  // it has ended meanwhile
      ends.push_back({handle.get(), POLLIN, 0});
      handles.push_back(std::move(handle));
    }
    if (ends.empty()) return;
    kill_all();
    for (pollfd& end : ends) ::poll(&end, 1, patience_ms);
  }
}

void Cgroup::freeze() const {
  if (mounts_.v2.empty()) {
    if (const int error = sys::write_file(AT_FDCWD, (directory("freezer") + "/freezer.state").c_str(), "FROZEN")) {
      throw errno_error("freeze cgroup " + path_, error);
    }
    return;
  }
  const std::string directory = mounts_.v2 + path_;
  if (const int error = sys::write_file(AT_FDCWD, (directory + "/cgroup.freeze").c_str(), "1"))
    throw errno_error("freeze cgroup " + path_, error);
  wait_until_frozen(directory);
}

void Cgroup::thaw() const {
  const std::string file = mounts_.v2.empty() ? directory("freezer") + "/freezer.state" : mounts_.v2 + path_ + "/cgroup.freeze";
  if (const int error = sys::write_file(AT_FDCWD, file.c_str(), mounts_.v2.empty() ? "THAWED" : "0"))
    throw errno_error("thaw cgroup " + path_, error);
}

bool Cgroup::frozen() const {
  if (mounts_.v2.empty())
    return sys::read_file(AT_FDCWD, (directory("freezer") + "/freezer.state").c_str()).starts_with("FROZEN");
  return sys::read_file(AT_FDCWD, (mounts_.v2 + path_ + "/cgroup.freeze").c_str()).starts_with("1");
}

UniqueFd Cgroup::watch_oom() const {
  const std::string memory = directory("memory");
  if (memory.empty()) return UniqueFd();
  if (mounts_.unified()) {
    UniqueFd changes(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (changes && ::inotify_add_watch(changes.get(), (memory + "/memory.events").c_str(), IN_MODIFY) < 0) changes.reset();
    return changes;
  }
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const UniqueFd control(::open((memory + "/memory.oom_control").c_str(), O_RDONLY | O_CLOEXEC));
  const std::string registration = std::to_string(event.get()) + " " + std::to_string(control.get());
  if (!event || !control || sys::write_file(AT_FDCWD, (memory + "/cgroup.event_control").c_str(), registration) != 0)
    event.reset();
  return event;
}

bool Cgroup::remove() const {
  bool gone = true;
  for (const auto& directory : directories()) gone = remove_tree(directory) && gone;
  return gone;
}

std::vector<std::string> child_cgroups(const std::string& parent, const CgroupMounts& mounts) {
  std::vector<std::string> names;
  const auto list = [&](const std::string& directory) {
    DIR* listing = ::opendir(directory.c_str());
    if (listing == nullptr) return;
    while (const dirent* entry = ::readdir(listing)) {
      if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    ::closedir(listing);
  };
  for (const auto& hierarchy : mounts.v1) list(hierarchy.mount + parent);
  if (!mounts.v2.empty()) list(mounts.v2 + parent);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace stack::engine::runtime
