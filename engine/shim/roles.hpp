#pragma once
// The roles a shim process plays, each a file. All return the process's exit status.
namespace stack::engine::shim {

int run_create();   ///< clones the container's first process, then executes itself as `monitor` (create.cpp)
int run_monitor();  ///< stays with the container (monitor.cpp)
int run_exec();     ///< runs a further process in a container and waits for it (exec.cpp)

/// The runc command line, without an engine (oci/main.cpp).
bool is_oci_command_line(int argc, char** argv);
int run_oci(int argc, char** argv, char** environment);

}  // namespace stack::engine::shim
