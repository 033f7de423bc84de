#include "compose/short_forms.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/error.hpp"
#include "base/units.hpp"
#include "compose/shell_words.hpp"

namespace stack::compose::short_forms {
namespace {

void complain(const Node& node, const LongForm& form, std::string_view text) {
  form.mistakes.add(node.location, form.path, text);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

/// A sequence with the items of `list`, at the place of `node`.
Node one_item_list(Node node) {
  Node list = Node::sequence(node.location);
  list.append(std::move(node));
  return list;
}

void assignment_list(Node& node, LongForm& form) {
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
    if (equals == 0 || whole.empty())
      form.mistakes.add(item.location, join_path(form.path, i), fmt::format("a name is missing in '{}'", whole));
    result.set(whole.substr(0, equals), std::move(value), item.location);
  }
  node = std::move(result);
}

}  // namespace

void integer(Node& node, LongForm& form) {
  if (node.is_floating()) {
    const double value = node.as_floating();
    if (value == std::floor(value) && std::abs(value) < 9e15)
      node = Node::integer(static_cast<std::int64_t>(value), node.location);
    else
      complain(node, form, fmt::format("expected an integer, found {}", node.text()));
    return;
  }
  if (!node.is_string()) return;
  const std::string& digits = node.as_string();
  std::int64_t value = 0;
  const char* begin = digits.data() + (digits.starts_with('+') ? 1 : 0);
  const auto result = std::from_chars(begin, digits.data() + digits.size(), value);
  if (digits.empty() || result.ec != std::errc() || result.ptr != digits.data() + digits.size())
    complain(node, form, fmt::format("'{}' is not an integer", digits));
  node = Node::integer(value, node.location);
}

void boolean(Node& node, LongForm& form) {
  if (!node.is_string()) return;
  const std::string word = lower(node.as_string());
  const bool yes = word == "true" || word == "yes" || word == "on" || word == "y";
  if (!yes && word != "false" && word != "no" && word != "off" && word != "n")
    complain(node, form, fmt::format("'{}' is not a boolean; write true or false", node.as_string()));
  else if (word != "true" && word != "false")
    form.mistakes.warn(node.location, form.path,
                       fmt::format("\"{}\" for boolean is not supported by YAML 1.2, please use `{}`", node.as_string(), yes));
  node = Node::boolean(yes, node.location);
}

void number(Node& node, LongForm& form) {
  if (!node.is_string()) return;
  const std::string& digits = node.as_string();
  double value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || result.ec != std::errc() || result.ptr != digits.data() + digits.size() || !std::isfinite(value))
    complain(node, form, fmt::format("'{}' is not a number", digits));
  node = Node::floating(value, node.location);
}

void single_number(Node& node, LongForm& form) {
  number(node, form);
  if (node.is_floating())
    node = Node::floating(std::strtod(format_float(node.as_floating(), true).c_str(), nullptr), node.location);
}

void count(Node& node, LongForm& form) {
  integer(node, form);
  if (node.is_integer() && node.as_integer() < 0) complain(node, form, fmt::format("{} is negative", node.as_integer()));
}

void text(Node& node, LongForm&) {
  if (node.is_scalar() && !node.is_null() && !node.is_string()) node = Node::string(node.text(), node.location);
}

void byte_size(Node& node, LongForm& form) {
  if (!node.is_string()) return integer(node, form);
  std::string written = node.text();
  if (written == "-1") {
    node = Node::integer(-1, node.location);
    return;
  }
  if (written.starts_with('+')) written.erase(0, 1);
  std::int64_t bytes = 0;
  try {
    bytes = parse_byte_size(written);
  } catch (const Error& error) {
    complain(node, form, error.what());
  }
  node = Node::integer(bytes, node.location);
}

void byte_count(Node& node, LongForm& form) {
  byte_size(node, form);
  if (node.is_integer() && node.as_integer() < 0) complain(node, form, fmt::format("{} is negative", node.as_integer()));
}

void instances(Node& node, LongForm& form) {
  integer(node, form);
  if (node.is_integer() && node.as_integer() > std::numeric_limits<std::int32_t>::max())
    complain(node, form, fmt::format("{} are more containers than there can be", node.as_integer()));
}

