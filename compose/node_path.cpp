#include "compose/node_path.hpp"

#include <fmt/format.h>

namespace stack::compose {
namespace {

/// A node, and where its key is.
struct Found {
  const Node* node;
  const Location* place;
};

/// What is left of a path behind a key or index of this node; nullopt: it does not lead here.
std::optional<std::string_view> behind(std::string_view path, std::string_view step) {
  if (!path.starts_with(step)) return std::nullopt;
  path.remove_prefix(step.size());
  if (path.empty() || path.front() == '[') return path;
  if (path.front() != '.') return std::nullopt;
  return path.substr(1);
}

std::optional<Found> find(const Node& node, const Location& place, std::string_view path) {
  if (path.empty()) return Found{&node, &place};
  for (const Node::Member& member : node.members())
    if (const auto rest = behind(path, member.key)) {
      const Location& here = member.key_location ? member.key_location : member.value.location;
      if (const auto found = find(member.value, here, *rest)) return found;
    }
  for (std::size_t i = 0; i < node.items().size(); ++i)
    for (const std::string& step : {std::to_string(i), fmt::format("[{}]", i)})
      if (const auto rest = behind(path, step))
        if (const auto found = find(node.items()[i], node.items()[i].location, *rest)) return found;
  return std::nullopt;
}

}  // namespace

const Node* find_path(const Node& node, std::string_view path) {
  const auto found = find(node, node.location, path);
  return found ? found->node : nullptr;
}

std::optional<Location> place_of_path(const Node& node, std::string_view path) {
  const auto found = find(node, node.location, path);
  return found ? std::optional(*found->place) : std::nullopt;
}

}  // namespace stack::compose
