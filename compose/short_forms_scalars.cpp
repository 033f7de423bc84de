// Scalars as text to what they stand for: numbers, sizes, durations, modes, words out of a list.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/error.hpp"
#include "base/units.hpp"
#include "compose/short_form_tools.hpp"
#include "compose/yaml.hpp"

namespace stack::compose::short_forms {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
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
    // "1e9" and "1_000_000" are numbers to YAML, and so they are out of a variable
    if (written.find_first_of("eE_") != std::string::npos)
      if (Node plain = resolve_plain_scalar(written, node.location); plain.is_integer() || plain.is_floating()) {
        node = std::move(plain);
        return integer(node, form);
      }
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

void external(Node& node, LongForm& form) { boolean(node, form); }

// ---- words ----------------------------------------------------------------------------------------------------------------

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

void concurrency(Node& node, LongForm& form) {
  constexpr std::array ways{"forbid", "queue"};
  one_of(node, form, ways);
}

void missed_fires(Node& node, LongForm& form) {
  constexpr std::array ways{"one", "skip"};
  one_of(node, form, ways);
}

void condition(Node& node, LongForm& form) {
  const std::string& name = node.as_string();
  if (name != "service_started" && name != "service_healthy" && name != "service_completed_successfully")
    complain(node, form,
             fmt::format("'{}' is not one of service_started, service_healthy, service_completed_successfully", name));
}

void selinux(Node& node, LongForm& form) {
  if (node.as_string() != "z" && node.as_string() != "Z")
    complain(node, form, fmt::format("'{}' is neither z (shared) nor Z (private)", node.as_string()));
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
