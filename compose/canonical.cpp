#include "compose/canonical.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compose/short_forms.hpp"
#include "compose/yaml.hpp"

namespace stack::compose {
namespace {

unsigned bit(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null: return allow_null;
    case Node::Kind::boolean: return allow_boolean;
    case Node::Kind::integer:
    case Node::Kind::floating: return allow_number;
    case Node::Kind::string: return allow_string;
    case Node::Kind::sequence: return allow_list;
    case Node::Kind::mapping: return allow_mapping;
  }
  return 0;
}

using ToLong = void (*)(Node&, LongForm&);

/// The forms that stand for a structure.
bool makes_structure(ToLong form) {
  namespace sf = short_forms;
  constexpr std::array structures{&sf::ports,          &sf::port,    &sf::volume, &sf::depends_on,     &sf::dependency,
                                  &sf::env_files,      &sf::build,   &sf::list,   &sf::device,         &sf::service_networks,
                                  &sf::file_reference, &sf::extends, &sf::gpus,   &sf::service_models, &sf::include,
                                  &sf::name_servers};
  return std::find(structures.begin(), structures.end(), form) != structures.end();
}

/// The items of two lists are not laid over one another: a reset in one has nothing to take away.
void drop_resets(Node& node) {
  std::erase_if(node.items(), [](const Node& item) { return item.merge_tag == MergeTag::reset; });
  std::erase_if(node.members(), [](const Node::Member& member) { return member.value.merge_tag == MergeTag::reset; });
  for (Node& item : node.items()) drop_resets(item);
  for (Node::Member& member : node.members()) drop_resets(member.value);
}

/// What other tools, older versions of the format and Dockerfiles call it.
struct OtherName {
  std::string_view other, ours;
};
constexpr std::array other_names{
    OtherName{"args", "build"},       OtherName{"cmd", "command"},         OtherName{"context", "build"},
    OtherName{"cpu", "cpus"},         OtherName{"destination", "target"},  OtherName{"dockerfile", "build"},
    OtherName{"dst", "target"},       OtherName{"env", "environment"},     OtherName{"log_driver", "logging"},
    OtherName{"log_opt", "logging"},  OtherName{"memory", "mem_limit"},    OtherName{"mem", "mem_limit"},
    OtherName{"net", "network_mode"}, OtherName{"opts", "options"},        OtherName{"readonly", "read_only"},
    OtherName{"replicas", "deploy"},  OtherName{"resources", "deploy"},    OtherName{"src", "source"},
    OtherName{"type", "driver"},      OtherName{"workdir", "working_dir"},
};

/// What may have been meant by a key that `keys` lack; "" when nothing is near.
std::string unknown_key_hint(const Node::Member& member, std::span<const Key> keys, std::string_view path) {
  const auto other =
      std::find_if(other_names.begin(), other_names.end(), [&](const OtherName& name) { return name.other == member.key; });
  if (other != other_names.end()) {
    if (const Key* key = find_key(keys, other->ours); key != nullptr) {
      const Type& type = *key->type;
      const bool holds_it = type.keys != nullptr && find_key(type.keys(), member.key) != nullptr;
      return holds_it ? fmt::format("; it belongs below '{}'", key->name) : fmt::format("; did you mean '{}'?", key->name);
    }
  }
  std::vector<std::string_view> names;
  for (const Key& candidate : keys) names.push_back(candidate.name);
  if (const std::string_view meant = nearest(member.key, names); !meant.empty())
    return fmt::format("; did you mean '{}'?", meant);
  if (path.empty() && (member.value.find("image") != nullptr || member.value.find("build") != nullptr))
    return "; services are written below 'services:'";
  constexpr std::string_view services = "services.";
  if (path.starts_with(services) && find_key(document_type.keys(), path.substr(services.size())) != nullptr)
    return fmt::format("; is '{}:' above it indented too far?", path.substr(services.size()));
  return {};
}

/// The walk over one document.
class Canonicalizer {
public:
  Canonicalizer(Forms forms, Mistakes& mistakes) : forms_(forms), mistakes_(mistakes) {}

