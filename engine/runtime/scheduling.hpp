#pragma once
// Steps of init.cpp: how the kernel schedules the command and which Linux it sees.
#include "engine/runtime/init.hpp"

namespace stack::engine::runtime {

int set_io_priority(InitConfig& config);
int set_scheduler(InitConfig& config);
int set_personality(InitConfig& config);

}  // namespace stack::engine::runtime
