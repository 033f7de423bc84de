// How fast a container's output gets into its log: bytes a second from `head -c … /dev/zero` in a container to the log file.
// Root. Usage: log_bench [megabytes]
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/digest.hpp"
#include "engine/runtime/launch.hpp"

namespace fs = std::filesystem;
using namespace stack;
using namespace stack::engine::runtime;

int main(int argc, char** argv) {
  const int megabytes = argc > 1 ? std::atoi(argv[1]) : 1024;
  const fs::path base = fs::temp_directory_path() / ("logb" + random_hex(8));
  for (const char* directory : {"rootfs/bin", "rootfs/proc", "rootfs/sys", "rootfs/dev", "own", "upper", "work"})
    fs::create_directories(base / directory);
  fs::copy_file("/bin/busybox", base / "rootfs/bin/busybox");
  ShimBinary shim(shim_path());
  LaunchRequest request;
  request.id = "log";
  request.spec = default_spec();
  request.spec.process.args = {"/bin/busybox", "dd", "if=/dev/zero", "bs=256k", "count=" + std::to_string(megabytes * 4)};
  request.spec.process.env = {"PATH=/bin"};
  request.spec.root.overlay = Overlay{{base / "rootfs"}, base / "upper", base / "work"};
  request.shim_dir = base / "run/log";
  request.container_dir = base / "own";
  request.log.directory = base / "own/logs";
  const auto start = std::chrono::steady_clock::now();
  LaunchResult launched = launch(shim, request);
  while (!fs::exists(base / "own/exit.json")) ::usleep(1000);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("log: %d MB in %.2f s, %.0f MB/s\n", megabytes, seconds, megabytes / seconds);
  ::kill(launched.shim.pid, SIGKILL);
  wait_for(launched.shim);
  fs::remove_all(base);
}
