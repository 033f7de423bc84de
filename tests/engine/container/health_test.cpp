#include "engine/container/health.hpp"

#include <gtest/gtest.h>

namespace stack::engine::container {
namespace {

using namespace std::chrono_literals;

api::HealthResult result(int code) {
  api::HealthResult given;
  given.exit_code = code;
  return given;
}

HealthSettings every(std::chrono::nanoseconds interval) {
  HealthSettings settings;
  settings.argv = {"true"};
  settings.interval = interval;
  settings.timeout = 30s;
  settings.start_interval = 5s;
  return settings;
}

TEST(HealthSettings, HaveDockersDefaults) {
  api::ContainerConfig config;
  EXPECT_FALSE(health_settings(config));
  config.healthcheck.emplace();
  config.healthcheck->test = {"NONE"};
  EXPECT_FALSE(health_settings(config));
  config.healthcheck->test = {"CMD-SHELL", "exit 0"};
  const auto settings = health_settings(config);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->argv, (std::vector<std::string>{"/bin/sh", "-c", "exit 0"}));
  EXPECT_EQ(settings->interval, 30s);
  EXPECT_EQ(settings->timeout, 30s);
  EXPECT_EQ(settings->retries, 3);
  config.shell = {"/bin/ash", "-ec"};
  EXPECT_EQ(health_settings(config)->argv, (std::vector<std::string>{"/bin/ash", "-ec", "exit 0"}));
  config.healthcheck->test = {"CMD", "a", "b"};
  EXPECT_EQ(health_settings(config)->argv, (std::vector<std::string>{"a", "b"}));
}

TEST(Health, TheFirstSuccessMakesItHealthyAtOnce) {
  HealthTracker tracker(every(30s));
  EXPECT_LT(tracker.next_probe(0s), 1s);
  EXPECT_TRUE(tracker.record(50ms, result(0)));
  EXPECT_EQ(tracker.health().status, "healthy");
  EXPECT_EQ(tracker.next_probe(60ms), 60ms + 30s);  // from then on as asked
}

TEST(Health, EarlyFailuresAreNotCountedAndTheRegularProbeIsNotMissed) {
  HealthTracker tracker(every(2s));
  std::chrono::nanoseconds ended = 0s;
  std::chrono::nanoseconds began = 0s;
  int probes = 0;
  while ((began = tracker.next_probe(ended)) < 2s) {
    ASSERT_GE(began, ended);
    EXPECT_FALSE(tracker.record(began, result(1)));
    ended = began + 1ms;
    ASSERT_LT(++probes, 20);
  }
  EXPECT_GE(probes, 3);
  EXPECT_EQ(began, 2s);
  EXPECT_EQ(tracker.health().failing_streak, 0);
  tracker.record(2s, result(1));
  EXPECT_EQ(tracker.health().failing_streak, 1);
  EXPECT_EQ(tracker.next_probe(2s + 10ms), 4s + 10ms);
}

TEST(Health, RetriesInARowMakeItUnhealthyAndASuccessHealsIt) {
  HealthTracker tracker(every(1s));
  tracker.record(0s, result(0));
  EXPECT_FALSE(tracker.record(1s, result(1)));
  EXPECT_FALSE(tracker.record(2s, result(1)));
  EXPECT_TRUE(tracker.record(3s, result(1)));
  EXPECT_EQ(tracker.health().status, "unhealthy");
  EXPECT_EQ(tracker.health().failing_streak, 3);
  EXPECT_TRUE(tracker.record(4s, result(0)));
  EXPECT_EQ(tracker.health().status, "healthy");
  EXPECT_EQ(tracker.health().failing_streak, 0);
  EXPECT_EQ(tracker.health().log.size(), health_log_length);
}

TEST(Health, FailuresInTheStartPeriodAreExcused) {
  HealthSettings settings = every(1s);
  settings.start_period = 10s;
  settings.retries = 1;
  HealthTracker tracker(settings);
  EXPECT_FALSE(tracker.record(9s, result(1)));
  EXPECT_EQ(tracker.health().status, "starting");
  EXPECT_TRUE(tracker.record(10s, result(1)));
  EXPECT_EQ(tracker.health().status, "unhealthy");
}

TEST(Health, ASuccessEndsTheStartPeriod) {
  HealthSettings settings = every(1s);
  settings.start_period = 10s;
  settings.retries = 1;
  HealthTracker tracker(settings);
  tracker.record(1s, result(0));
  EXPECT_TRUE(tracker.record(2s, result(1)));
  EXPECT_EQ(tracker.health().status, "unhealthy");
}

TEST(Health, AChosenStartIntervalIsKept) {
  HealthSettings settings = every(30s);
  settings.start_period = 20s;
  settings.start_interval = 2s;
  settings.has_start_interval = true;
  HealthTracker tracker(settings);
  EXPECT_EQ(tracker.next_probe(0s), 2s);
  tracker.record(2s, result(1));
  EXPECT_EQ(tracker.next_probe(3s), 5s);
}

TEST(Health, AContainerThatEndedIsUnhealthy) {
  HealthTracker tracker(every(1s));
  tracker.record(0s, result(0));
  tracker.stop();
  EXPECT_EQ(tracker.health().status, "unhealthy");
}

TEST(Health, ARestartedEngineGoesOnWhereItWas) {
  HealthTracker tracker(every(1s));
  tracker.resume("healthy");
  EXPECT_FALSE(tracker.record(1ms, result(0)));
  EXPECT_FALSE(tracker.record(1s, result(1)));
  EXPECT_EQ(tracker.health().failing_streak, 1);  // no start any more that would excuse it
}

}  // namespace
}  // namespace stack::engine::container
