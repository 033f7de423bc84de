// The kernel's floor for one container: clone with all namespaces, overlay mount, proc, pivot_root, exec of a static binary,
// wait. Nothing else is done, so no runtime can be faster. Usage (root): floor [iterations] [parallel]
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

double ms_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

[[noreturn]] void fail(const char* step) {
  std::fprintf(stderr, "%s: %s\n", step, std::strerror(errno));
  ::_exit(1);
}

struct Bundle {
  std::string lower, upper, work, merged;
};

void contain(const Bundle& bundle) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) fail("private");
  const int context = static_cast<int>(::syscall(SYS_fsopen, "overlay", 1));
  auto set = [&](const char* key, const std::string& value) {
    if (::syscall(SYS_fsconfig, context, 1 /* set string */, key, value.c_str(), 0) != 0) fail(key);
  };
  set("lowerdir+", bundle.lower);
  set("upperdir", bundle.upper);
  set("workdir", bundle.work);
  if (::syscall(SYS_fsconfig, context, 6 /* create */, nullptr, nullptr, 0) != 0) fail("overlay");
  const int mounted = static_cast<int>(::syscall(SYS_fsmount, context, 1, 0));
  if (::syscall(SYS_move_mount, mounted, "", AT_FDCWD, bundle.merged.c_str(), 4 /* from empty path */) != 0) fail("move_mount");
  if (::chdir(bundle.merged.c_str()) != 0) fail("chdir");
  if (::mount("proc", "proc", "proc", 0, nullptr) != 0) fail("proc");
  if (::syscall(SYS_pivot_root, ".", ".") != 0) fail("pivot_root");
  if (::umount2(".", MNT_DETACH) != 0) fail("umount");
  char* argv[] = {const_cast<char*>("true"), nullptr};
  char* env[] = {nullptr};
  ::execve("/bin/busybox", argv, env);
  fail("exec");
}

pid_t start(const Bundle& bundle) {
  clone_args args{};
  args.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP;
  args.exit_signal = SIGCHLD;
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
  if (pid == 0) contain(bundle);
  if (pid < 0) fail("clone3");
  return pid;
}

Bundle make_bundle(const fs::path& base, int number) {
  const fs::path own = base / std::to_string(number);
  Bundle bundle{base / "lower", own / "upper", own / "work", own / "merged"};
  for (const auto& path : {bundle.upper, bundle.work, bundle.merged}) fs::create_directories(path);
  return bundle;
}

}  // namespace

int main(int argc, char** argv) {
  const int iterations = argc > 1 ? std::atoi(argv[1]) : 50;
  const int parallel = argc > 2 ? std::atoi(argv[2]) : 1;
  char pattern[] = "/tmp/stack-floor-XXXXXX";
  if (::mkdtemp(pattern) == nullptr) fail("mkdtemp");
  const fs::path base = pattern;
  fs::create_directories(base / "lower/bin");
  fs::create_directories(base / "lower/proc");
  fs::copy_file("/bin/busybox", base / "lower/bin/busybox");
  std::vector<double> times;
  int number = 0;
  for (int i = 0; i < iterations; ++i) {
    std::vector<Bundle> bundles;
    for (int j = 0; j < parallel; ++j) bundles.push_back(make_bundle(base, number++));
    const auto begin = Clock::now();
    std::vector<pid_t> pids;
    for (const auto& bundle : bundles) pids.push_back(start(bundle));
    for (const pid_t pid : pids) {
      int status = 0;
      ::waitpid(pid, &status, 0);
      if (status != 0) return 1;
    }
    times.push_back(ms_since(begin));
  }
  fs::remove_all(base);
  std::sort(times.begin(), times.end());
  std::printf("floor: %d at once: min %.2f ms, median %.2f ms, max %.2f ms\n", parallel, times.front(), times[times.size() / 2],
              times.back());
}
