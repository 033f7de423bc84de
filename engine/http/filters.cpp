#include "engine/http/filters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.hpp"

namespace stack::engine::http {

Filters read_filters(const Request& request, std::initializer_list<std::string_view> known) {
  Filters filters = container::parse_filters(request.query.find("filters").value_or(""));
  for (const auto& [key, values] : filters)
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw Error(ErrorCode::invalid_argument, "invalid filter '" + key + "'");
  return filters;
}

bool labels_match(const Filters& filters, const std::map<std::string, std::string>& labels) {
  if (const auto wanted = filters.find("label"); wanted != filters.end())
    for (const std::string& label : wanted->second)
      if (!container::label_matches(labels, label)) return false;
  if (const auto unwanted = filters.find("label!"); unwanted != filters.end())
    for (const std::string& label : unwanted->second)
      if (container::label_matches(labels, label)) return false;
  return true;
}

bool filter_flag(const Filters& filters, const char* key, bool otherwise) {
  const auto found = filters.find(key);
  if (found == filters.end() || found->second.empty()) return otherwise;
  const auto refuse = [&] {
    throw Error(ErrorCode::invalid_argument, fmt::format("invalid filter '{}=[{}]'", key, fmt::join(found->second, " ")));
  };
  if (found->second.size() > 1) refuse();
  const std::string& value = found->second.front();
  for (const char* yes : {"1", "true", "True", "t"})
    if (value == yes) return true;
  for (const char* no : {"0", "false", "False", "f"})
    if (value == no) return false;
  refuse();
  return otherwise;
}

}  // namespace stack::engine::http
