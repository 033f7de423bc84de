#pragma once
// What the listings and prunes of several resources share.
#include <initializer_list>
#include <string>
#include <string_view>

#include "engine/container/filter.hpp"
#include "engine/http/router.hpp"

namespace stack::engine::http {

using container::Filters;

/// ?filters= of a request. Throws invalid_argument "invalid filter" and, for a key that is not in the list, "invalid filter
/// 'x'".
Filters read_filters(const Request& request, std::initializer_list<std::string_view> known);

/// label= and label!= of a prune or listing.
bool labels_match(const Filters& filters, const std::map<std::string, std::string>& labels);

/// The filter is absent, or one of its values is accepted.
template <class Predicate>
bool matches_any(const Filters& filters, const char* key, Predicate accepts) {
  const auto found = filters.find(key);
  if (found == filters.end()) return true;
  for (const std::string& value : found->second)
    if (accepts(value)) return true;
  return false;
}

/// A boolean filter ("dangling": "true", "1", ...). Throws invalid_argument when its value is neither, or there are several.
bool filter_flag(const Filters& filters, const char* key, bool otherwise);

}  // namespace stack::engine::http
