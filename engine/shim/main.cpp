// The shim's process roles. It is always executed from a sealed memfd, never from its file; the runc command line, which people
// and other container managers call by the file, sees to that itself.
#include <cstdio>
#include <string_view>

#include "engine/runtime/init.hpp"
#include "engine/shim/roles.hpp"

#ifdef STACK_SHIM_DYNAMIC
// The check for leaks stops all threads from a process that it makes; once this one has joined a container's pid namespace, the
// two do not find each other.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }
#endif

int main(int argc, char** argv, char** environment) {
  using namespace stack::engine;
  const std::string_view name = argc > 0 ? argv[0] : "";
  // argv: /sbin/docker-init -- <argv of the command…>; this is PID 1 of a container
  if (name == runtime::init_path && argc > 2) return runtime::run_as_pid1(runtime::init_sync_fd, argv + 2, environment);
  if (shim::is_oci_command_line(argc, argv)) return shim::run_oci(argc, argv, environment);
  const std::string_view role = argc > 1 ? argv[1] : "";
  if (role == "create") return shim::run_create();
  if (role == "monitor") return shim::run_monitor();
  if (role == "exec") return shim::run_exec();
  std::fputs("stack-shim is started by the stack engine\n", stderr);
  return 64;
}
