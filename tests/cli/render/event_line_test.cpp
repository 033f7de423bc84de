#include "cli/render/event_line.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace stack::cli::render {
namespace {

namespace api = engine::api;

api::Event killed() {
  api::Event event;
  event.type = "container";
  event.action = "kill";
  event.actor_id = "dee37a4dbade";
  event.attributes = {{"name", "shop-web-1"}, {"image", "web"}, {"signal", "10"}, {"com.docker.compose.service", "web"}};
  event.time = api::Timestamp(std::chrono::nanoseconds(1'795'709'680'518'801'930));
  return event;
}

TEST(EventLine, IsThatOfDockerCompose) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  EXPECT_EQ(event_line(killed()),
            "2026-11-26 16:14:40.518801 container kill dee37a4dbade (image=web, name=shop-web-1, signal=10)");
}

TEST(EventJson, IsThatOfDockerCompose) {
  EXPECT_EQ(event_json(killed()),
            R"({"action":"kill","attributes":{"image":"web","name":"shop-web-1","signal":"10"},"id":"dee37a4dbade",)"
            R"("service":"web","time":"2026-11-26T16:14:40.51880193Z","type":"container"})");
}

}  // namespace
}  // namespace stack::cli::render
