// What stands beside the services: includes, names, external objects, models.
#include "compose/short_form_tools.hpp"

namespace stack::compose::short_forms {
namespace {

/// `strict`: keys beside the name are mistakes; docker compose looks at those of networks and volumes only.
void name_external(Node& node, LongForm& form, bool strict) {
  if (!node.is_mapping()) return;
  Node* external = node.find("external");
  if (external == nullptr || !external->is_mapping()) return;
  const std::string path = join_path(form.path, "external");
  const Node* name = external->find("name");
  for (const Node::Member& member : external->members())
    if (strict && member.key != "name" && !member.key.starts_with("x-"))
      form.mistakes.add(member.key_location, path, fmt::format("unknown key '{}'; only 'name' is known", member.key));
  if (name != nullptr && !name->is_string())
    form.mistakes.add(name->location, join_path(path, "name"), fmt::format("expected a string, found {}", name->kind_name()));
  form.mistakes.warn(external->location, path,
                     "'external: {name: …}' is deprecated; write 'external: true' and 'name: …' beside it");
  const Node* beside = node.find("name");
  if (name != nullptr && beside != nullptr && beside->text() != name->text())
    form.mistakes.add(name->location, join_path(path, "name"), "differs from the 'name' beside 'external'");
  const Location where = external->location;
  if (name != nullptr && beside == nullptr) {
    Node copy = *name;
    node.set("name", std::move(copy), where);
  }
  *node.find("external") = Node::boolean(true, where);
}

}  // namespace

void part_names(Node& node, LongForm& form) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  for (const Node::Member& member : node.members())
    if (member.key.empty() || !std::all_of(member.key.begin(), member.key.end(), fits))
      form.mistakes.add(member.key_location, form.path,
                        fmt::format("'{}' cannot be a name: only letters, digits, '.', '_' and '-' can", member.key));
}

void include(Node& node, LongForm& form) {
  if (node.is_string()) wrap(node, "path");
  if (!node.is_mapping()) return;
  if (node.find("path") == nullptr) complain(node, form, "'path' is missing");
  const std::vector<std::string_view> known{"path", "env_file", "project_directory"};
  for (const Node::Member& member : node.members()) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    const std::string_view meant = nearest(member.key, known);
    form.mistakes.warn(member.key_location, form.path,
                       fmt::format("'{}' is unknown and ignored{}", member.key,
                                   meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
  }
  std::erase_if(node.members(),
                [&](const Node::Member& member) { return std::find(known.begin(), known.end(), member.key) == known.end(); });
}

void named_external(Node& node, LongForm& form) { name_external(node, form, true); }

void file_object(Node& node, LongForm& form) {
  name_external(node, form, false);
  if (!node.is_mapping()) return;
  std::vector<std::string_view> sources;
  for (const std::string_view source : {"file", "environment", "content"})
    if (node.find(source) != nullptr) sources.push_back(source);
  if (sources.size() > 1) complain(node, form, fmt::format("'{}' exclude each other", fmt::join(sources, "' and '")));
}

void model(Node& node, LongForm& form) { need(node, form, {"model"}); }
}  // namespace stack::compose::short_forms
