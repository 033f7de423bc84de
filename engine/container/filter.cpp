#include "engine/container/filter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/name_pattern.hpp"

namespace stack::engine::container {

namespace {

const std::set<std::string>& known_filters() {
  static const std::set<std::string> names{"ancestor", "before",  "exited",    "expose", "health",
                                           "id",       "is-task", "isolation", "label",  "name",
                                           "network",  "publish", "since",     "status", "volume"};
  return names;
}

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::invalid_argument, message); }

template <class Predicate>
bool any(const std::vector<std::string>& values, Predicate predicate) {
  return std::any_of(values.begin(), values.end(), predicate);
}

bool volume_matches(const Record& record, const std::string& wanted) {
  return std::any_of(record.mounts.begin(), record.mounts.end(), [&](const MountPoint& mount) {
    return mount.name == wanted || mount.source == wanted || mount.destination == wanted;
  });
}

/// "80", "80/udp", "8000-8010/tcp"; no protocol means TCP.
struct PortRange {
  unsigned first = 0, last = 0;
  std::string protocol = "tcp";
};

std::optional<PortRange> parse_port_range(const std::string& text) {
  PortRange range;
  const auto slash = text.find('/');
  if (slash != std::string::npos) range.protocol = text.substr(slash + 1);
  const std::string numbers = text.substr(0, slash);
  const auto dash = numbers.find('-');
  const auto number = [](std::string_view digits, unsigned& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} && end == digits.data() + digits.size() && value <= 65535;
  };
  if (!number(std::string_view(numbers).substr(0, dash), range.first)) return std::nullopt;
  range.last = range.first;
  if (dash != std::string::npos && !number(std::string_view(numbers).substr(dash + 1), range.last)) return std::nullopt;
  return range;
}

/// `publish` asks for ports of the host, `expose` for those of the container.
bool port_matches(const api::PortSummary& port, const std::string& wanted, bool of_host) {
  const auto range = parse_port_range(wanted);
  const unsigned number = of_host ? port.public_port : port.private_port;
  return range && number != 0 && range->first <= number && number <= range->last && port.type == range->protocol;
}

void check_choice(const char* filter, const char* what, const std::string& value, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return;
  refuse(fmt::format("invalid filter '{0}={1}': invalid value for {2} ({1}): must be one of {3}", filter, value, what,
                     fmt::join(known, ", ")));
}

}  // namespace

Filters parse_filters(std::string_view json) {
  Filters filters;
  if (json.empty()) return filters;
  const nlohmann::json parsed = nlohmann::json::parse(json, nullptr, false);
  if (parsed.is_null()) return filters;
  if (!parsed.is_object()) refuse("invalid filter");
  for (const auto& [key, values] : parsed.items()) {
    auto& list = filters[key];
    if (values.is_object()) {
      for (const auto& [value, enabled] : values.items()) {
        if (!enabled.is_boolean()) refuse("invalid filter");
        if (enabled.get<bool>()) list.push_back(value);
      }
    } else if (values.is_array()) {
      for (const auto& value : values) {
        if (!value.is_string()) refuse("invalid filter");
        list.push_back(value.get<std::string>());
      }
    } else if (!values.is_null()) {
      refuse("invalid filter");
    }
  }
  std::erase_if(filters, [](const auto& entry) { return entry.second.empty(); });
  return filters;
}

bool label_matches(const std::map<std::string, std::string>& labels, const std::string& wanted) {
  const auto equals = wanted.find('=');
  const auto found = labels.find(wanted.substr(0, equals));
  return found != labels.end() && (equals == std::string::npos || found->second == wanted.substr(equals + 1));
}

