#pragma once
// Jobs: containers that run to completion.
#include <string>

#include "compose/types.hpp"

namespace stack::compose {

/// For `run`: makes the job a service, and so the jobs it depends on, which have to end well first. Nothing when it is no job.
/// Throws invalid_argument when one of them may not be started by hand.
void make_services_of_job(Project& project, const std::string& name);

}  // namespace stack::compose
