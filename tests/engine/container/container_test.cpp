#include "engine/container/container.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/container/names.hpp"

namespace stack::engine::container {
namespace {

using namespace std::chrono_literals;

TEST(State, OnlyTheDrawnChangesAreAllowed) {
  EXPECT_TRUE(may_become(State::created, State::running));
  EXPECT_TRUE(may_become(State::running, State::restarting));
  EXPECT_TRUE(may_become(State::paused, State::exited));
  EXPECT_TRUE(may_become(State::restarting, State::running));
  EXPECT_TRUE(may_become(State::exited, State::removing));
  EXPECT_FALSE(may_become(State::created, State::paused));
  EXPECT_FALSE(may_become(State::running, State::removing));
  EXPECT_FALSE(may_become(State::exited, State::restarting));
  EXPECT_FALSE(may_become(State::removing, State::running));
}

TEST(State, NamesReadBack) {
  for (const State state :
       {State::created, State::running, State::paused, State::restarting, State::removing, State::exited, State::dead})
    EXPECT_EQ(parse_state(to_string(state)), state);
  EXPECT_THROW(parse_state("gone"), Error);
}

TEST(HumanDuration, IsWhatDockerPrints) {
  const std::vector<std::pair<std::chrono::nanoseconds, const char*>> expected{
      {0s, "Less than a second"}, {1s, "1 second"},       {59s, "59 seconds"},      {60s, "About a minute"},
      {2min, "2 minutes"},        {59min, "59 minutes"},  {60min, "About an hour"}, {89min, "About an hour"},
      {90min, "2 hours"},         {47h, "47 hours"},      {48h, "2 days"},          {13 * 24h, "13 days"},
      {14 * 24h, "2 weeks"},      {60 * 24h, "2 months"}, {800 * 24h, "2 years"}};
  for (const auto& [duration, text] : expected) EXPECT_EQ(human_duration(duration), text);
}

TEST(StatusText, IsWhatDockerPrints) {
  const api::Timestamp now(std::chrono::hours(1000));
  Record record;
  EXPECT_EQ(status_text(record, "", now), "Created");
  record.state = State::running;
  record.started_at = now - 3s;
  EXPECT_EQ(status_text(record, "", now), "Up 3 seconds");
  EXPECT_EQ(status_text(record, "healthy", now), "Up 3 seconds (healthy)");
  EXPECT_EQ(status_text(record, "starting", now), "Up 3 seconds (health: starting)");
  record.state = State::paused;
  EXPECT_EQ(status_text(record, "healthy", now), "Up 3 seconds (Paused)");
  record.state = State::exited;
  record.exit_code = 137;
  record.finished_at = now - 2min;
  EXPECT_EQ(status_text(record, "", now), "Exited (137) 2 minutes ago");
  record.state = State::restarting;
  EXPECT_EQ(status_text(record, "", now), "Restarting (137) 2 minutes ago");
}

TEST(Record, SurvivesTheDatabase) {
  Record record;
  record.id = "abc";
  record.name = "web";
  record.created = api::Timestamp(123456789ns);
  record.config.image = "busybox";
  record.config.cmd = std::vector<std::string>{"a", "b"};
  record.config.labels = {{"k", "v"}};
  record.host_config.memory = 6 << 20;
  record.host_config.restart_policy = {"on-failure", 3};
  record.endpoints["front"].aliases = {"www"};
  MountPoint mount;
  mount.type = "volume";
  mount.name = "data";
  mount.destination = "/data";
  mount.no_copy = true;
  mount.options = {"x"};
  record.mounts.push_back(mount);
  record.state = State::paused;
  record.intent = Intent::remove_with_volumes;
  record.started_at = api::Timestamp(5s);
  record.exit_code = 3;
  record.restart_count = 2;
  record.manually_stopped = true;
  record.health_status = "healthy";
  const nlohmann::json json = record;
  const Record read = nlohmann::json::parse(json.dump()).get<Record>();
  EXPECT_EQ(nlohmann::json(read), json);
  EXPECT_EQ(read.state, State::paused);
  EXPECT_EQ(read.intent, Intent::remove_with_volumes);
  EXPECT_EQ(read.started_at, record.started_at);
  EXPECT_FALSE(read.finished_at);
  EXPECT_EQ(read.config.cmd, record.config.cmd);
  EXPECT_FALSE(read.config.entrypoint);
  EXPECT_EQ(read.endpoints.at("front").aliases, std::vector<std::string>{"www"});
  EXPECT_TRUE(read.mounts.at(0).no_copy);
}

TEST(Names, AreCheckedInDockersWords) {
  EXPECT_EQ(check_name("/web-1"), "web-1");
  for (const char* bad : {"_bad!", "a", "", "/", "-x", "a b", "x/y"}) {
    try {
      check_name(bad);
      ADD_FAILURE() << bad << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()),
                std::string("Invalid container name (") + bad + "), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
    }
  }
}

TEST(Names, ARandomOneIsValidAndFree) {
  const std::string first = random_name([](const std::string&) { return false; });
  EXPECT_EQ(check_name(first), first);
  int asked = 0;
  const std::string crowded = random_name([&](const std::string& name) { return ++asked <= 10 || name == first; });
  EXPECT_EQ(check_name(crowded), crowded);
  EXPECT_EQ(asked, 11);
}

}  // namespace
}  // namespace stack::engine::container
