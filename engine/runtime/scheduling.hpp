#pragma once
// Steps of init.cpp: how the kernel schedules the command and which Linux it sees.
#include <sched.h>

#include <optional>
#include <string_view>

#include "engine/runtime/init.hpp"

namespace stack::engine::runtime {

int set_io_priority(InitConfig& config);
int set_scheduler(InitConfig& config);
int set_personality(InitConfig& config);
int set_exec_processors(InitConfig& config);  ///< exec: execCPUAffinity.final

/// "0-3,7"; empty when that is no list of processors.
std::optional<cpu_set_t> parse_processors(std::string_view text);

}  // namespace stack::engine::runtime
