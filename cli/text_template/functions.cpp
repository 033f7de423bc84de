#include "cli/text_template/functions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace stack::cli::text_template {
namespace {

using Function = Value (*)(const Call& call);

struct Entry {
  std::string_view name;
  std::size_t minimum, maximum;  ///< number of arguments
  Function run;
  bool of_text = false;  ///< changes a text: leaves a title as it is
};

constexpr std::size_t any_number = 1'000'000;

[[noreturn]] void refuse(const Call& call, const std::string& message) {
  throw Error(ErrorCode::invalid_argument, fmt::format("{}: {}", call.function, message));
}

Value null_or_self(const Value& value) {
  static const Json nothing;
  return value.json ? value : Value{.json = &nothing, .field = {}};
}

const std::string& text_argument(const Call& call, std::size_t index) {
  const Value& value = call.arguments[index];
  if (!value.json || !value.json->is_string())
    refuse(call, fmt::format("argument {} must be a string, not {}", index + 1, type_name(value)));
  return value.json->get_ref<const std::string&>();
}

std::int64_t whole_argument(const Call& call, std::size_t index) {
  const Value& value = call.arguments[index];
  if (!value.json || !value.json->is_number_integer())
    refuse(call, fmt::format("argument {} must be a whole number, not {}", index + 1, type_name(value)));
  return value.json->get<std::int64_t>();
}

std::string with_each(std::string text, int (*change)(int)) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x80) c = static_cast<char>(change(c));
  return text;
}

Value to_json(const Call& call) { return call.made.keep(json_text(*null_or_self(call.arguments[0]).json)); }
Value to_lower(const Call& call) { return call.made.keep(with_each(text_argument(call, 0), std::tolower)); }
Value to_upper(const Call& call) { return call.made.keep(with_each(text_argument(call, 0), std::toupper)); }

Value to_title(const Call& call) {
  std::string text = text_argument(call, 0);
  bool starts = true;
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (starts && byte < 0x80) c = static_cast<char>(std::toupper(c));
    starts = byte < 0x80 && !std::isalnum(byte) && c != '_' && c != '\'';
  }
  return call.made.keep(std::move(text));
}

Value join(const Call& call) {
  const Value& list = call.arguments[0];
  const std::string& separator = text_argument(call, 1);
  if (!list.json || (!list.json->is_array() && !list.json->is_null())) refuse(call, "argument 1 must be a list of strings");
  std::string out;
  for (const Json& element : *list.json) {
    if (!element.is_string()) refuse(call, "argument 1 must be a list of strings");
    if (&element != &list.json->front()) out += separator;
    out += element.get_ref<const std::string&>();
  }
  return call.made.keep(std::move(out));
}

Value split(const Call& call) {
  std::string_view text = text_argument(call, 0);
  const std::string& separator = text_argument(call, 1);
  Json parts = Json::array();
  while (true) {
    // an empty separator parts all characters
    const std::size_t end = separator.empty() ? (text.size() > 1 ? 1 : std::string_view::npos) : text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + separator.size());
  }
  return call.made.keep(std::move(parts));
}

constexpr std::int64_t widest = 10'000;

Value pad(const Call& call) {
  const std::string& text = text_argument(call, 0);
  const auto blanks = [&](std::size_t index) {
    return std::string(static_cast<std::size_t>(std::clamp<std::int64_t>(whole_argument(call, index), 0, widest)), ' ');
  };
  return call.made.keep(text.empty() ? text : blanks(1) + text + blanks(2));
}

Value truncate(const Call& call) {
  const auto length = static_cast<std::size_t>(std::max<std::int64_t>(0, whole_argument(call, 1)));
  return call.made.keep(text_argument(call, 0).substr(0, length));
}

Value length_of(const Call& call) {
  const Value& value = call.arguments[0];
  if (!value.json) refuse(call, "nil has no length");
  if (value.json->is_string()) return call.made.keep(value.json->get_ref<const std::string&>().size());
  if (!value.json->is_structured() && !value.json->is_null()) refuse(call, fmt::format("{} has no length", type_name(value)));
  return call.made.keep(value.json->size());
}

/// What an entry that is not there is worth: an empty text among texts, else nil.
Value missing_entry(const Call& call, const Value& map) {
  const bool texts = map.json->is_null() || (!map.json->empty() && map.json->begin()->is_string());
  return texts ? call.made.keep("") : call.made.keep(nullptr);
}