ContainerFilter::ContainerFilter(Filters filters, const std::function<std::string(const std::string&)>& image_id)
    : filters_(std::move(filters)) {
  for (const auto& [key, values] : filters_)
    if (!known_filters().contains(key)) refuse(fmt::format("invalid filter '{}'", key));
  if (const auto* states = find("status"))
    for (const auto& state : *states)
      check_choice("status", "state", state, {"created", "running", "paused", "restarting", "removing", "exited", "dead"});
  if (const auto* health = find("health"))
    for (const auto& value : *health) check_choice("health", "health", value, {"none", "starting", "healthy", "unhealthy"});
  for (const char* key : {"publish", "expose"})
    if (const auto* ports = find(key))
      for (const auto& port : *ports)
        if (!parse_port_range(port)) refuse(fmt::format("invalid filter '{}={}': no port, range or port/protocol", key, port));
  if (const auto* values = find("is-task"))
    for (const auto& value : *values)
      if (value != "true" && value != "1" && value != "false" && value != "0")
        refuse(fmt::format("invalid filter 'is-task=[{}]'", value));
  if (const auto* codes = find("exited"))
    for (const auto& code : *codes) {
      int value = 0;
      const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), value);
      if (error != std::errc{} || end != code.data() + code.size())
        refuse(fmt::format("invalid filter 'exited={}': no number", code));
    }
  if (const auto* names = find("ancestor"))
    for (const auto& name : *names) {
      ancestors_.push_back(name);
      if (std::string id = image_id(name); !id.empty()) ancestors_.push_back(std::move(id));
    }
}

const std::vector<std::string>* ContainerFilter::find(const char* key) const {
  const auto found = filters_.find(key);
  return found == filters_.end() ? nullptr : &found->second;
}

bool ContainerFilter::implies_all() const { return find("status") != nullptr; }

bool ContainerFilter::looks_at_ports() const { return find("publish") != nullptr || find("expose") != nullptr; }

bool ContainerFilter::matches(const FilterSubject& subject) const {
  const Record& record = subject.record;
  if (const auto* values = find("label"))
    if (!std::all_of(values->begin(), values->end(),
                     [&](const auto& label) { return label_matches(record.config.labels, label); }))
      return false;
  if (const auto* values = find("name"))
    if (!any(*values,
             [&](const auto& name) { return name_matches(record.name, name) || name_matches("/" + record.name, name); }))
      return false;
  if (const auto* values = find("id"))
    if (!any(*values, [&](const auto& id) { return !id.empty() && record.id.starts_with(id); })) return false;
  if (const auto* values = find("status"))
    if (!any(*values, [&](const auto& state) { return state == to_string(record.state); })) return false;
  if (const auto* values = find("exited")) {
    const bool ended = record.state == State::exited && record.finished_at;
    if (!ended || !any(*values, [&](const auto& code) { return code == std::to_string(record.exit_code); })) return false;
  }
  if (const auto* values = find("health"))
    if (!any(*values, [&](const auto& health) { return health == subject.health; })) return false;
  if (const auto* values = find("network")) {
    const auto has = [&](const std::string& wanted) {
      if (record.endpoints.contains(wanted)) return true;
      return any(subject.network_ids, [&](const auto& id) { return !wanted.empty() && id.rfind(wanted, 0) == 0; });
    };
    if (!any(*values, has)) return false;
  }
  if (const auto* values = find("volume"))
    if (!any(*values, [&](const auto& volume) { return volume_matches(record, volume); })) return false;
  if (find("ancestor")) {
    const auto is = [&](const auto& image) { return image == record.image_id || image == record.config.image; };
    if (!any(ancestors_, is)) return false;
  }
  const auto has_port = [&](const std::string& wanted, bool of_host) {
    return std::any_of(subject.ports.begin(), subject.ports.end(),
                       [&](const auto& port) { return port_matches(port, wanted, of_host); });
  };
  if (const auto* values = find("publish"))
    if (!any(*values, [&](const auto& wanted) { return has_port(wanted, true); })) return false;
  if (const auto* values = find("expose"))
    if (!any(*values, [&](const auto& wanted) { return has_port(wanted, false); })) return false;
  if (const auto* values = find("is-task"))
    if (any(*values, [](const auto& value) { return value == "true" || value == "1"; })) return false;
  return true;
}

}  // namespace stack::engine::container
