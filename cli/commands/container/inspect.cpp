#include "cli/inspect.hpp"

#include "engine/api/client.hpp"

namespace stack::cli {

int container_inspect(const Invocation& invocation) {
  return inspect_command(
      invocation, {.usage = "container inspect [OPTIONS] CONTAINER...",
                   .about = "Show everything the engine knows about containers (names, ids or their beginnings).",
                   .has_size = true,
                   .path = [](const std::string& name) { return "/containers/" + engine::api::url_encode(name) + "/json"; }});
}

}  // namespace stack::cli
