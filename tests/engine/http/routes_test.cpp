#include "engine/http/routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/events.hpp"
#include "engine/http/filters.hpp"
#include "tests/engine/http/http_fixture.hpp"

namespace stack::engine::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class HttpRoutes : public test::HttpFixture {
protected:
  HttpRoutes() {
    add_ping_routes(router_);
    add_event_routes(router_, hub_);
  }
  ~HttpRoutes() override { stop(); }

  /// Publishes on the loop thread and waits until that is done.
  void publish(std::string type, std::string action, std::string id, std::map<std::string, std::string> attributes = {}) {
    std::promise<void> done;
    asio::post(loop_, [&] {
      hub_.publish(type, action, id, std::move(attributes));
      done.set_value();
    });
    done.get_future().wait();
  }
  EventHub hub_{loop_.get_executor()};
};

TEST_F(HttpRoutes, PingTellsWhatTheEngineSpeaks) {
  start();
  const std::string head = request("HEAD /_ping");
  for (const char* line :
       {"HTTP/1.1 200 OK\r\n", "Api-Version: 1.51\r\n", "Ostype: linux\r\n", "Docker-Experimental: false\r\n",
        "Swarm: inactive\r\n", "Builder-Version: ", "Server: ", "Cache-Control: no-cache"})
    EXPECT_THAT(head, HasSubstr(line));
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  EXPECT_TRUE(request("GET /_ping").ends_with("\r\n\r\nOK"));
  EXPECT_TRUE(request("GET /v1.44/_ping").ends_with("\r\n\r\nOK"));
}

TEST_F(HttpRoutes, VersionHasWhatClientsNegotiateWith) {
  start();
  const std::string answer = request("GET /version");
  const auto body = nlohmann::json::parse(answer.substr(answer.find("\r\n\r\n")));
  EXPECT_EQ(body["ApiVersion"], "1.51");
  EXPECT_EQ(body["MinAPIVersion"], "1.24");
  EXPECT_EQ(body["Os"], "linux");
  EXPECT_EQ(body["Components"][0]["Name"], "Engine");
}

TEST_F(HttpRoutes, EventsComeAsTheyHappen) {
  start();
  test::Client client = connect();
  client.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked"));
  publish("container", "start", "abc", {{"name", "web"}, {"image", "busybox"}});
  const std::string line = client.read_until("}\n");
  const auto event = nlohmann::json::parse(line.substr(line.find('{')).substr(0, line.rfind('}') - line.find('{') + 1));
  EXPECT_EQ(event["Action"], "start");
  EXPECT_EQ(event["status"], "start");
  EXPECT_EQ(event["from"], "busybox");
  EXPECT_EQ(event["Actor"]["Attributes"]["name"], "web");
}

TEST_F(HttpRoutes, EventsAreReplayedUpToUntilAndFiltered) {
  start();
  publish("container", "exec_create: ls", "abc", {{"name", "web"}, {"app", "shop"}});
  publish("container", "start", "def", {{"name", "db"}});
  publish("network", "connect", "n1", {{"container", "abc"}});
  const auto actions = [&](const std::string& query) {
    const std::string answer =
        request("GET /events?since=1&until=" + std::to_string(std::time(nullptr) + 0) + ".999999999" + query);
    std::string found;
    for (std::size_t at = 0; (at = answer.find("\"Action\":\"", at)) != std::string::npos;) {
      at += 10;
      found += answer.substr(at, answer.find('"', at) - at) + ";";
    }
    return found;
  };
  EXPECT_EQ(actions(""), "exec_create: ls;start;connect;");
  EXPECT_EQ(actions("&filters=%7B%22type%22%3A%7B%22container%22%3Atrue%7D%7D"), "exec_create: ls;start;");
  EXPECT_EQ(actions("&filters=%7B%22event%22%3A%5B%22exec_create%22%5D%7D"), "exec_create: ls;");
  EXPECT_EQ(actions("&filters=%7B%22container%22%3A%5B%22abc%22%5D%7D"), "exec_create: ls;");
  EXPECT_EQ(actions("&filters=%7B%22label%22%3A%5B%22app%3Dshop%22%5D%7D"), "exec_create: ls;");
}

TEST_F(HttpRoutes, OfEventsUnknownFiltersAreIgnoredAndAnImageStandsForItsTags) {
  start();
  publish("container", "start", "abc", {{"name", "web"}, {"image", "shop/web:2"}});
  const auto filtered = [&](const std::string& filters) {
    return request("GET /events?since=1&until=" + std::to_string(std::time(nullptr)) + ".999999999&filters=" + filters);
  };
  EXPECT_THAT(filtered("%7B%22zzz%22%3A%5B%22x%22%5D%7D"), HasSubstr(R"("Action":"start")"));
  EXPECT_THAT(filtered("%7B%22image%22%3A%5B%22shop/web%22%5D%7D"), HasSubstr(R"("Action":"start")"));
  EXPECT_THAT(filtered("%7B%22image%22%3A%5B%22shop/web%3A1%22%5D%7D"), testing::Not(HasSubstr("Action")));
  EXPECT_THAT(request("GET /events?filters=nonsense"), HasSubstr(R"({"message":"invalid filter"})"));
}

TEST(Filters, FlagsAreRead) {
  EXPECT_TRUE(filter_flag({{"dangling", {"1"}}}, "dangling", false));
  EXPECT_FALSE(filter_flag({{"dangling", {"false"}}}, "dangling", true));
  EXPECT_TRUE(filter_flag({}, "dangling", true));
  EXPECT_THROW(filter_flag({{"dangling", {"maybe"}}}, "dangling", true), Error);
  EXPECT_THROW(filter_flag({{"dangling", {"true", "false"}}}, "dangling", true), Error);
}

TEST(Filters, LabelsMustAllMatch) {
  const std::map<std::string, std::string> labels{{"app", "shop"}, {"tier", "web"}};
  EXPECT_TRUE(labels_match({{"label", {"app", "tier=web"}}}, labels));
  EXPECT_FALSE(labels_match({{"label", {"app", "tier=db"}}}, labels));
  EXPECT_FALSE(labels_match({{"label!", {"app"}}}, labels));
}

}  // namespace
}  // namespace stack::engine::http