Value entry_of(const Call& call, const Value& from, std::size_t key) {
  if (!from.json) refuse(call, "index of what has no value");
  if (from.json->is_object() || (from.json->is_null() && is_map(from, call.schema))) {
    const std::string& name = text_argument(call, key);
    const auto found = from.json->find(name);
    return found == from.json->end() ? missing_entry(call, from) : Value{.json = &*found, .field = {}};
  }
  const bool text = from.json->is_string();
  if (!text && !from.json->is_array() && !from.json->is_null()) refuse(call, fmt::format("can't index {}", type_name(from)));
  const std::int64_t index = whole_argument(call, key);
  const std::size_t size = text ? from.json->get_ref<const std::string&>().size() : from.json->size();
  if (index < 0 || static_cast<std::size_t>(index) >= size) refuse(call, fmt::format("index out of range: {}", index));
  if (text)
    return call.made.keep(
        static_cast<unsigned char>(from.json->get_ref<const std::string&>()[static_cast<std::size_t>(index)]));
  return {.json = &(*from.json)[static_cast<std::size_t>(index)], .field = {}};
}

Value index(const Call& call) {
  Value value = call.arguments[0];
  for (std::size_t key = 1; key < call.arguments.size(); ++key) value = entry_of(call, value, key);
  return value;
}

Value slice(const Call& call) {
  const Value& value = call.arguments[0];
  const bool text = value.json && value.json->is_string();
  if (!text && !(value.json && value.json->is_array())) refuse(call, fmt::format("can't slice {}", type_name(value)));
  const std::size_t size = text ? value.json->get_ref<const std::string&>().size() : value.json->size();
  const auto bound = [&](std::size_t argument, std::size_t usual) {
    if (call.arguments.size() <= argument) return usual;
    const std::int64_t number = whole_argument(call, argument);
    if (number < 0 || static_cast<std::size_t>(number) > size) refuse(call, fmt::format("index out of range: {}", number));
    return static_cast<std::size_t>(number);
  };
  const std::size_t begin = bound(1, 0);
  const std::size_t end = bound(2, size);
  if (begin > end) refuse(call, fmt::format("invalid slice index: {} > {}", begin, end));
  if (text) return call.made.keep(value.json->get_ref<const std::string&>().substr(begin, end - begin));
  Json part = Json::array();
  for (std::size_t i = begin; i < end; ++i) part.push_back((*value.json)[i]);
  return call.made.keep(std::move(part));
}

/// Go puts blanks between operands unless one of the two is a text.
Value print(const Call& call) {
  std::string out;
  bool after_text = true;
  for (const Value& value : call.arguments) {
    const bool text = value.json && value.json->is_string();
    if (!after_text && !text) out += ' ';
    out += text_of(value, call.schema);
    after_text = text;
  }
  return call.made.keep(std::move(out));
}

Value print_line(const Call& call) {
  std::string out;
  for (const Value& value : call.arguments) out += (out.empty() ? "" : " ") + text_of(value, call.schema);
  return call.made.keep(out + "\n");
}

Value print_format(const Call& call) {
  return call.made.keep(print_formatted(text_argument(call, 0), call.arguments.subspan(1), call.schema));
}

Value logical_not(const Call& call) { return call.made.keep(!is_true(call.arguments[0])); }

/// -1, 0, 1. Throws when the two are of different kinds.
int compare(const Call& call, const Value& left, const Value& right) {
  const auto order = [](const auto& a, const auto& b) { return a < b ? -1 : b < a ? 1 : 0; };
  if (left.json && right.json) {
    const Json& a = *left.json;
    const Json& b = *right.json;
    if (a.is_string() && b.is_string()) return order(a.get_ref<const std::string&>(), b.get_ref<const std::string&>());
    if (a.is_number_integer() && b.is_number_integer()) return order(a.get<std::int64_t>(), b.get<std::int64_t>());
    if (a.is_number_float() && b.is_number_float()) return order(a.get<double>(), b.get<double>());
    if (a.is_boolean() && b.is_boolean() && (call.function == "eq" || call.function == "ne"))
      return order(a.get<bool>(), b.get<bool>());
  }
  const bool equality = call.function == "eq" || call.function == "ne";
  const auto is_nil = [](const Value& value) { return !value.json || value.json->is_null(); };
  if (equality && (is_nil(left) || is_nil(right))) return is_nil(left) && is_nil(right) ? 0 : 1;
  refuse(call, fmt::format("can't compare {} and {}", type_name(left), type_name(right)));
}

