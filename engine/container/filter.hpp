#pragma once
// The filters of GET /containers/json. Pure.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/container/container.hpp"

namespace stack::engine::container {

/// {"label": {"a=b"}, "status": {"running"}}; both of the API's spellings are decoded by parse_filters().
using Filters = std::map<std::string, std::vector<std::string>>;

/// The JSON of ?filters=: {"label":{"a=b":true}} or {"label":["a=b"]}. Throws invalid_argument "invalid filter".
Filters parse_filters(std::string_view json);

/// What a filter may ask beside the record.
struct FilterSubject {
  const Record& record;
  std::string health;                    ///< none, starting, healthy, unhealthy
  std::vector<std::string> network_ids;  ///< of its networks, parallel to record.endpoints
  std::vector<api::PortSummary> ports;   ///< as they are now
};

class ContainerFilter {
public:
  /// `image_id` turns the argument of ancestor into an image id (empty: no such image). Throws invalid_argument with Docker's
  /// texts for unknown filters and values.
  ContainerFilter(Filters filters, const std::function<std::string(const std::string&)>& image_id);

  bool matches(const FilterSubject& subject) const;
  /// status given: stopped containers are looked at even without all=1.
  bool implies_all() const;
  bool looks_at_ports() const;  ///< publish or expose given: FilterSubject::ports is needed
  const Filters& filters() const { return filters_; }

private:
  const std::vector<std::string>* find(const char* key) const;
  Filters filters_;
  std::vector<std::string> ancestors_;  // image ids and names
};

/// "a=b" (equal) or "a" (exists), for every resource that has labels.
bool label_matches(const std::map<std::string, std::string>& labels, const std::string& wanted);

}  // namespace stack::engine::container
