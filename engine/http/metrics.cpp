#include "engine/http/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace stack::engine::http {

namespace {

std::string_view route_class(std::string_view pattern) {
  if (!pattern.empty() && pattern.front() == '/') pattern.remove_prefix(1);
  return pattern.substr(0, pattern.find('/'));
}

void append_escaped(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n')
      text += "\\n";
    else
      text += c;
  }
}

void append_number(std::string& text, double value) {
  constexpr double exact = 9007199254740992.0;  // 2^53: whole numbers up to here
  if (value == std::floor(value) && std::abs(value) < exact)
    fmt::format_to(std::back_inserter(text), "{}", static_cast<std::int64_t>(value));
  else
    fmt::format_to(std::back_inserter(text), "{:.9g}", value);
}

}  // namespace

void ApiMetrics::record(std::string_view pattern, int status, std::chrono::nanoseconds time) {
  const std::string_view name = route_class(pattern);
  auto found = times_.find(name);
  if (found == times_.end()) found = times_.emplace(std::string(name), Histogram{}).first;
  Histogram& histogram = found->second;
  const double seconds = std::chrono::duration<double>(time).count();
  ++histogram.count;
  histogram.sum += seconds;
  const auto* bucket = std::lower_bound(bounds.begin(), bounds.end(), seconds);
  if (bucket != bounds.end()) ++histogram.buckets[static_cast<std::size_t>(bucket - bounds.begin())];
  ++answers_[{std::string(name), status / 100}];
}

void ApiMetrics::write(std::string& text) const {
  write_metric_head(text, "stack_api_responses_total", "counter", "Answers of the API by class of route and of status.");
  for (const auto& [key, count] : answers_)
    write_metric(text, "stack_api_responses_total", {{"route", key.first}, {"status", fmt::format("{}xx", key.second)}},
                 static_cast<double>(count));
  constexpr std::string_view name = "stack_api_request_duration_seconds";
  write_metric_head(text, name, "histogram", "Time from the header of a request to that of its answer.");
  for (const auto& [route, histogram] : times_) {
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      so_far += histogram.buckets[i];
      write_metric(text, fmt::format("{}_bucket", name), {{"route", route}, {"le", fmt::format("{}", bounds[i])}},
                   static_cast<double>(so_far));
    }
    write_metric(text, fmt::format("{}_bucket", name), {{"route", route}, {"le", "+Inf"}},
                 static_cast<double>(histogram.count));
    write_metric(text, fmt::format("{}_sum", name), {{"route", route}}, histogram.sum);
    write_metric(text, fmt::format("{}_count", name), {{"route", route}}, static_cast<double>(histogram.count));
  }
}

void write_metric_head(std::string& text, std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(text), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void write_metric(std::string& text, std::string_view name, const MetricLabels& labels, double value) {
  text += name;
  char separator = '{';
  for (const auto& [key, label] : labels) {
    text += separator;
    text += key;
    text += "=\"";
    append_escaped(text, label);
    text += '"';
    separator = ',';
  }
  if (!labels.empty()) text += '}';
  text += ' ';
  append_number(text, value);
  text += '\n';
}

void write_single_metric(std::string& text, std::string_view name, std::string_view type, std::string_view help, double value) {
  write_metric_head(text, name, type, help);
  write_metric(text, name, {}, value);
}

}  // namespace stack::engine::http
