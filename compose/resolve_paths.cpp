#include "compose/resolve_paths.hpp"

#include <array>

namespace stack::compose {
namespace {

std::vector<std::string_view> split_path(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find('/', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
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

std::string clean_path(const std::string& path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> parts;
  for (const std::string_view part : split_path(path)) {
    if (part.empty() || part == ".") continue;
    if (part != "..")
      parts.push_back(part);
    else if (!parts.empty() && parts.back() != "..")
      parts.pop_back();
    else if (!absolute)
      parts.push_back(part);
  }
  std::string out;
  for (const std::string_view part : parts) (out += out.empty() && !absolute ? "" : "/") += part;
  return !out.empty() ? out : absolute ? "/" : ".";
}

bool is_remote(std::string_view path) {
  for (const std::string_view scheme : {"git@", "github.com/", "service:"})
    if (path.starts_with(scheme)) return true;
  return path.find("://") != std::string_view::npos;
}

bool is_windows_path(std::string_view path) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return path.starts_with('\\') ||
         (path.size() > 2 && letter(path[0]) && path[1] == ':' && (path[2] == '\\' || path[2] == '/'));
}

std::string relative_path(const std::string& path, const std::string& directory) {
  const std::vector<std::string_view> to = split_path(path), from = split_path(directory);
  std::size_t common = 0;
  while (common < to.size() && common < from.size() && to[common] == from[common]) ++common;
  std::string out;
  for (std::size_t i = common; i < from.size(); ++i)
    if (!from[i].empty()) out += "../";
  for (std::size_t i = common; i < to.size(); ++i) (out += to[i]) += '/';
  return clean_path(out);
}

std::string resolve_path(std::string_view path, const PathBase& base) {
  if (path.starts_with('/') || is_windows_path(path)) return std::string(path);
  if (!base.home.empty() && (path == "~" || path.starts_with("~/")))
    return clean_path(base.home + '/' + std::string(path.substr(1)));
  return clean_path(base.directory + '/' + std::string(path));
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

void resolve_bind_volume(Node& node, const PathBase& base) {
  const Node* driver = node.find("driver");
  Node* options = node.find("driver_opts");
  if (driver == nullptr || driver->text() != "local" || options == nullptr || !options->is_mapping()) return;
  const Node* mount_options = options->find("o");
  Node* device = options->find("device");
  if (mount_options != nullptr && mount_options->text() == "bind" && device != nullptr) resolve_path(*device, base);
}

void resolve_paths(Node& document, const PathBase& base) { walk(document, document_type, base); }

}  // namespace stack::compose
