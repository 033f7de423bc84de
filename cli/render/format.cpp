#include "cli/render/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "cli/render/table.hpp"

namespace stack::cli::render {

using nlohmann::json;

namespace {

struct Action {
  std::string_view field;  ///< empty: the whole object
  bool as_json = false;
};

Action parse_action(std::string_view text) {
  const auto trim = [](std::string_view part) {
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    return part;
  };
  Action action;
  std::string_view rest = trim(text);
  if (rest.starts_with("json ")) {
    action.as_json = true;
    rest = trim(rest.substr(5));
  }
  if (!rest.starts_with('.') || rest.find_first_of(" |()") != std::string_view::npos || (rest == "." && !action.as_json))
    throw Error(
        ErrorCode::invalid_argument,
        fmt::format("unsupported template \"{{{{{}}}}}\": only {{{{.Field}}}} and {{{{json .Field}}}} are understood", text));
  action.field = rest.substr(1);
  return action;
}

/// Calls literal() and action() for the parts of a template, in order.
template <class Literal, class OnAction>
void walk_template(std::string_view text, Literal literal, OnAction on_action) {
  while (!text.empty()) {
    const std::size_t open = text.find("{{");
    literal(text.substr(0, open));
    if (open == std::string_view::npos) return;
    const std::size_t close = text.find("}}", open);
    if (close == std::string_view::npos) throw Error(ErrorCode::invalid_argument, "unclosed \"{{\" in the template");
    on_action(parse_action(text.substr(open + 2, close - open - 2)));
    text.remove_prefix(close + 2);
  }
}

void append_unescaped(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == 't' || next == 'n') {
      out += next == 't' ? '\t' : '\n';
      ++i;
    } else {
      out += text[i];
    }
  }
}

}  // namespace

std::string apply_template(std::string_view text, const json& object) {
  std::string out;
  walk_template(
      text, [&](std::string_view literal) { append_unescaped(out, literal); },
      [&](const Action& action) {
        if (!action.field.empty() && !object.contains(action.field))
          throw Error(ErrorCode::invalid_argument,
                      fmt::format("the template names \"{}\", which does not exist", action.field));
        const json& value = action.field.empty() ? object : object.at(std::string(action.field));
        if (value.is_string() && !action.as_json)
          out += value.get<std::string>();
        else
          out += value.dump(-1, ' ', false, json::error_handler_t::replace);
      });
  return out;
}

namespace {

std::string title_of(std::string_view field, const FieldTitles& titles) {
  const auto found = titles.find(field);
  if (found != titles.end()) return found->second;
  std::string name(field);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

std::vector<std::string> header_of(std::string_view text, const FieldTitles& titles) {
  std::vector<std::string> header;
  walk_template(
      text, [](std::string_view) {}, [&](const Action& action) { header.push_back(title_of(action.field, titles)); });
  return header;
}

std::vector<std::string> cells_of(std::string line) {
  std::vector<std::string> cells;
  for (std::size_t tab = 0; (tab = line.find('\t')) != std::string::npos; line.erase(0, tab + 1))
    cells.push_back(line.substr(0, tab));
  cells.push_back(std::move(line));
  return cells;
}

}  // namespace

std::string format_rows(const std::vector<json>& rows, std::string_view format, const FieldTitles& titles) {
  constexpr std::string_view table_prefix = "table ";
  std::string out;
  if (format == "json") {
    for (const json& row : rows) out += row.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    return out;
  }
  if (!format.starts_with(table_prefix)) {
    for (const json& row : rows) out += apply_template(format, row) + "\n";
    return out;
  }
  format.remove_prefix(table_prefix.size());
  Table table(header_of(format, titles));
  for (const json& row : rows) table.add(cells_of(apply_template(format, row)));
  return table.text();
}

}  // namespace stack::cli::render
