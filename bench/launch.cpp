// Time from launch() to the exec of the command, alone and many at once from four threads (as the engine does), and what the
// monitors weigh afterwards. Root. Usage: launch_bench [containers at once] [rounds]
#include "engine/runtime/launch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/digest.hpp"
#include "engine/runtime/cgroup.hpp"
#include "engine/runtime/seccomp.hpp"

namespace fs = std::filesystem;
using namespace stack;
using namespace stack::engine::runtime;
using Clock = std::chrono::steady_clock;

namespace {

double ms_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

struct Bench {
  fs::path base = fs::temp_directory_path() / ("lb" + random_hex(8));
  std::string cgroups = "/stack-bench-" + random_hex(6);
  ShimBinary shim{shim_path()};
  SeccompCache filters{""};

  LaunchRequest request(std::vector<std::string> args) {
    LaunchRequest result;
    result.id = random_hex(12);
    result.spec = default_spec();
    result.spec.process.args = std::move(args);
    result.spec.process.env = {"PATH=/bin"};
    const fs::path own = base / result.id;
    for (const char* directory : {"upper", "work"}) fs::create_directories(own / directory);
    result.spec.root.overlay = Overlay{{base / "rootfs"}, own / "upper", own / "work"};
    result.spec.linux_.cgroups_path = cgroups + "/" + result.id;
    result.shim_dir = base / "run" / result.id;
    result.container_dir = own;
    result.log.directory = own / "logs";
    result.seccomp = filters.get(default_capabilities());
    return result;
  }
  void end(std::vector<LaunchResult>& launched) {
    for (auto& one : launched) {
      ::kill(one.container_pid, SIGKILL);
      ::kill(one.shim.pid, SIGKILL);
      wait_for(one.shim);
    }
    // without their monitors nobody removes the groups
    for (const auto& name : child_cgroups(cgroups)) {
      while (!Cgroup::open(cgroups + "/" + name).remove()) ::usleep(1000);
    }
    Cgroup::open(cgroups).remove();
  }
};

/// "Pss:", "Private_Dirty:" … of a process, kB.
long rollup(pid_t pid, const std::string& key) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  for (std::string word; file >> word;) {
    long value = 0;
    if (word == key && file >> value) return value;
  }
  return -1;
}

}  // namespace

int main(int argc, char** argv) {
  const int at_once = argc > 1 ? std::atoi(argv[1]) : 50;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 30;
  Bench bench;
  for (const char* directory : {"bin", "proc", "sys", "dev", "etc"}) fs::create_directories(bench.base / "rootfs" / directory);
  fs::copy_file("/bin/busybox", bench.base / "rootfs/bin/busybox");
  fs::create_symlink("busybox", bench.base / "rootfs/bin/sleep");
  std::vector<double> single;
  for (int i = 0; i < rounds; ++i) {
    const LaunchRequest request = bench.request({"sleep", "1000"});
    const auto start = Clock::now();
    std::vector<LaunchResult> launched;
    launched.push_back(launch(bench.shim, request));
    single.push_back(ms_since(start));
    bench.end(launched);
  }
  std::sort(single.begin(), single.end());
  std::printf("launch: 1: min %.2f ms, median %.2f ms, max %.2f ms\n", single.front(), single[single.size() / 2],
              single.back());

  std::vector<LaunchRequest> requests;
  for (int i = 0; i < at_once; ++i) requests.push_back(bench.request({"sleep", "1000"}));
  std::vector<LaunchResult> launched(requests.size());
  std::atomic<std::size_t> next{0};
  const auto start = Clock::now();
  std::vector<std::thread> pool;
  for (int i = 0; i < 4; ++i) {
    pool.emplace_back([&] {
      for (std::size_t mine = next++; mine < requests.size(); mine = next++)
        launched[mine] = launch(bench.shim, requests[mine]);
    });
  }
  for (auto& thread : pool) thread.join();
  std::printf("launch: %d at once: %.1f ms\n", at_once, ms_since(start));
  ::usleep(1'500'000);  // the monitors give their start-up memory back
  long pss = 0, dirty = 0, rss = 0;
  for (const auto& one : launched) {
    pss += rollup(one.shim.pid, "Pss:");
    dirty += rollup(one.shim.pid, "Private_Dirty:") + rollup(one.shim.pid, "Private_Clean:");
    rss += rollup(one.shim.pid, "Rss:");
  }
  std::printf("monitor: PSS %ld kB, private %ld kB, RSS %ld kB on average\n", pss / at_once, dirty / at_once, rss / at_once);
  bench.end(launched);
  fs::remove_all(bench.base);
}
