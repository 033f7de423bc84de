#include "engine/events.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <limits>
#include <nlohmann/json.hpp>

namespace stack::engine {
namespace {

namespace asio = boost::asio;

struct Events : testing::Test {
  asio::io_context loop{1};
  EventHub hub{loop.get_executor()};
  std::vector<std::string> seen;
};

asio::awaitable<void> listen(std::shared_ptr<EventSubscription> subscription, std::vector<std::string>* seen) {
  for (;;) {
    const EventPtr event = co_await subscription->next();
    if (!event) break;
    seen->push_back(event->action);
  }
  seen->push_back("end");
}

TEST_F(Events, ArriveInOrderAtEveryListenerAndEndWithTheHub) {
  std::vector<std::string> other;
  asio::co_spawn(loop, listen(hub.subscribe(), &seen), asio::detached);
  asio::co_spawn(loop, listen(hub.subscribe(), &other), asio::detached);
  asio::post(loop, [&] {
    hub.publish("container", "create", "1", {});
    hub.publish("container", "start", "1", {});
    asio::post(loop, [&] {
      hub.publish("container", "die", "1", {});
      hub.close_all();
    });
  });
  loop.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"create", "start", "die", "end"}));
  EXPECT_EQ(other, seen);
  EXPECT_EQ(hub.listeners(), 0U);
}

TEST_F(Events, TimesOnlyGrowSoThatAReplayNeitherRepeatsNorLoses) {
  for (int i = 0; i < 100; ++i) hub.publish("container", "e" + std::to_string(i), "1", {});
  const auto all = hub.replay(0, std::numeric_limits<std::int64_t>::max());
  ASSERT_EQ(all.size(), 100U);
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LT(all[i - 1]->time_nano, all[i]->time_nano);
  const auto later = hub.replay(all[40]->time_nano + 1, std::numeric_limits<std::int64_t>::max());
  ASSERT_EQ(later.size(), 59U);
  EXPECT_EQ(later.front()->action, "e41");
  EXPECT_EQ(hub.replay(all[40]->time_nano, all[42]->time_nano).size(), 2U);
}

TEST_F(Events, OnlyTheLastOnesAreRemembered) {
  for (int i = 0; i < 3000; ++i) hub.publish("image", std::to_string(i), "1", {});
  const auto all = hub.replay(0, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(all.size(), 1024U);
  EXPECT_EQ(all.back()->action, "2999");
}

TEST_F(Events, AListenerThatDoesNotReadIsLetGo) {
  const auto slow = hub.subscribe();
  for (int i = 0; i < 20000; ++i) hub.publish("image", "pull", "1", {});
  asio::co_spawn(loop, listen(slow, &seen), asio::detached);
  loop.run();
  EXPECT_EQ(seen, std::vector<std::string>{"end"});
}

TEST_F(Events, AWaitCanBeCancelledAndLosesNothing) {
  const auto subscription = hub.subscribe();
  asio::cancellation_signal cancel;
  bool aborted = false;
  asio::co_spawn(loop, listen(subscription, &seen),
                 asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error) { aborted = error != nullptr; }));
  asio::post(loop, [&] { cancel.emit(asio::cancellation_type::terminal); });
  loop.run();
  EXPECT_TRUE(aborted);
  hub.publish("container", "start", "1", {});
  hub.close_all();
  loop.restart();
  asio::co_spawn(loop, listen(subscription, &seen), asio::detached);
  loop.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"start", "end"}));
}

TEST(EventJson, HasTheOldKeysForContainersOnly) {
  Event event{"container", "start", "abc", {{"image", "busybox"}, {"name", "web"}}, 1'500'000'000};
  const nlohmann::json json = to_json(event);
  EXPECT_EQ(json.at("status"), "start");
  EXPECT_EQ(json.at("id"), "abc");
  EXPECT_EQ(json.at("from"), "busybox");
  EXPECT_EQ(json.at("Actor").at("Attributes").at("name"), "web");
  EXPECT_EQ(json.at("time"), 1);
  EXPECT_EQ(json.at("timeNano"), 1'500'000'000);
  event.type = "network";
  EXPECT_FALSE(to_json(event).contains("status"));
}

}  // namespace
}  // namespace stack::engine
