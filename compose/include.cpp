#include "compose/include.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compose/merge.hpp"
#include "compose/resolve_paths.hpp"

namespace stack::compose {
namespace {

constexpr std::array joined_sections{"services", "jobs", "networks", "volumes", "secrets", "configs", "models"};

std::vector<std::string> texts(const Node* list) {
  std::vector<std::string> out;
  if (list != nullptr)
    for (const Node& item : list->items()) out.push_back(item.text());
  return out;
}

/// Equal as values, wherever they were written.
bool same_value(const Node& a, const Node& b) {
  if (a.kind() != b.kind() || a.merge_tag != b.merge_tag) return false;
  if (a.is_scalar()) return a.text() == b.text();
  if (a.is_sequence()) return std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end(), same_value);
  return a.members().size() == b.members().size() &&
         std::all_of(a.members().begin(), a.members().end(), [&](const Node::Member& member) {
           const Node* other = b.find(member.key);
           return other != nullptr && same_value(member.value, *other);
         });
}

/// A file that is reached in two ways is there once: merged with itself, its lists would double.
void drop_what_is_there(Node& section, const Node* present) {
  if (present == nullptr) return;
  std::erase_if(section.members(), [&](const Node::Member& member) {
    const Node* same = present->find(member.key);
    return same != nullptr && same_value(member.value, *same);
  });
}

}  // namespace

std::vector<Include> take_includes(Node& document, Mistakes& mistakes) {
  std::vector<Include> entries;
  Node* list = document.find("include");
  if (list == nullptr || list->merge_tag == MergeTag::reset) return entries;
  for (std::size_t i = 0; i < list->items().size(); ++i) {
    const Node& item = list->items()[i];
    Include entry{texts(item.find("path")), "", texts(item.find("env_file")), item.location, join_path("include", i)};
    if (const Node* directory = item.find("project_directory")) entry.project_directory = directory->text();
    bool usable = !entry.paths.empty();
    for (const std::string& path : entry.paths) {
      if (path.empty()) mistakes.add(entry.location, entry.attribute, "the path is empty");
      if (is_remote(path))
        mistakes.add(entry.location, entry.attribute,
                     fmt::format("'{}': including from git or a registry is not supported yet; include a copy of it", path));
      usable = usable && !path.empty() && !is_remote(path);
    }
    if (usable) entries.push_back(std::move(entry));
  }
  document.erase("include");
  return entries;
}

void join_included(Node& document, Node included) {
  Node base = Node::mapping(included.location);
  for (const char* name : joined_sections) {
    Node* section = included.find(name);
    if (section == nullptr || !section->is_mapping()) continue;
    drop_what_is_there(*section, document.find(name));
    base.set(name, std::move(*section));
  }
  merge_documents(base, std::move(document));
  document = std::move(base);
}

}  // namespace stack::compose
