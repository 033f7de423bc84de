#pragma once
// The roles a shim process plays, each a file. All return the process's exit status.
namespace stack::engine::shim {

int run_create();   ///< clones the container's first process, then executes itself as `monitor` (create.cpp)
int run_monitor();  ///< stays with the container (monitor.cpp)
int run_exec();     ///< runs a further process in a container and waits for it (exec.cpp)

}  // namespace stack::engine::shim
