// What a service says of its parts: build, dependencies, files, devices, limits, what runs around it.
#include "compose/short_form_tools.hpp"

namespace stack::compose::short_forms {

void build(Node& node, LongForm&) {
  if (node.is_string()) wrap(node, "context");
}

void extends(Node& node, LongForm& form) {
  if (node.is_string()) {
    wrap(node, "service");
  } else if (node.is_mapping() && node.find("service") == nullptr) {
    complain(node, form, "'service' is missing");
  }
}

void depends_on(Node& node, LongForm& form) {
  if (!node.is_sequence()) return;
  Node result = Node::mapping(node.location);
  for (std::size_t i = 0; i < node.items().size(); ++i) {
    const Node& item = node.items()[i];
    if (!item.is_string()) {
      form.mistakes.add(item.location, join_path(form.path, i),
                        fmt::format("expected the name of a service, found {}", item.kind_name()));
      continue;
    }
    if (result.find(item.as_string()) != nullptr)
      form.mistakes.add(item.location, form.path, fmt::format("'{}' is listed twice", item.as_string()));
    Node dependency = Node::mapping(item.location);
    dependency.set("condition", Node::string("service_started", item.location), item.location);
    dependency.set("required", Node::boolean(true, item.location), item.location);
    result.set(item.as_string(), std::move(dependency), item.location);
  }
  node = std::move(result);
}

void dependency(Node& node, LongForm& form) {
  if (!node.is_mapping()) return;
  if (node.find("condition") == nullptr) complain(node, form, "'condition' is missing");
  if (node.find("required") == nullptr) node.set("required", Node::boolean(true, node.location), node.location);
}

void file_reference(Node& node, LongForm& form) {
  if (node.is_string()) {
    wrap(node, "source");
  } else if (node.is_mapping() && node.find("source") == nullptr) {
    complain(node, form, "'source' is missing");
  }
}

void env_files(Node& node, LongForm& form) {
  list(node, form);
  if (!node.is_sequence()) return;
  for (std::size_t i = 0; i < node.items().size(); ++i) {
    Node& item = node.items()[i];
    if (item.is_string()) wrap(item, "path");
    if (!item.is_mapping()) continue;
    if (item.find("path") == nullptr) form.mistakes.add(item.location, join_path(form.path, i), "'path' is missing");
    if (item.find("required") == nullptr) item.set("required", Node::boolean(true, item.location), item.location);
  }
}

void device(Node& node, LongForm& form) {
  if (!node.is_string()) {
    need(node, form, {"source", "target"});
    return;
  }
  const std::string whole = node.as_string();
  std::vector<std::string> parts{""};
  for (const char c : whole)
    if (c == ':')
      parts.emplace_back();
    else
      parts.back() += c;
  if (parts.size() > 3 || parts[0].empty())
    complain(node, form, fmt::format("'{}' is not SOURCE[:TARGET[:PERMISSIONS]]", whole));
  parts.resize(std::max<std::size_t>(parts.size(), 3));
  Node result = Node::mapping(node.location);
  result.set("source", Node::string(parts[0], node.location), node.location);
  result.set("target", Node::string(parts[1].empty() ? parts[0] : parts[1], node.location), node.location);
  result.set("permissions", Node::string(parts[2].empty() ? "rwm" : parts[2], node.location), node.location);
  node = std::move(result);
}

void ulimit(Node& node, LongForm& form) {
  if (!node.is_mapping()) return integer(node, form);
  if (node.find("soft") == nullptr || node.find("hard") == nullptr) complain(node, form, "both 'soft' and 'hard' are needed");
  for (Node::Member& member : node.members()) {
    LongForm below{join_path(form.path, member.key), form.mistakes};
    if (member.key == "soft" || member.key == "hard") {
      if (member.value.is_integer() || member.value.is_floating() || member.value.is_string())
        integer(member.value, below);
      else
        complain(member.value, below, fmt::format("expected an integer, found {}", member.value.kind_name()));
    } else if (!member.key.starts_with("x-")) {
      form.mistakes.add(member.key_location, form.path,
                        fmt::format("unknown key '{}'; only 'soft' and 'hard' are known", member.key));
    }
  }
}

void hook(Node& node, LongForm& form) { need(node, form, {"command"}); }

void watch_trigger(Node& node, LongForm& form) {
  if (!node.is_mapping()) return;
  need(node, form, {"path", "action"});
  const Node* action = node.find("action");
  if (action != nullptr && action->text().starts_with("sync") && node.find("target") == nullptr)
    complain(node, form, fmt::format("'target' is missing: where '{}' puts the files", action->text()));
}

void provider(Node& node, LongForm& form) { need(node, form, {"type"}); }

void schedule(Node& node, LongForm& form) {
  if (node.is_string())
    wrap(node, "cron");
  else
    need(node, form, {"cron"});
}
}  // namespace stack::compose::short_forms
