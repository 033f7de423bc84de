#pragma once
// Filters in the form of the OCI runtime specification, for a runtime that is not ours.
#include <string>
#include <vector>

#include "engine/runtime/seccomp_program.hpp"

namespace stack::engine::runtime {

/// linux.seccomp: what the tables say about calls of x86_64 (the other ABIs follow by name). Calls that no name is known of are
/// left to the default.
std::string to_oci_seccomp(const SeccompTables& tables);

}  // namespace stack::engine::runtime
