// Sessions over real unix sockets: a server thread runs the loop, the test is a raw client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "tests/engine/http/http_fixture.hpp"

namespace stack::engine::http {
namespace {

using test::Client;
using test::HttpFixture;
using testing::HasSubstr;
using testing::StartsWith;

class HttpSession : public HttpFixture {
protected:
  HttpSession() { add_routes(); }
  ~HttpSession() override { stop(); }

  static asio::awaitable<void> hello(Request& request, ResponseWriter& response) {
    nlohmann::json body;
    body["path"] = request.path;
    body["version"] = request.api_version;
    co_await response.json(200, body);
  }
  static asio::awaitable<void> echo(Request& request, ResponseWriter& response) {
    std::string body = co_await request.body->read_all(1 << 20);
    co_await response.text(200, std::move(body));
  }
  static asio::awaitable<void> count(Request& request, ResponseWriter& response) {
    std::array<char, 65536> buffer;
    std::size_t total = 0;
    for (std::size_t size; (size = co_await request.body->read_some(buffer)) > 0;) total += size;
    co_await response.text(200, std::to_string(total));
  }
  static asio::awaitable<void> stream(Request&, ResponseWriter& response) {
    co_await response.begin_stream("text/plain");
    co_await response.write("one\n");
    co_await response.write("two\n");
  }
  static asio::awaitable<void> broken_stream(Request&, ResponseWriter& response) {
    co_await response.begin_stream("text/plain");
    co_await response.write("one\n");
    throw Error(ErrorCode::internal, "too late");
  }
  static asio::awaitable<void> raw_echo(Request& request, ResponseWriter& response) {
    const nlohmann::json options = co_await request.json_body();
    RawStream* stream = co_await response.hijack("application/vnd.docker.raw-stream");
    std::array<char, 4096> buffer;
    for (std::size_t size; (size = co_await stream->read_some(buffer)) > 0;) co_await stream->write({buffer.data(), size});
    co_await stream->write("bye " + options.dump());
  }
  asio::awaitable<void> forever(Request& request, ResponseWriter& response, bool streaming) {
    if (streaming) co_await response.begin_stream("text/plain");
    if (request.query.flag("hijack")) co_await response.hijack("x/y");
    struct Ended {
      std::promise<void>& promise;
      ~Ended() { promise.set_value(); }
    } ended{forever_ended_};
    forever_started_.set_value();
    asio::steady_timer timer(loop_, std::chrono::hours(1));
    co_await timer.async_wait(asio::use_awaitable);
  }
  static asio::awaitable<void> fail(Request& request, ResponseWriter&) {
    const std::string kind = request.query.get("kind");
    if (kind == "conflict") throw Error(ErrorCode::conflict, "it is in use");
    if (kind == "304") throw Error(ErrorCode::not_modified, "already");
    if (kind == "silent") co_return;
    throw std::runtime_error("unexpected");
  }

  void add_routes() {
    router_.add(Method::get, "/hello", hello);
    router_.add(Method::head, "/hello", hello);
    router_.add(Method::post, "/echo", echo);
    router_.add(Method::post, "/count", count);
    router_.add(Method::put, "/count", count);
    router_.add(Method::get, "/stream", stream);
    router_.add(Method::get, "/broken", broken_stream);
    router_.add(Method::post, "/raw", raw_echo);
    router_.add(Method::get, "/forever", [this](Request& q, ResponseWriter& r) { return forever(q, r, false); });
    router_.add(Method::post, "/forever", [this](Request& q, ResponseWriter& r) { return forever(q, r, true); });
    router_.add(Method::post, "/fail", fail);
  }