Value equal(const Call& call) {
  for (std::size_t i = 1; i < call.arguments.size(); ++i)
    if (compare(call, call.arguments[0], call.arguments[i]) == 0) return call.made.keep(true);
  return call.made.keep(false);
}

Value ordered(const Call& call) {
  const int order = compare(call, call.arguments[0], call.arguments[1]);
  const bool result = call.function == "ne"   ? order != 0
                      : call.function == "lt" ? order < 0
                      : call.function == "le" ? order <= 0
                      : call.function == "gt" ? order > 0
                                              : order >= 0;
  return call.made.keep(result);
}

std::string printed(const Call& call) { return print(call).json->get<std::string>(); }

Value to_html(const Call& call) {
  std::string out;
  for (const char c : printed(call)) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&#34;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return call.made.keep(std::move(out));
}

Value to_script(const Call& call) {
  std::string out;
  for (const char c : printed(call)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' || c == '\'' || c == '"')
      out += std::string("\\") + c;
    else if (byte < 0x20 || c == '<' || c == '>' || c == '&' || c == '=')
      out += fmt::format("\\u{:04X}", byte);
    else
      out += c;
  }
  return call.made.keep(std::move(out));
}

Value to_query(const Call& call) {
  std::string out;
  for (const char c : printed(call)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ')
      out += '+';
    else if (std::isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~')
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  return call.made.keep(std::move(out));
}

constexpr std::array table{
    Entry{"and", 1, any_number, nullptr},  // the executor's
    Entry{"or", 1, any_number, nullptr},
    Entry{"eq", 2, any_number, equal},
    Entry{"ge", 2, 2, ordered},
    Entry{"gt", 2, 2, ordered},
    Entry{"html", 0, any_number, to_html},
    Entry{"index", 1, any_number, index},
    Entry{"join", 2, 2, join, true},
    Entry{"js", 0, any_number, to_script},
    Entry{"json", 1, 1, to_json, true},
    Entry{"le", 2, 2, ordered},
    Entry{"len", 1, 1, length_of},
    Entry{"lower", 1, 1, to_lower, true},
    Entry{"lt", 2, 2, ordered},
    Entry{"ne", 2, 2, ordered},
    Entry{"not", 1, 1, logical_not},
    Entry{"pad", 3, 3, pad, true},
    Entry{"print", 0, any_number, print},
    Entry{"printf", 1, any_number, print_format},
    Entry{"println", 0, any_number, print_line},
    Entry{"slice", 1, 3, slice},
    Entry{"split", 2, 2, split, true},
    Entry{"title", 1, 1, to_title, true},
    Entry{"truncate", 2, 2, truncate, true},
    Entry{"upper", 1, 1, to_upper, true},
    Entry{"urlquery", 0, any_number, to_query},
};

const Entry& get(const Call& call) {
  const auto* const found =
      std::find_if(table.begin(), table.end(), [&](const Entry& entry) { return entry.name == call.function; });
  const std::size_t count = call.arguments.size();
  if (count < found->minimum || count > found->maximum)
    refuse(call, fmt::format("wrong number of arguments: wants {}{}, got {}", found->maximum == any_number ? "at least " : "",
                             found->minimum, count));
  return *found;
}

}  // namespace

Value MadeValues::keep(Json value) {
  constexpr std::size_t most_values = 2'000'000;
  constexpr std::size_t most_bytes = std::size_t{64} << 20;
  if (value.is_string()) bytes_ += value.get_ref<const std::string&>().size();
  if (value.is_array()) bytes_ += value.size() * sizeof(Json);
  if (bytes_ > most_bytes || values_.size() >= most_values)
    throw Error(ErrorCode::invalid_argument, "the template makes more than 64 MiB of values");
  return {.json = &values_.emplace_back(std::move(value)), .field = {}};
}

bool is_function(std::string_view name) {
  return std::any_of(table.begin(), table.end(), [&](const Entry& entry) { return entry.name == name; });
}

Value call_function(const Call& call) { return get(call).run(call); }

Value call_in_header(const Call& call) {
  const Entry& entry = get(call);
  return entry.of_text ? call.arguments[0] : entry.run(call);
}

}  // namespace stack::cli::text_template
