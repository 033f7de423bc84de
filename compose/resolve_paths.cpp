#include "compose/resolve_paths.hpp"

#include <array>

namespace stack::compose {
namespace {

std::string clean(const std::string& path) {
  std::vector<std::string_view> parts;
  const std::string_view text = path;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find('/', at), text.size());
    const std::string_view part = text.substr(at, end - at);
    at = end + 1;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string out;
  for (const std::string_view part : parts) (out += '/') += part;
  return out.empty() ? "/" : out;
}

bool is_remote(std::string_view context) {
  for (const std::string_view scheme : {"https://", "http://", "git://", "ssh://", "git@", "github.com/", "service:"})
    if (context.starts_with(scheme)) return true;
  return context.find("://") != std::string_view::npos;
}

void walk(Node& node, const Type& type, const PathBase& base) {
  if (node.merge_tag == MergeTag::reset || node.is_null()) return;
  if (type.resolve != nullptr) type.resolve(node, base);
  if (node.is_sequence() && type.item != nullptr) {
    for (Node& item : node.items()) walk(item, *type.item, base);
  } else if (node.is_mapping() && type.value != nullptr) {
    for (Node::Member& member : node.members()) walk(member.value, *type.value, base);
  } else if (node.is_mapping() && type.keys != nullptr) {
    const std::span<const Key> keys = type.keys();
    for (Node::Member& member : node.members())
      if (const Key* key = find_key(keys, member.key); key != nullptr && key->type != nullptr)
        walk(member.value, *key->type, base);
  }
}

}  // namespace

std::string resolve_path(std::string_view path, const PathBase& base) {
  if (path.starts_with('/')) return std::string(path);
  if (!base.home.empty() && (path == "~" || path.starts_with("~/")))
    return clean(base.home + '/' + std::string(path.substr(1)));
  return clean(base.directory + '/' + std::string(path));
}

void resolve_path(Node& node, const PathBase& base) {
  if (node.is_string() && !node.as_string().empty()) node.as_string() = resolve_path(node.as_string(), base);
}

void resolve_context(Node& node, const PathBase& base) {
  if (node.is_string() && !is_remote(node.as_string())) node.as_string() = resolve_path(node.as_string(), base);
}

void resolve_mount(Node& node, const PathBase& base) {
  if (!node.is_mapping()) return;
  const Node* type = node.find("type");
  Node* source = node.find("source");
  if (type != nullptr && type->text() == "bind" && source != nullptr) resolve_path(*source, base);
}

void resolve_paths(Node& document, const PathBase& base) { walk(document, document_type, base); }

}  // namespace stack::compose
