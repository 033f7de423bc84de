#include "engine/http/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stack::engine::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Metrics, ValuesOfLabelsAreEscaped) {
  std::string text;
  write_metric(text, "name", {{"a", "x\"y\\z\nq"}, {"b", ""}}, 1);
  EXPECT_EQ(text, "name{a=\"x\\\"y\\\\z\\nq\",b=\"\"} 1\n");
}

TEST(Metrics, WholeNumbersHaveNoExponent) {
  std::string text;
  write_single_metric(text, "bytes", "gauge", "Bytes.", 12345678901.0);
  EXPECT_EQ(text, "# HELP bytes Bytes.\n# TYPE bytes gauge\nbytes 12345678901\n");
  text.clear();
  write_metric(text, "seconds", {}, 0.25);
  EXPECT_EQ(text, "seconds 0.25\n");
}

TEST(Metrics, BucketsCountEverythingUpToTheirBound) {
  ApiMetrics metrics;
  metrics.record("/containers/{id}/json", 200, 400us);
  metrics.record("/containers/json", 404, 3ms);
  metrics.record("/containers/create", 201, 100s);
  std::string text;
  metrics.write(text);
  EXPECT_THAT(text, HasSubstr("stack_api_responses_total{route=\"containers\",status=\"2xx\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("stack_api_responses_total{route=\"containers\",status=\"4xx\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{route=\"containers\",le=\"0.0005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{route=\"containers\",le=\"0.005\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{route=\"containers\",le=\"30\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{route=\"containers\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("_count{route=\"containers\"} 3\n"));
}

}  // namespace
}  // namespace stack::engine::http