  std::promise<void> forever_started_;
  std::promise<void> forever_ended_;
};

TEST_F(HttpSession, AnswersSeveralRequestsOnOneConnection) {
  start();
  Client client = connect();
  for (int i = 0; i < 3; ++i) {
    client.send("GET /v1.44/hello HTTP/1.1\r\nHost: api.moby.localhost\r\n\r\n");
    const std::string answer = client.read_until("}\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Api-Version: 1.51\r\n"));
    EXPECT_THAT(answer, HasSubstr(R"({"path":"/hello","version":44})"));
  }
}

TEST_F(HttpSession, AnswersPipelinedRequestsInOrder) {
  start();
  Client client = connect();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\noneGET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nthree");
  const std::string all = client.read_all();
  const auto one = all.find("\r\n\r\none");
  const auto two = all.find("\"path\":\"/hello\"");
  const auto three = all.find("\r\n\r\nthree");
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
  EXPECT_NE(three, std::string::npos);
}

TEST_F(HttpSession, AcceptsAnEmptyHostAndRepeatedHeaders) {
  start();
  Client client = connect();
  std::string request = "GET /hello HTTP/1.1\r\nHost:\r\n";
  for (int i = 0; i < 12; ++i) request += "X-Docker-Expose-Session-Grpc-Method: /a/" + std::to_string(i) + "\r\n";
  client.send(request + "\r\n");
  EXPECT_THAT(client.read_until("}\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpSession, HeadHasTheHeadersOfGetAndNoBody) {
  start();
  Client client = connect();
  client.send("HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = client.read_all();
  EXPECT_THAT(answer, HasSubstr("Content-Length: "));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpSession, ReadsChunkedBodies) {
  start();
  Client client = connect();
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
  client.send("lo\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_THAT(client.read_until("hello world"), HasSubstr("\r\n\r\nhello world"));
}

TEST_F(HttpSession, StreamsBigBodies) {
  start();
  Client client = connect();
  client.send("POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "100000\r\n" + std::string(0x100000, 'x') + "\r\n";
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client.send(chunk));
  client.send("0\r\n\r\n");
  EXPECT_THAT(client.read_until("20971520"), HasSubstr("\r\n\r\n20971520"));
}

TEST_F(HttpSession, SendsContinueWhenAsked) {
  start();
  Client client = connect();
  client.send("PUT /count HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  EXPECT_THAT(client.read_until("\r\n\r\n4"), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(HttpSession, RefusesBadChunking) {
  start();
  Client client = connect();
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n");
  const std::string answer = client.read_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(answer, HasSubstr(R"({"message":"broken request body)"));
}

TEST_F(HttpSession, RefusesWhatIsNotHttp) {
  start();
  Client client = connect();
  client.send("\x16\x03\x01\x02garbage\r\n\r\n");
  EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 400 Bad Request\r\n"));
}

TEST_F(HttpSession, RefusesHugeHeaders) {
  start();
  Client client = connect();
  client.send("GET /hello HTTP/1.1\r\nHost: x\r\nX-Big: " + std::string(400 * 1024, 'x') + "\r\n\r\n");
  EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpSession, ClosesAConnectionThatNeverFinishesItsHeader) {
  start({.header_timeout = std::chrono::seconds(1)});
  Client client = connect();
  client.send("GET /hello HTT");
  EXPECT_EQ(client.read_all(), "");
}

TEST_F(HttpSession, SurvivesClientsThatLeaveInTheMiddle) {
  start();
  for (const char* part :
       {"", "GET", "GET /hello HTTP/1.1\r\nHost: x", "POST /echo HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"}) {
    Client client = connect();
    client.send(part);
    client.close();
  }
  Client client = connect();
  client.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_until("}\n"), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(HttpSession, StreamsInChunks) {
  start();
  Client client = connect();
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = client.read_until("0\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Transfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n"));
}

TEST_F(HttpSession, EndsStreamsToOldClientsByClosing) {
  start();
  Client client = connect();
  client.send("GET /stream HTTP/1.0\r\n\r\n");
  const std::string answer = client.read_all();
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_TRUE(answer.ends_with("\r\n\r\none\ntwo\n"));
}

TEST_F(HttpSession, CutsAStreamThatFails) {
  start();
  Client client = connect();
  client.send("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(client.read_all().ends_with("4\r\none\n\r\n"));
}

TEST_F(HttpSession, TurnsErrorsIntoMessages) {
  start();
  Client client = connect();
  client.send("POST /fail?kind=conflict HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string answer = client.read_until("}\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 409 Conflict\r\n"));
  EXPECT_THAT(answer, HasSubstr(R"({"message":"it is in use"})"));
  client.send("POST /fail HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_until("}\n"), StartsWith("HTTP/1.1 500 "));
  client.send("POST /fail?kind=silent HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_until("}\n"), StartsWith("HTTP/1.1 500 "));
  client.send("POST /fail?kind=304 HTTP/1.1\r\nHost: x\r\n\r\n");
  answer = client.read_until("\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 304 "));
  EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
  client.send("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
  answer = client.read_until("}\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_THAT(answer, HasSubstr(R"({"message":"page not found"})"));
  client.send("GET /v1.99/hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_until("}\n"), HasSubstr("client version 1.99 is too new"));
}

TEST_F(HttpSession, KeepsTheConnectionWhenAHandlerLeavesTheBodyUnread) {
  start();
  Client client = connect();
  client.send("POST /fail?kind=conflict HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + std::string(300000, 'x') +
              "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = client.read_until("\"path\"");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 409 Conflict\r\n"));
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpSession, KeepsInputThatCameWithAnUpgrade) {
  start();
  Client client = connect();
  client.send(
      "POST /raw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: "
      "13\r\n\r\n{\"Tty\":false}early ");
  EXPECT_THAT(client.read_until("early "),
              HasSubstr("HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
                        "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly "));
  client.send("late ");
  EXPECT_EQ(client.read_until("late "), "late ");
  client.half_close();
  EXPECT_EQ(client.read_all(), R"(bye {"Tty":false})");
}

TEST_F(HttpSession, HijacksWithoutUpgradeToo) {
  start();
  Client client = connect();
  client.send("POST /raw HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}abc");
  client.half_close();
  const std::string answer = client.read_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\nabcbye {}"));
}

TEST_F(HttpSession, CancelsAReadingHandlerWhenItsClientLeaves) {
  start();
  Client client = connect();
  client.send("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n");
  forever_started_.get_future().wait();
  client.close();
  EXPECT_EQ(forever_ended_.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST_F(HttpSession, CancelsAStreamWhenItsClientLeaves) {
  start();
  Client client = connect();
  client.send("POST /forever HTTP/1.1\r\nHost: x\r\n\r\n");
  forever_started_.get_future().wait();
  client.close();
  EXPECT_EQ(forever_ended_.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST_F(HttpSession, AHalfCloseDoesNotCancel) {
  start();
  Client client = connect();
  client.send("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n");
  client.half_close();
  forever_started_.get_future().wait();
  auto ended = forever_ended_.get_future();
  EXPECT_EQ(ended.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  client.close();
  EXPECT_EQ(ended.wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST_F(HttpSession, CountsConnectionsAndRequests) {
  start();
  Client idle = connect();
  idle.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  idle.read_until("}\n");
  Client busy = connect();
  busy.send("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n");
  forever_started_.get_future().wait();
  std::promise<std::pair<std::size_t, std::size_t>> counts;
  asio::post(loop_, [&] { counts.set_value({listener_->connections(), listener_->active_requests()}); });
  EXPECT_EQ(counts.get_future().get(), (std::pair<std::size_t, std::size_t>{2, 1}));
  std::promise<void> quiet;
  asio::post(loop_, [&] {
    listener_->on_quiet([&, done = false]() mutable {
      if (!done && listener_->connections() == 1 && listener_->active_requests() == 0) {
        done = true;
        quiet.set_value();
      }
    });
    busy.close();
  });
  EXPECT_EQ(quiet.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  std::promise<void> cleared;
  asio::post(loop_, [&] {
    listener_->on_quiet({});
    cleared.set_value();
  });
  cleared.get_future().wait();
}

TEST_F(HttpSession, APathThatIsNotCleanIsRedirectedAndABrokenEscapeRefused) {
  start();
  EXPECT_THAT(request("GET //hello?x=1"), HasSubstr("301 Moved Permanently"));
  EXPECT_THAT(request("GET //hello?x=1"), HasSubstr("Location: /hello?x=1\r\n"));
  EXPECT_THAT(request("GET /v1.51/a/../b/./hello/"), HasSubstr("Location: /v1.51/b/hello/\r\n"));
  EXPECT_THAT(request("GET /none"), HasSubstr("404 Not Found"));
  EXPECT_THAT(request("GET /hello%zz"), HasSubstr("400 Bad Request"));
}

TEST_F(HttpSession, StopClosesIdleConnectionsAndCancelsTheRest) {
  start();
  Client idle = connect();
  idle.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  idle.read_until("}\n");
  Client busy = connect();
  busy.send("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n");
  forever_started_.get_future().wait();
  auto stopped = asio::co_spawn(loop_, listener_->stop(std::chrono::milliseconds(50)), asio::use_future);
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_EQ(busy.read_all(), "");
  EXPECT_EQ(forever_ended_.get_future().wait_for(std::chrono::seconds(0)), std::future_status::ready);
}

}  // namespace
}  // namespace stack::engine::http
