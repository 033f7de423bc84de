#include "engine/container/restart.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::engine::container {
namespace {

using namespace std::chrono_literals;

RunEnd failed(std::chrono::nanoseconds ran = 1s, int restarts = 0) { return {1, ran, false, restarts}; }

TEST(RestartBackoff, DoublesFromAHundredMillisecondsToAMinute) {
  RestartBackoff backoff;
  const api::RestartPolicy always{"always", 0};
  std::vector<std::chrono::milliseconds> delays;
  for (int i = 0; i < 12; ++i) delays.push_back(*backoff.next(always, failed()));
  EXPECT_EQ(delays[0], 100ms);
  EXPECT_EQ(delays[1], 200ms);
  EXPECT_EQ(delays[9], 51'200ms);
  EXPECT_EQ(delays[10], 60s);
  EXPECT_EQ(delays[11], 60s);
}

TEST(RestartBackoff, ARunOfTenSecondsStartsOver) {
  RestartBackoff backoff;
  const api::RestartPolicy always{"always", 0};
  backoff.next(always, failed());
  backoff.next(always, failed());
  EXPECT_EQ(backoff.next(always, failed(9'999ms)), 400ms);
  EXPECT_EQ(backoff.next(always, failed(10s)), 100ms);
}

TEST(RestartBackoff, OnFailureWantsAFailureAndCounts) {
  RestartBackoff backoff;
  const api::RestartPolicy thrice{"on-failure", 3};
  EXPECT_FALSE(backoff.next(thrice, {0, 1s, false, 0}));
  EXPECT_TRUE(backoff.next(thrice, failed(1s, 2)));
  EXPECT_FALSE(backoff.next(thrice, failed(1s, 3)));
  const api::RestartPolicy unlimited{"on-failure", 0};
  EXPECT_TRUE(backoff.next(unlimited, failed(1s, 1000)));
}

TEST(RestartBackoff, WhatWasStoppedStaysDown) {
  RestartBackoff backoff;
  for (const char* name : {"always", "unless-stopped", "on-failure"})
    EXPECT_FALSE(backoff.next({name, 0}, {1, 1s, true, 0})) << name;
  for (const char* name : {"no", ""}) EXPECT_FALSE(backoff.next({name, 0}, failed())) << name;
}

TEST(StartsWithEngine, FollowsThePolicy) {
  EXPECT_TRUE(starts_with_engine({"always", 0}, false, true, 0));
  EXPECT_TRUE(starts_with_engine({"unless-stopped", 0}, true, false, 0));
  EXPECT_FALSE(starts_with_engine({"unless-stopped", 0}, true, true, 0));
  EXPECT_TRUE(starts_with_engine({"on-failure", 0}, true, false, 0));
  EXPECT_FALSE(starts_with_engine({"on-failure", 0}, false, false, 0));
  EXPECT_FALSE(starts_with_engine({"no", 0}, true, false, 1));
}

std::string refusal(const api::RestartPolicy& policy) {
  try {
    check_restart_policy(policy);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(RestartPolicy, IsCheckedInDockersWords) {
  EXPECT_EQ(refusal({"x", 0}),
            "invalid restart policy: unknown policy 'x'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'");
  EXPECT_EQ(refusal({"always", 2}), "invalid restart policy: maximum retry count can only be used with 'on-failure'");
  EXPECT_EQ(refusal({"on-failure", -2}), "invalid restart policy: maximum retry count cannot be negative");
  EXPECT_EQ(refusal({"on-failure", 5}), "");
  EXPECT_EQ(refusal({"", 0}), "");
}

}  // namespace
}  // namespace stack::engine::container
