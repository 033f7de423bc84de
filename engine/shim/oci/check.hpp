#pragma once
// What a bundle's config.json may not ask for: whatever a container would not get is refused by its name, before anything is
// made. The messages are runc's where it has one.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "engine/runtime/spec.hpp"

namespace stack::engine::shim::oci {

/// Fields that the runtime spec's model does not hold. Throws not_implemented or invalid_argument, naming the field.
void refuse_unsupported(const nlohmann::json& config);

/// Fields that have no effect any more, or none on Linux, and are passed over: a sentence for each, for the log.
std::vector<std::string> ignored_fields(const nlohmann::json& config);

/// Namespaces, kernel settings, scheduling: values that contradict each other, or would reach the host. Throws
/// invalid_argument.
void check_spec(const runtime::Spec& spec);

/// What the version of cgroups cannot keep. `unified`: the second one is the host's. Throws.
void check_resources(const runtime::Resources& resources, bool unified);

/// Throws for a process that cannot be run: no arguments, a working directory that is not absolute, an environment that is
/// none.
void check_process(const runtime::Process& process);

}  // namespace stack::engine::shim::oci
