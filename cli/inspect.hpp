#pragma once
// `inspect` of every kind of thing: what the engine says, as JSON or through a template.
#include <functional>
#include <string>
#include <string_view>

#include "cli/commands.hpp"

namespace stack::cli {

struct Inspected {
  std::string_view usage;  ///< "volume inspect [OPTIONS] VOLUME..."
  std::string_view about;
  bool has_size = false;                                   ///< --size asks for the sizes of containers
  std::string (*path)(const std::string& name) = nullptr;  ///< below the API's version: "/volumes/data"
};

/// Shows what exists; a line on stderr for what does not, and exit status 1.
int inspect_command(const Invocation& invocation, const Inspected& kind);

}  // namespace stack::cli
