#pragma once
// Secrets and configs that are not files of the host (from `environment` or `content`): they are written into the created
// container before it starts. Those from files are read-only binds (mounts.cpp).
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "compose/types.hpp"
#include "engine/api/client.hpp"
#include "scheduler/plan.hpp"

namespace stack::scheduler {

/// Is there anything to inject? Looks at no values.
bool has_injected_files(const compose::Project& project, const compose::Service& service);

/// In the order of the service's secrets, then its configs; what is empty is left out. Throws invalid_argument, naming the
/// place, when a variable is not set or the service's root file system is read-only.
std::vector<InjectedFile> injected_files(const compose::Project& project, const compose::Service& service);

/// What is said in the file but has no effect.
std::vector<std::string> file_warnings(const compose::Project& project, const compose::Service& service);

/// Writes them into a container. A value that is not part of the plan (it was read back from JSON) comes from this process's
/// environment; throws invalid_argument when it is not there.
boost::asio::awaitable<void> inject_files(api::Client& client, std::string container, std::vector<InjectedFile> files);

}  // namespace stack::scheduler
