// docker's `inspect`, which takes the name of anything.
#include "cli/inspect.hpp"

#include <fmt/format.h>

namespace stack::cli {

int inspect(const Invocation& invocation) {
  InspectRequest request;
  bool size = false;
  std::string type;
  Flags flags("inspect [OPTIONS] NAME...", "Show everything the engine knows about containers, images, networks or volumes.");
  add_inspect_flags(flags, request);
  flags.flag("-s,--size", size, "Also the sizes of a container's files");
  flags.value("--type", type, "TYPE", "Look only for this: container, image, network or volume");
  if (!flags.parse(invocation.arguments)) return 0;
  const std::vector<std::pair<std::string, InspectPath>> all{{"container", container_path(size)},
                                                             {"image", image_path("")},
                                                             {"network", network_path(false)},
                                                             {"volume", volume_path()}};
  std::vector<InspectPath> kinds;
  for (const auto& [name, path] : all)
    if (type.empty() || type == name) kinds.push_back(path);
  if (kinds.empty()) throw UsageError(fmt::format("\"{}\" is not a valid value for --type", type));
  return show_inspected(invocation, request, kinds);
}

}  // namespace stack::cli
