#include "cli/inspect.hpp"

namespace stack::cli {

int container_inspect(const Invocation& invocation) {
  InspectRequest request;
  bool size = false;
  Flags flags("container inspect [OPTIONS] CONTAINER...",
              "Show everything the engine knows about containers (names, ids or their beginnings).");
  add_inspect_flags(flags, request);
  flags.flag("-s,--size", size, "Also the sizes of the files");
  return flags.parse(invocation.arguments) ? show_inspected(invocation, request, {container_path(size)}) : 0;
}

}  // namespace stack::cli