  void walk(Node& node, const Type& type, const std::string& path) {
    // A null may stand over a value of an earlier file; the merge decides, and refuse_nulls() has the last word.
    if (node.merge_tag == MergeTag::reset || (node.is_null() && (type.allowed & allow_null) == 0)) return;
    if ((type.allowed & bit(node.kind())) == 0) {
      mistakes_.add(node.location, path, wrong_type(type, node));
      return;
    }
    if (node.is_sequence()) drop_resets(node);
    if (type.to_long != nullptr) lengthen(node, type.to_long, path);
    if (node.is_sequence() && type.item != nullptr) {
      for (std::size_t i = 0; i < node.items().size(); ++i) walk_below_form(node.items()[i], *type.item, join_path(path, i));
    } else if (node.is_mapping() && type.value != nullptr) {
      const bool own_form = type.to_long != nullptr && !makes_structure(type.to_long);
      for (Node::Member& member : node.members()) {
        const std::string below = join_path(path, member.key);
        if (own_form)
          walk_below_form(member.value, *type.value, below);
        else
          walk(member.value, *type.value, below);
      }
    } else if (node.is_mapping() && type.keys != nullptr) {
      walk_structure(node, type, path);
    }
  }

private:
  /// A list or mapping that stayed as it was may hold what only its own form understands, as {host: 1.2.3.4}.
  void walk_below_form(Node& below, const Type& type, const std::string& path) {
    if (forms_ == Forms::all || (type.allowed & bit(below.kind())) != 0) walk(below, type, path);
  }

  void lengthen(Node& node, ToLong form, const std::string& path) {
    const MergeTag tag = node.merge_tag;
    if (forms_ == Forms::all) {
      LongForm long_form{path, mistakes_};
      form(node, long_form);
    } else if (makes_structure(form)) {
      Node attempt = node;
      Mistakes unreadable;  // "${PORT}:80" stays
      LongForm long_form{path, unreadable};
      form(attempt, long_form);
      if (unreadable.empty()) node = std::move(attempt);
    }
    node.merge_tag = tag;
    if (!node.is_sequence() || (items_ += node.items().size()) <= max_yaml_nodes) return;
    mistakes_.add(node.location, path, fmt::format("with this the lists of the file have more than {} items", max_yaml_nodes));
    node.items().clear();
  }

  void walk_structure(Node& node, const Type& type, const std::string& path) {
    const std::span<const Key> keys = type.keys();
    for (Node::Member& member : node.members()) {
      if (member.key.starts_with("x-") || member.value.merge_tag == MergeTag::reset) continue;
      const std::string below = join_path(path, member.key);
      const Key* key = find_key(keys, member.key);
      if (key == nullptr) {
        unknown_key(member, keys, path);
      } else if (key->support == Support::deprecated) {
        mistakes_.warn(member.key_location, "", fmt::format("'{}' is obsolete and ignored", below));
      } else {
        walk(member.value, *key->type, below);
      }
    }
  }

  void unknown_key(const Node::Member& member, std::span<const Key> keys, const std::string& path) {
    mistakes_.add(member.key_location, path,
                  fmt::format("unknown key '{}'{}", member.key, unknown_key_hint(member, keys, path)));
  }

  Forms forms_;
  Mistakes& mistakes_;
  std::size_t items_ = 0;  ///< of long forms so far: a range of ports is short in the file
};

void find_nulls(const Node& node, const Type& type, const std::string& path, Mistakes& mistakes) {
  if (node.merge_tag == MergeTag::reset) return;
  if (node.is_null() && (type.allowed & allow_null) == 0) {
    mistakes.add(node.location, path, wrong_type(type, node));
  } else if (node.is_sequence() && type.item != nullptr) {
    for (std::size_t i = 0; i < node.items().size(); ++i) find_nulls(node.items()[i], *type.item, join_path(path, i), mistakes);
  } else if (node.is_mapping() && type.value != nullptr) {
    for (const Node::Member& member : node.members())
      find_nulls(member.value, *type.value, join_path(path, member.key), mistakes);
  } else if (node.is_mapping() && type.keys != nullptr) {
    const std::span<const Key> keys = type.keys();
    for (const Node::Member& member : node.members())
      if (const Key* key = find_key(keys, member.key); key != nullptr && key->support == Support::yes)
        find_nulls(member.value, *key->type, join_path(path, member.key), mistakes);
  }
}

}  // namespace

void refuse_nulls(const Node& document, Mistakes& mistakes) { find_nulls(document, document_type, "", mistakes); }

void canonicalize(Node& document, Forms forms, Mistakes& mistakes) {
  Canonicalizer(forms, mistakes).walk(document, document_type, "");
}

}  // namespace stack::compose
