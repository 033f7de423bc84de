#include "engine/container/filter.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "base/error.hpp"
#include "engine/container/until.hpp"

namespace stack::engine::container {
namespace {

Record web() {
  Record record;
  record.id = "0123456789abcdef";
  record.name = "shop-web-1";
  record.image_id = "sha256:image";
  record.config.image = "busybox";
  record.config.labels = {{"project", "shop"}, {"empty", ""}};
  record.endpoints["shop_default"] = {};
  MountPoint mount;
  mount.name = "data";
  mount.destination = "/data";
  record.mounts.push_back(mount);
  record.state = State::running;
  return record;
}

bool matches(const char* filters, const Record& record = web(), const std::string& health = "none") {
  const ContainerFilter filter(parse_filters(filters), [](const std::string& name) {
    return name == "busybox:latest" ? "sha256:image" : std::string();
  });
  const std::vector<api::PortSummary> ports{{"0.0.0.0", 80, 32768, "tcp"}, {"", 53, 0, "udp"}};
  return filter.matches({record, health, {"net0123"}, ports});
}

TEST(Filters, BothSpellingsAreRead) {
  const Filters expected{{"label", {"a=b"}}, {"status", {"exited", "running"}}};
  EXPECT_EQ(parse_filters(R"({"label":{"a=b":true},"status":{"running":true,"exited":true,"dead":false}})"), expected);
  EXPECT_EQ(parse_filters(R"({"label":["a=b"],"status":["exited","running"]})"), expected);
  EXPECT_TRUE(parse_filters("").empty());
  for (const char* bad : {"{", "[]", "1", R"({"label":1})", R"({"label":[1]})", R"({"label":{"a":1}})"})
    EXPECT_THROW(parse_filters(bad), Error) << bad;
}

TEST(Filters, LabelsAreComparedOrLookedFor) {
  EXPECT_TRUE(matches(R"({"label":["project=shop"]})"));
  EXPECT_TRUE(matches(R"({"label":["project","empty"]})"));
  EXPECT_TRUE(matches(R"({"label":["empty="]})"));
  EXPECT_FALSE(matches(R"({"label":["project=shop","other"]})"));
  EXPECT_FALSE(matches(R"({"label":["project=sho"]})"));
}

TEST(Filters, NamesAreSearchedAsTextOrPattern) {
  EXPECT_TRUE(matches(R"({"name":["web"]})"));
  EXPECT_TRUE(matches(R"({"name":["^/shop-web-1$"]})"));
  EXPECT_TRUE(matches(R"({"name":["^shop"]})"));
  EXPECT_FALSE(matches(R"({"name":["^web"]})"));
  EXPECT_FALSE(matches(R"({"name":["(unclosed"]})"));
}

TEST(Filters, EveryOtherOneFindsAndMisses) {
  for (const char* hit :
       {R"({"id":["0123"]})", R"({"status":["running","exited"]})", R"({"network":["shop_default"]})",
        R"({"network":["net01"]})", R"({"volume":["data"]})", R"({"volume":["/data"]})", R"({"ancestor":["busybox"]})",
        R"({"ancestor":["busybox:latest"]})", R"({"ancestor":["sha256:image"]})", R"({"publish":["32768"]})",
        R"({"publish":["32000-33000/tcp"]})", R"({"expose":["53/udp"]})", R"({"expose":["80"]})", R"({"health":["none"]})",
        R"({"is-task":["false"]})"})
    EXPECT_TRUE(matches(hit)) << hit;
  for (const char* miss :
       {R"({"id":["123"]})", R"({"status":["exited"]})", R"({"network":["other"]})", R"({"volume":["other"]})",
        R"({"ancestor":["alpine"]})", R"({"publish":["80"]})", R"({"publish":["32768/udp"]})", R"({"expose":["53"]})",
        R"({"expose":["32768"]})", R"({"health":["healthy"]})", R"({"exited":["0"]})", R"({"is-task":["true"]})"})
    EXPECT_FALSE(matches(miss)) << miss;
}

TEST(Filters, ExitedMeansEndedWithThatCode) {
  Record record = web();
  record.state = State::exited;
  record.exit_code = 3;
  EXPECT_FALSE(matches(R"({"exited":["3"]})", record));  // never ran
  record.finished_at = api::Timestamp{};
  EXPECT_TRUE(matches(R"({"exited":["3"]})", record));
  EXPECT_FALSE(matches(R"({"exited":["0"]})", record));
}

TEST(Filters, UnknownOnesAndValuesAreRefused) {
  for (const char* bad : {R"({"zzz":["a"]})", R"({"status":["sleeping"]})", R"({"health":["fine"]})", R"({"exited":["x"]})",
                          R"({"publish":["http"]})", R"({"expose":["80-x"]})", R"({"is-task":["perhaps"]})"})
    EXPECT_THROW(matches(bad), Error) << bad;
  try {
    matches(R"({"zzz":["a"]})");
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "invalid filter 'zzz'");
  }
}

TEST(Until, IsATimeOrADurationBackFromNow) {
  EXPECT_EQ(parse_until({}), std::nullopt);
  EXPECT_EQ(parse_until({{"until", {"2023-11-14T22:13:20Z"}}}), 1'700'000'000'000'000'000);
  const auto now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_LE(parse_until({{"until", {"24h"}}}), now - 86'399'000'000'000);
  EXPECT_THROW(parse_until({{"until", {"yesterday"}}}), Error);
}

}  // namespace
}  // namespace stack::engine::container
