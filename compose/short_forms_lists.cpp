// Lists and mappings that stand for one another, and single items for lists.
#include "base/error.hpp"
#include "compose/shell_words.hpp"
#include "compose/short_form_tools.hpp"

namespace stack::compose::short_forms {
namespace {

/// A sequence with the items of `list`, at the place of `node`.
Node one_item_list(Node node) {
  Node list = Node::sequence(node.location);
  list.append(std::move(node));
  return list;
}

enum class EmptyNames { refused, allowed };

void assignment_list(Node& node, LongForm& form, EmptyNames empty) {
  Node result = Node::mapping(node.location);
  for (std::size_t i = 0; i < node.items().size(); ++i) {
    Node& item = node.items()[i];
    if (!item.is_string()) {
      form.mistakes.add(item.location, join_path(form.path, i),
                        fmt::format("expected a string like KEY=value, found {}", item.kind_name()));
      continue;
    }
    const std::string& whole = item.as_string();
    const std::size_t equals = whole.find('=');
    Node value = equals == std::string::npos ? Node(item.location) : Node::string(whole.substr(equals + 1), item.location);
    if (empty == EmptyNames::refused && (equals == 0 || whole.empty()))
      form.mistakes.add(item.location, join_path(form.path, i), fmt::format("a name is missing in '{}'", whole));
    result.set(whole.substr(0, equals), std::move(value), item.location);
  }
  node = std::move(result);
}

void assignment_mapping(Node& node, LongForm& form, EmptyNames empty) {
  if (node.is_sequence()) return assignment_list(node, form, empty);
  if (!node.is_mapping()) return;
  for (Node::Member& member : node.members()) text(member.value, form);
}

/// ["a", "b"] to {a: , b: }
void names(Node& node, LongForm& form, std::string_view kind) {
  if (!node.is_sequence()) return;
  Node result = Node::mapping(node.location);
  for (std::size_t i = 0; i < node.items().size(); ++i) {
    const Node& item = node.items()[i];
    if (!item.is_string())
      form.mistakes.add(item.location, join_path(form.path, i),
                        fmt::format("expected the name of a {}, found {}", kind, item.kind_name()));
    else if (result.find(item.as_string()) != nullptr)
      form.mistakes.add(item.location, form.path, fmt::format("'{}' is listed twice", item.as_string()));
    else
      result.set(item.as_string(), Node(item.location), item.location);
  }
  node = std::move(result);
}

}  // namespace

void list(Node& node, LongForm&) {
  if (node.is_string()) node = one_item_list(std::move(node));
}

void name_servers(Node& node, LongForm& form) {
  list(node, form);
  std::erase_if(node.items(), [](const Node& item) { return item.is_string() && item.as_string().empty(); });
}

void unique_list(Node& node, LongForm& form) {
  if (!node.is_sequence()) return;
  for (std::size_t i = 0; i < node.items().size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (node.items()[i].text() == node.items()[k].text()) {
        form.mistakes.add(node.items()[i].location, form.path, fmt::format("items at {} and {} are equal", k, i));
        return;
      }
}

void assignments(Node& node, LongForm& form) {
  const bool listed = node.is_sequence();
  assignment_mapping(node, form, EmptyNames::refused);
  if (!listed) return;
  for (const Node::Member& member : node.members())
    if (member.key.ends_with(' '))
      form.mistakes.add(member.key_location, form.path, fmt::format("'{}': a space stands before the '='", member.key));
}

namespace {

void texts_by_name(Node& node, LongForm& form, EmptyNames empty) {
  const bool written_as_mapping = node.is_mapping();
  assignment_mapping(node, form, empty);
  if (!node.is_mapping()) return;
  for (Node::Member& member : node.members()) {
    if (empty == EmptyNames::refused && written_as_mapping && member.key.empty())
      form.mistakes.add(member.key_location, form.path, "a name is empty");
    if (member.value.is_null() && member.value.merge_tag == MergeTag::none)
      member.value = Node::string("", member.value.location);
  }
}

}  // namespace

void labels(Node& node, LongForm& form) { texts_by_name(node, form, EmptyNames::allowed); }

void settings(Node& node, LongForm& form) { texts_by_name(node, form, EmptyNames::refused); }

void command(Node& node, LongForm& form) {
  if (!node.is_string()) return;
  Node words = Node::sequence(node.location);
  try {
    for (std::string& word : split_shell_words(node.as_string())) words.append(Node::string(std::move(word), node.location));
  } catch (const Error& error) {
    complain(node, form, error.what());
  }
  node = std::move(words);
}

void healthcheck_test(Node& node, LongForm& form) {
  if (node.is_string()) {
    Node words = Node::sequence(node.location);
    words.append(Node::string("CMD-SHELL", node.location));
    words.append(std::move(node));
    node = std::move(words);
  } else if (node.is_sequence() && !node.items().empty()) {
    const std::string kind = node.items().front().text();
    if (kind != "NONE" && kind != "CMD" && kind != "CMD-SHELL")
      complain(node.items().front(), form,
               fmt::format("the list must start with \"CMD\", \"CMD-SHELL\" or \"NONE\", not \"{}\"", kind));
  }
}

void option_values(Node& node, LongForm& form) {
  text(node, form);
  for (std::size_t i = 0; i < node.items().size(); ++i) {
    Node& item = node.items()[i];
    text(item, form);
    if (!item.is_string())
      form.mistakes.add(item.location, join_path(form.path, i),
                        fmt::format("expected a string, number or boolean, found {}", item.kind_name()));
  }
}

void ssh(Node& node, LongForm& form) {
  if (!node.is_mapping()) return;
  Node list = Node::sequence(node.location);
  for (Node::Member& member : node.members()) {
    text(member.value, form);
    if (!member.value.is_null() && !member.value.is_string())
      form.mistakes.add(member.value.location, join_path(form.path, member.key),
                        fmt::format("expected a path or nothing, found {}", member.value.kind_name()));
    const std::string path = member.value.text();
    list.append(Node::string(path.empty() ? member.key : member.key + '=' + path, member.key_location));
  }
  node = std::move(list);
}

void service_networks(Node& node, LongForm& form) { names(node, form, "network"); }

void service_models(Node& node, LongForm& form) { names(node, form, "model"); }

void extra_hosts(Node& node, LongForm& form) {
  Node result = Node::mapping(node.location);
  const auto add = [&](const std::string& host, std::string_view list, const Location& where) {
    Node* addresses = result.find(host);
    if (addresses == nullptr) addresses = &result.set(host, Node::sequence(where), where);
    while (true) {
      const std::size_t comma = list.find(',');
      std::string_view address = list.substr(0, comma);
      if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
      addresses->append(Node::string(std::string(address), where));
      if (comma == std::string_view::npos) return;
      list.remove_prefix(comma + 1);
    }
  };
  if (node.is_sequence()) {
    for (std::size_t i = 0; i < node.items().size(); ++i) {
      const Node& item = node.items()[i];
      const std::string whole = item.text();
      std::size_t cut = whole.find('=');
      if (cut == std::string::npos) cut = whole.find(':');
      if (cut == std::string::npos || cut == 0)
        form.mistakes.add(item.location, join_path(form.path, i), fmt::format("'{}' is not HOST=ADDRESS", whole));
      else
        add(whole.substr(0, cut), std::string_view(whole).substr(cut + 1), item.location);
    }
  } else if (node.is_mapping()) {
    for (const Node::Member& member : node.members()) {
      if (member.value.is_sequence()) {
        for (const Node& address : member.value.items()) add(member.key, address.text(), address.location);
      } else if (member.value.is_string()) {
        add(member.key, member.value.as_string(), member.value.location);
      } else {
        form.mistakes.add(member.value.location, join_path(form.path, member.key),
                          fmt::format("expected an address, found {}", member.value.kind_name()));
      }
    }
  }
  node = std::move(result);
}
}  // namespace stack::compose::short_forms
