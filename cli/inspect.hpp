#pragma once
// `inspect` of every kind of thing: what the engine says, as JSON or through a template.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.hpp"
#include "cli/flags.hpp"

namespace stack::cli {

struct InspectRequest {
  std::string format;  ///< empty: JSON
  std::vector<std::string> names;
};

/// --format, and the names.
void add_inspect_flags(Flags& flags, InspectRequest& request);

/// Where a thing of that name is asked for, below the API's version: "/volumes/data".
using InspectPath = std::function<std::string(const std::string& name)>;
InspectPath container_path(bool size);
InspectPath image_path(const std::string& platform);  ///< empty: whichever is here
InspectPath network_path(bool verbose);
InspectPath volume_path();

/// Shows what exists; a line on stderr for what does not, and exit status 1. A name is looked for in the order of `kinds`.
int show_inspected(const Invocation& invocation, const InspectRequest& request, const std::vector<InspectPath>& kinds);

}  // namespace stack::cli