void duration(Node& node, LongForm& form) {
  std::int64_t nanoseconds = 0;
  try {
    nanoseconds = parse_duration(node.as_string()).count();
  } catch (const Error& error) {
    complain(node, form, error.what());
  }
  node = Node::integer(nanoseconds, node.location);
}

void file_mode(Node& node, LongForm& form) {
  constexpr std::int64_t largest = 07777;
  if (!node.is_string()) {
    count(node, form);
    if (node.is_integer() && node.as_integer() > largest)
      complain(node, form, fmt::format("{} is no file mode; write an octal number like 0440", node.as_integer()));
    return;
  }
  const std::string& digits = node.as_string();
  std::int64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  if (digits.empty() || result.ec != std::errc() || result.ptr != digits.data() + digits.size() || value < 0 || value > largest)
    complain(node, form, fmt::format("'{}' is not a file mode; write an octal number like 0440", digits));
  node = Node::integer(value, node.location);
}

void nano_cpus(Node& node, LongForm& form) {
  if (node.is_string()) number(node, form);
}

void list(Node& node, LongForm&) {
  if (node.is_string()) node = one_item_list(std::move(node));
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

namespace {

void assignment_mapping(Node& node, LongForm& form) {
  if (node.is_sequence()) return assignment_list(node, form);
  if (!node.is_mapping()) return;
  for (Node::Member& member : node.members()) text(member.value, form);
}

}  // namespace

void assignments(Node& node, LongForm& form) {
  const bool listed = node.is_sequence();
  assignment_mapping(node, form);
  if (!listed) return;
  for (const Node::Member& member : node.members())
    if (member.key.ends_with(' '))
      form.mistakes.add(member.key_location, form.path, fmt::format("'{}': a space stands before the '='", member.key));
}

void labels(Node& node, LongForm& form) {
  const bool written_as_mapping = node.is_mapping();
  assignment_mapping(node, form);
  if (!node.is_mapping()) return;
  for (Node::Member& member : node.members()) {
    if (written_as_mapping && member.key.empty()) form.mistakes.add(member.key_location, form.path, "a name is empty");
    if (member.value.is_null() && member.value.merge_tag == MergeTag::none)
      member.value = Node::string("", member.value.location);
  }
}

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

void build(Node& node, LongForm&) {
  if (!node.is_string()) return;
  Node result = Node::mapping(node.location);
  const Location where = node.location;
  result.set("context", std::move(node), where);
  node = std::move(result);
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

void condition(Node& node, LongForm& form) {
  const std::string& name = node.as_string();
  if (name != "service_started" && name != "service_healthy" && name != "service_completed_successfully")
    complain(node, form,
             fmt::format("'{}' is not one of service_started, service_healthy, service_completed_successfully", name));
}

namespace {

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

void service_networks(Node& node, LongForm& form) { names(node, form, "network"); }

void service_models(Node& node, LongForm& form) { names(node, form, "model"); }

void file_reference(Node& node, LongForm& form) {
  if (node.is_string()) {
    Node result = Node::mapping(node.location);
    const Location where = node.location;
    result.set("source", std::move(node), where);
    node = std::move(result);
  } else if (node.is_mapping() && node.find("source") == nullptr) {
    complain(node, form, "'source' is missing");
  }
}

void env_files(Node& node, LongForm& form) {
  list(node, form);
  if (!node.is_sequence()) return;
  for (std::size_t i = 0; i < node.items().size(); ++i) {
    Node& item = node.items()[i];
    if (item.is_string()) {
      Node entry = Node::mapping(item.location);
      const Location where = item.location;
      entry.set("path", std::move(item), where);
      item = std::move(entry);
    }
    if (!item.is_mapping()) continue;
    if (item.find("path") == nullptr) form.mistakes.add(item.location, join_path(form.path, i), "'path' is missing");
    if (item.find("required") == nullptr) item.set("required", Node::boolean(true, item.location), item.location);
  }
}

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

void device(Node& node, LongForm& form) {
  if (!node.is_string()) {
    if (node.is_mapping() && node.find("source") == nullptr) complain(node, form, "'source' is missing");
    if (node.is_mapping() && node.find("target") == nullptr) complain(node, form, "'target' is missing");
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

void part_names(Node& node, LongForm& form) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  for (const Node::Member& member : node.members())
    if (member.key.empty() || !std::all_of(member.key.begin(), member.key.end(), fits))
      form.mistakes.add(member.key_location, form.path,
                        fmt::format("'{}' cannot be a name: only letters, digits, '.', '_' and '-' can", member.key));
}

void selinux(Node& node, LongForm& form) {
  if (node.as_string() != "z" && node.as_string() != "Z")
    complain(node, form, fmt::format("'{}' is neither z (shared) nor Z (private)", node.as_string()));
}

void external(Node& node, LongForm& form) { boolean(node, form); }

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

void named_external(Node& node, LongForm& form) { name_external(node, form, true); }

void extends(Node& node, LongForm& form) {
  if (node.is_string()) {
    Node result = Node::mapping(node.location);
    const Location where = node.location;
    result.set("service", std::move(node), where);
    node = std::move(result);
  } else if (node.is_mapping() && node.find("service") == nullptr) {
    complain(node, form, "'service' is missing");
  }
}

void include(Node& node, LongForm& form) {
  if (node.is_string()) {
    Node result = Node::mapping(node.location);
    const Location where = node.location;
    result.set("path", std::move(node), where);
    node = std::move(result);
  }
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

namespace {

constexpr std::array pull_policies{"always", "never", "missing", "if_not_present", "build", "refresh", "daily", "weekly"};

/// every_1h30m
bool is_pull_interval(const std::string& policy) {
  constexpr std::string_view prefix = "every_";
  if (!policy.starts_with(prefix)) return false;
  try {
    return parse_duration(policy.substr(prefix.size())).count() > 0;
  } catch (const Error&) {
    return false;
  }
}

template <class Words>
void one_of(const Node& node, LongForm& form, const Words& words) {
  if (std::find(words.begin(), words.end(), node.as_string()) == words.end())
    complain(node, form, fmt::format("'{}' is not one of {}", node.as_string(), fmt::join(words, ", ")));
}

}  // namespace

void pull_policy(Node& node, LongForm& form) {
  const std::string& policy = node.as_string();
  if (std::find(pull_policies.begin(), pull_policies.end(), policy) != pull_policies.end()) return;
  if (!is_pull_interval(policy))
    complain(node, form, fmt::format("'{}' is not one of {}, every_<duration>", policy, fmt::join(pull_policies, ", ")));
}

void update_order(Node& node, LongForm& form) {
  constexpr std::array orders{"start-first", "stop-first"};
  one_of(node, form, orders);
}

void watch_action(Node& node, LongForm& form) {
  constexpr std::array actions{"rebuild", "sync", "restart", "sync+restart", "sync+exec"};
  one_of(node, form, actions);
}

void watch_trigger(Node& node, LongForm& form) {
  if (!node.is_mapping()) return;
  for (const char* needed : {"path", "action"})
    if (node.find(needed) == nullptr) complain(node, form, fmt::format("'{}' is missing", needed));
  const Node* action = node.find("action");
  if (action != nullptr && action->text().starts_with("sync") && node.find("target") == nullptr)
    complain(node, form, fmt::format("'target' is missing: where '{}' puts the files", action->text()));
}

void hook(Node& node, LongForm& form) {
  if (node.is_mapping() && node.find("command") == nullptr) complain(node, form, "'command' is missing");
}

void provider(Node& node, LongForm& form) {
  if (node.is_mapping() && node.find("type") == nullptr) complain(node, form, "'type' is missing");
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

void model(Node& node, LongForm& form) {
  if (node.is_mapping() && node.find("model") == nullptr) complain(node, form, "'model' is missing");
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

void file_object(Node& node, LongForm& form) {
  name_external(node, form, false);
  if (!node.is_mapping()) return;
  std::vector<std::string_view> sources;
  for (const std::string_view source : {"file", "environment", "content"})
    if (node.find(source) != nullptr) sources.push_back(source);
  if (sources.size() > 1) complain(node, form, fmt::format("'{}' exclude each other", fmt::join(sources, "' and '")));
}

void container_name(Node& node, LongForm& form) {
  const std::string& name = node.as_string();
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  bool valid = name.size() >= 2 && alphanumeric(name[0]);
  for (const char c : name) valid = valid && (alphanumeric(c) || c == '_' || c == '.' || c == '-');
  if (!valid)
    complain(node, form,
             fmt::format("'{}' must be two or more of letters, digits, '_', '.', '-', starting with a letter or digit", name));
}

}  // namespace stack::compose::short_forms
