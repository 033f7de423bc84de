#pragma once
// A bundle: the directory with config.json.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/runtime/spec.hpp"

namespace stack::engine::shim::oci {

/// Reads and checks <bundle>/config.json. Paths are made absolute, and what every container has (the usual devices and their
/// rules, a cgroup) is filled in. Throws invalid_argument, not_found, not_implemented.
runtime::Spec read_bundle(const std::string& bundle, const std::string& id);

/// The same for its text; `bundle`: absolute.
runtime::Spec complete_spec(const std::string& config, const std::string& bundle, const std::string& id);

/// linux.cgroupsPath as an absolute path; one of its own when it is empty. Throws.
std::string cgroup_path(std::string path, const std::string& id);

/// linux.seccomp compiled to BPF, empty when there is none. Throws.
std::string compile_filter(const runtime::Spec& spec);

/// The flags of seccomp(2) that its profile asks for.
unsigned filter_flags(const runtime::Spec& spec);

/// What `spec` writes: a small container of /bin/sh; `rootless`: one that our own user is the root of, in a user namespace.
std::string default_config(bool rootless);

}  // namespace stack::engine::shim::oci
