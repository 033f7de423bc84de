// Device requests: gpus, and devices in deploy.resources.reservations.
#include <fmt/format.h>

#include "compose/short_forms.hpp"

namespace stack::compose::short_forms {
namespace {

constexpr std::int64_t all_devices = -1;

void fill_count(Node& node, LongForm& form) {
  if (!node.is_mapping()) return;
  const bool counted = node.find("count") != nullptr, named = node.find("device_ids") != nullptr;
  if (counted && named) form.mistakes.add(node.location, form.path, "'count' and 'device_ids' exclude each other");
  if (!counted && !named) node.set("count", Node::integer(all_devices, node.location), node.location);
}

}  // namespace

void device_count(Node& node, LongForm& form) {
  if (node.is_string() && node.as_string() == "all")
    node = Node::integer(all_devices, node.location);
  else
    integer(node, form);
}

void gpu_request(Node& node, LongForm& form) { fill_count(node, form); }

void device_request(Node& node, LongForm& form) {
  if (node.is_mapping() && node.find("capabilities") == nullptr)
    form.mistakes.add(node.location, form.path, "'capabilities' is missing");
  fill_count(node, form);
}

void gpus(Node& node, LongForm& form) {
  if (!node.is_string()) return;
  if (node.as_string() != "all")
    form.mistakes.add(node.location, form.path,
                      fmt::format("'{}' is neither 'all' nor a list of device requests", node.as_string()));
  Node request = Node::mapping(node.location);
  request.set("count", Node::string("all", node.location), node.location);
  Node list = Node::sequence(node.location);
  list.append(std::move(request));
  node = std::move(list);
}

void cgroup(Node& node, LongForm& form) {
  const std::string& mode = node.as_string();
  if (mode != "host" && mode != "private")
    form.mistakes.add(node.location, form.path, fmt::format("'{}' is neither host nor private", mode));
}

}  // namespace stack::compose::short_forms
