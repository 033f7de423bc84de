#pragma once
// What the API's answers cost, and the writing of Prometheus' text format. Loop thread.
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stack::engine::http {

/// Times from a request's header to its answer's, by class of route and status.
class ApiMetrics {
public:
  /// `pattern`: the route's ("/containers/{id}/json"); its first word is the class.
  void record(std::string_view pattern, int status, std::chrono::nanoseconds time);
  void write(std::string& text) const;

private:
  static constexpr std::array<double, 12> bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                 0.05,   0.1,   0.25,   1,     5,    30};  // seconds
  struct Histogram {
    std::array<std::uint64_t, bounds.size()> buckets{};  ///< each counts its own range only
    std::uint64_t count = 0;
    double sum = 0;  ///< seconds
  };
  std::map<std::string, Histogram, std::less<>> times_;
  std::map<std::pair<std::string, int>, std::uint64_t> answers_;  ///< by class and hundreds of the status
};

using MetricLabels = std::vector<std::pair<std::string_view, std::string>>;

/// "# HELP" and "# TYPE" of a metric: once, before its first value. `type`: counter, gauge, histogram.
void write_metric_head(std::string& text, std::string_view name, std::string_view type, std::string_view help);
/// One line: name{label="value"} number. Values of labels are escaped.
void write_metric(std::string& text, std::string_view name, const MetricLabels& labels, double value);
/// Both, for a metric of one value.
void write_single_metric(std::string& text, std::string_view name, std::string_view type, std::string_view help, double value);

}  // namespace stack::engine::http
