#pragma once
// HostConfig.Runtime: our own runtime, or another OCI runtime that is installed on the host.
#include <map>
#include <string>

namespace stack::engine::container {

/// "runc" and "stack" are what every container has anyway. Another one is named as its program in PATH is ("crun", "youki"), or
/// by an absolute path. Throws invalid_argument in Docker's words when there is none.
void check_runtime(const std::string& name);

/// The program's path; empty: ours makes the container. Throws as above.
std::string runtime_program(const std::string& name);

/// The well-known ones that are in PATH: name → path. Any other program is found by name all the same.
std::map<std::string, std::string> other_runtimes();

}  // namespace stack::engine::container
