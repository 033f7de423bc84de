#include "engine/api/client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fstream>

#include "engine/api/stdcopy.hpp"
#include "tests/support/fake_engine.hpp"

namespace stack::engine::api {
namespace {

using test::FakeAnswer;
using test::FakeEngine;
using test::FakeRequest;
using namespace asio::experimental::awaitable_operators;

asio::awaitable<FakeAnswer> echo(FakeRequest request) {
  FakeAnswer answer;
  answer.body = nlohmann::json({{"method", request.method}, {"target", request.target}, {"body", request.body}}).dump();
  co_return answer;
}

/// A server, a client of it, and a loop to run both.
struct Pair {
  explicit Pair(FakeEngine::Handler handler, ClientOptions options = {})
      : engine(io, directory.path() / "e.sock", std::move(handler)),
        client(io.get_executor(), parse_endpoint("unix://" + (directory.path() / "e.sock").string()), std::move(options)) {}

  template <class T>
  T run(asio::awaitable<T> task) {
    return test::run<T>(io, std::move(task), [this] { engine.stop(); });
  }

  test::TempDir directory;
  asio::io_context io;
  FakeEngine engine;
  Client client;
};

std::string read_all(Pair& pair, asio::awaitable<void> task, std::string* into) {
  pair.run(std::move(task));
  return *into;
}

TEST(Client, SendsMethodTargetAndBodyUnderTheApiVersion) {
  Pair pair(echo);
  const Response response = pair.run(pair.client.request("POST", "/x?y=1", nlohmann::json({{"a", 1}})));
  const nlohmann::json seen = parse_body(response.body);
  EXPECT_EQ(seen["target"], "/v1.51/x?y=1");
  EXPECT_EQ(seen["method"], "POST");
  EXPECT_EQ(seen["body"], "{\"a\":1}");
}

asio::awaitable<void> request_thrice(Client* client) {
  for (int i = 0; i < 3; ++i) co_await client->request("GET", "/x");
}

TEST(Client, RequestsOneAfterTheOtherShareAConnection) {
  Pair pair(echo);
  pair.run(request_thrice(&pair.client));
  EXPECT_EQ(pair.engine.connections, 1);
  EXPECT_EQ(pair.client.requests_sent(), 3U);
}

asio::awaitable<void> request_two_at_once(Client* client) {
  co_await (client->request("GET", "/a") && client->request("GET", "/b"));
  co_await (client->request("GET", "/c") && client->request("GET", "/d"));
}

TEST(Client, RequestsAtTheSameTimeUseAConnectionEachAndKeepThem) {
  Pair pair(echo);
  pair.run(request_two_at_once(&pair.client));
  EXPECT_EQ(pair.engine.connections, 2);
  EXPECT_EQ(pair.engine.requests.size(), 4U);
}

asio::awaitable<FakeAnswer> refuse(FakeRequest request) {
  FakeAnswer answer;
  answer.status = request.target.find("text") != std::string::npos ? 500 : 409;
  answer.body = answer.status == 500 ? "plain text" : R"({"message":"Conflict. It exists"})";
  co_return answer;
}

TEST(Client, AnErrorCarriesTheEnginesMessageStatusAndCode) {
  Pair pair(refuse);
  try {
    pair.run(pair.client.request("GET", "/x"));
    FAIL() << "no error";
  } catch (const ApiError& error) {
    EXPECT_STREQ(error.what(), "Conflict. It exists");
    EXPECT_EQ(error.status(), 409);
    EXPECT_EQ(error.code(), ErrorCode::conflict);
  }
}

TEST(Client, AnErrorThatIsNoJsonIsPassedOnAsText) {
  Pair pair(refuse);
  try {
    pair.run(pair.client.request("GET", "/text"));
    FAIL() << "no error";
  } catch (const ApiError& error) {
    EXPECT_STREQ(error.what(), "plain text");
    EXPECT_EQ(error.code(), ErrorCode::internal);
  }
}

asio::awaitable<FakeAnswer> older_engine(FakeRequest request) {
  FakeAnswer answer;
  answer.extra_headers = "Api-Version: 1.47\r\n";
  if (request.target.starts_with("/v1.51/")) {
    answer.status = 400;
    answer.body = R"({"message":"client version 1.51 is too new. Maximum supported API version is 1.47"})";
  } else {
    answer.body = "{}";
  }
  co_return answer;
}

TEST(Client, AnOlderEngineIsAskedInItsOwnVersion) {
  Pair pair(older_engine);
  pair.run(request_thrice(&pair.client));
  EXPECT_EQ(pair.engine.requests, (std::vector<std::string>{"GET /v1.51/x", "GET /v1.47/x", "GET /v1.47/x", "GET /v1.47/x"}));
}

asio::awaitable<FakeAnswer> close_after_answer(FakeRequest) {
  FakeAnswer answer;
  answer.body = "{}";
  answer.close = true;
  co_return answer;
}

TEST(Client, AConnectionTheEngineClosedWhileIdleIsReplaced) {
  Pair pair(close_after_answer);
  pair.run(request_thrice(&pair.client));
  EXPECT_EQ(pair.engine.connections, 3);
}

TEST(Client, NobodyListeningIsAnErrorThatNamesTheEndpoint) {
  asio::io_context io;
  Client client(io.get_executor(), parse_endpoint("unix:///nonexistent/e.sock"));
  try {
    test::run<Response>(io, client.request("GET", "/x"), [] {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unavailable);
    EXPECT_STREQ(error.what(), "cannot connect to the engine at unix:///nonexistent/e.sock: No such file or directory");
  }
}

TEST(Client, AnEngineThatIsNotThereIsStartedOnce) {
  test::TempDir directory;
  const std::string path = directory.path() / "e.sock";
  asio::io_context io;
  std::unique_ptr<FakeEngine> engine;
  int started = 0;
  ClientOptions options;
  options.start_engine = [&] {
    ++started;
    engine = std::make_unique<FakeEngine>(io, path, echo);
  };
  Client client(io.get_executor(), parse_endpoint(path), options);
  test::run<void>(io, request_thrice(&client), [&] { engine->stop(); });
  EXPECT_EQ(started, 1);
}

asio::awaitable<FakeAnswer> end_before_answer(FakeRequest) {
  FakeAnswer answer;
  answer.status = 0;
  answer.close = true;
  co_return answer;
}

TEST(Client, AnEngineThatEndsBeforeItsFirstAnswerIsStartedAgainButOnlyOnce) {
  int started = 0;
  ClientOptions options;
  options.start_engine = [&] { ++started; };
  Pair pair(end_before_answer, options);
  EXPECT_THROW(pair.run(pair.client.request("GET", "/x")), Error);
  EXPECT_EQ(pair.engine.requests.size(), 2U);
}

TEST(Client, ASocketPathOfAnyLengthIsReached) {
  test::TempDir directory;
  const std::filesystem::path deep = directory.path() / std::string(120, 'd') / std::string(120, 'e');
  std::filesystem::create_directories(deep);
  const std::string previous = std::filesystem::current_path();
  asio::io_context io;
  std::filesystem::current_path(deep);
  FakeEngine engine(io, "e.sock", echo);
  std::filesystem::current_path(previous);
  Client client(io.get_executor(), parse_endpoint((deep / "e.sock").string()));
  const Response response = test::run<Response>(io, client.request("GET", "/x"), [&] { engine.stop(); });
  EXPECT_EQ(response.status, 200);
}

asio::awaitable<FakeAnswer> count_upload(FakeRequest request) {
  FakeAnswer answer;
  answer.body = "{\"status\":\"" + std::to_string(request.body.size()) + "\"}\n";
  co_return answer;
}

asio::awaitable<void> import_bytes(Client* client, BodySource* source, std::string* status) {
  ImportOptions options;
  options.repository = "app";
  options.tag = "1";
  ProgressStream progress = co_await client->import_image(*source, std::move(options));
  while (const auto message = co_await progress.next()) *status = message->status;
}

TEST(Client, UploadsAreSentInChunksOfAnyLength) {
  Pair pair(count_upload);
  StringSource source(std::string(3'000'001, 'x'));
  std::string status;
  EXPECT_EQ(read_all(pair, import_bytes(&pair.client, &source, &status), &status), "3000001");
  EXPECT_EQ(pair.engine.requests.at(0), "POST /v1.51/images/create?fromSrc=-&repo=app&tag=1");
}

TEST(Client, AFileIsUploadedFromItsDescriptor) {
  Pair pair(count_upload);
  const std::string path = pair.directory.path() / "f";
  std::ofstream(path) << std::string(500'000, 'y');
  FdSource source(pair.io.get_executor(), UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
  std::string status;
  EXPECT_EQ(read_all(pair, import_bytes(&pair.client, &source, &status), &status), "500000");
}

asio::awaitable<FakeAnswer> three_events(FakeRequest) {
  FakeAnswer answer;
  const std::string event = R"({"Type":"container","Action":"die","Actor":{"ID":"c","Attributes":{"exitCode":"3"}}})"
                            "\n";
  const std::string whole = event + event + event;
  answer.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < whole.size(); at += 10) {  // cut without regard to the lines
    const std::string piece = whole.substr(at, 10);
    answer.raw += (piece.size() == 10 ? "a" : std::to_string(piece.size())) + "\r\n" + piece + "\r\n";
  }
  answer.raw += "0\r\n\r\n";
  co_return answer;
}

asio::awaitable<void> collect_events(Client* client, std::vector<Event>* seen) {
  EventsOptions options;
  options.filters["label"] = {"a=b"};
  EventStream events = co_await client->events(std::move(options));
  while (auto event = co_await events.next()) seen->push_back(std::move(*event));
}

TEST(Client, EventsAreReadHoweverTheStreamIsCut) {
  Pair pair(three_events);
  std::vector<Event> seen;
  pair.run(collect_events(&pair.client, &seen));
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[2].action, "die");
  EXPECT_EQ(seen[2].attributes.at("exitCode"), "3");
  EXPECT_EQ(pair.engine.requests.at(0), "GET /v1.51/events?filters=%7B%22label%22%3A%7B%22a%3Db%22%3Atrue%7D%7D");
}

asio::awaitable<FakeAnswer> failing_build(FakeRequest) {
  FakeAnswer answer;
  answer.body = "{\"stream\":\"Step 1/1 : FROM x\\n\"}\r\n{\"errorDetail\":{\"message\":\"boom\"},\"error\":\"boom\"}\r\n";
  co_return answer;
}

asio::awaitable<void> build_something(Client* client, std::string* output) {
  StringSource context("");
  BuildOptions options;
  options.tags = {"a:1"};
  options.build_args["V"] = "x y";
  ProgressStream progress = co_await client->build_image(std::move(options), context);
  while (const auto message = co_await progress.next()) *output += message->stream;
}

TEST(Client, AnErrorInsideAProgressStreamIsThrown) {
  Pair pair(failing_build);
  std::string output;
  try {
    pair.run(build_something(&pair.client, &output));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "boom");
  }
  EXPECT_EQ(output, "Step 1/1 : FROM x\n");
  EXPECT_EQ(pair.engine.requests.at(0), "POST /v1.51/build?t=a%3A1&buildargs=%7B%22V%22%3A%22x%20y%22%7D&rm=1&version=1");
}

asio::awaitable<FakeAnswer> upgrade(FakeRequest) {
  FakeAnswer answer;
  std::string frames;
  append_std_frame(frames, StdStream::out, "together with the head");
  answer.raw =
      "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\n"
      "Upgrade: tcp\r\n\r\n" +
      frames;
  answer.close = true;
  co_return answer;
}

asio::awaitable<void> attach(Client* client, std::string* output, bool* multiplexed) {
  AttachOptions options;
  HijackedStream stream = co_await client->attach_container("c", std::move(options));
  *multiplexed = stream.multiplexed();
  stream.shutdown_write();
  char space[5];
  while (const std::size_t size = co_await stream.read_some(space)) output->append(space, size);
}

TEST(Client, AHijackedStreamBeginsWithWhatCameWithTheHead) {
  Pair pair(upgrade);
  std::string output;
  bool multiplexed = false;
  pair.run(attach(&pair.client, &output, &multiplexed));
  EXPECT_TRUE(multiplexed);
  EXPECT_EQ(output.substr(8), "together with the head");
}

TEST(Endpoint, ReadsTheFormsOfDockerHost) {
  EXPECT_EQ(parse_endpoint("unix:///run/x.sock").socket_path, "/run/x.sock");
  EXPECT_EQ(parse_endpoint("/run/x.sock").text(), "unix:///run/x.sock");
  EXPECT_EQ(parse_endpoint("tcp://localhost").text(), "tcp://localhost:2375");
  EXPECT_EQ(parse_endpoint("tcp://[::1]:99/").text(), "tcp://[::1]:99");
  EXPECT_EQ(parse_endpoint("tcp://[::1]").text(), "tcp://[::1]:2375");
  EXPECT_EQ(parse_endpoint("http://10.0.0.1:80").host, "10.0.0.1");
  for (const char* bad :
       {"", "unix://", "tcp://h:0", "tcp://h:99999", "tcp://h:x", "tcp://h/p", "ssh://h", "https://h", "x.sock", "tcp://[::1"})
    EXPECT_THROW(parse_endpoint(bad), Error) << bad;
}

}  // namespace
}  // namespace stack::engine::api
