#pragma once
// HostConfig.LogConfig: which log a container writes, with which limits, and where it is read.
#include <string>

#include "engine/container/container.hpp"
#include "engine/container/log_files.hpp"
#include "engine/runtime/launch.hpp"

namespace stack::engine::container {

/// The driver's name. A container that asks for nothing gets `local`: our own format, rotated and bounded; one that gives
/// options without a driver means Docker's default, json-file.
std::string log_driver(const api::LogConfig& config);

/// Throws with Docker's texts for unknown drivers and options and for values that make no sense, not_implemented for
/// drivers that we do not have.
void check_log_config(const api::LogConfig& config);

/// For the monitor. `directory`: of the container.
runtime::LogOptions log_options(const Record& record, const std::string& directory);

/// Is there a file that `logs` can read? Drivers that send logs elsewhere keep one too, unless that is switched off.
bool can_read_log(const Record& record);

/// Where the log is read; `directory` as above.
LogSource log_source(const Record& record, const std::string& directory);

/// LogPath of inspect: of json-file only, as for Docker.
std::string log_path(const Record& record, const std::string& directory);

}  // namespace stack::engine::container
