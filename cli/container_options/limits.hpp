#pragma once
// Memory, CPUs, block I/O, processes; the flags that `container update` has, too.
#include "cli/container_options/options.hpp"

namespace stack::cli::container_options {

/// "512m", and -1. Throws UsageError naming the flag.
std::int64_t size_of(const std::string& flag, const std::string& text);

/// "nofile=1024:2048", "core=-1". Throws FlagError.
engine::api::Ulimit parse_ulimit(const std::string& text);

engine::api::RestartPolicy parse_restart_policy(const std::string& text);

/// Throws UsageError.
void set_limits(const ContainerOptions& options, engine::api::HostConfig& host);

}  // namespace stack::cli::container_options
