#include "scheduler/executor.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "scheduler/wait.hpp"
#include "tests/scheduler/support.hpp"
#include "tests/support/fake_engine.hpp"

namespace stack::scheduler {
namespace {

using nlohmann::json;
using stack::test::FakeAnswer;
using stack::test::FakeEngine;
using stack::test::FakeRequest;

/// What a test makes the engine answer: the first part of "METHOD /path" (without version and query) decides.
struct Script {
  std::map<std::string, FakeAnswer> answers;
  std::map<std::string, std::vector<FakeAnswer>> sequences;  ///< used one after the other, the last one for ever
  std::map<std::string, std::string> bodies;                 ///< of requests, last one
  std::vector<std::string> seen;                             ///< "POST /containers/x/start", in order
};

std::string path_of(const FakeRequest& request) {
  std::string path = request.target.substr(request.target.find('/', 1));
  return request.method + " " + path.substr(0, path.find('?'));
}

FakeAnswer answer_of(int status, std::string body = "") {
  FakeAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

/// Head at once, events later: what the engine's event stream does.
FakeAnswer event_stream(std::string events) {
  FakeAnswer answer;
  answer.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  if (!events.empty()) {
    char size[24];
    std::snprintf(size, sizeof size, "%zx\r\n", events.size());
    answer.raw += size + events + "\r\n";
  }
  return answer;
}

asio::awaitable<FakeAnswer> play(std::shared_ptr<Script> script, FakeRequest request) {
  const std::string path = path_of(request);
  script->seen.push_back(path);
  script->bodies[path] = request.body;
  if (auto found = script->sequences.find(path); found != script->sequences.end()) {
    FakeAnswer answer = found->second.front();
    if (found->second.size() > 1) found->second.erase(found->second.begin());
    co_return answer;
  }
  if (const auto found = script->answers.find(path); found != script->answers.end()) co_return found->second;
  if (path == "POST /containers/create") co_return answer_of(201, R"({"Id":"new","Warnings":[]})");
  if (path == "POST /networks/create") co_return answer_of(201, R"({"Id":"net","Warning":""})");
  co_return answer_of(204);
}

class Recorder : public NoProgress {
public:
  void operation(const Operation& operation, Phase phase, std::string_view status) override {
    if (phase == Phase::skipped) skipped.push_back(operation.id);
    lines.push_back(operation.subject + " " + std::string(status));
  }
  void warning(std::string_view text) override { warnings.emplace_back(text); }
  void build_output(const Operation&, std::string_view text) override { output += text; }

  std::vector<std::string> lines, warnings;
  std::vector<int> skipped;
  std::string output;
};

struct Fixture : ::testing::Test {
  Fixture()
      : engine(io, directory.path() / "e.sock",
               [script = script](FakeRequest request) { return play(script, std::move(request)); }),
        client(io.get_executor(), api::parse_endpoint((directory.path() / "e.sock").string())) {}

  template <class T>
  T run(asio::awaitable<T> task) {
    return stack::test::run<T>(io, std::move(task), [this] { engine.stop(); });
  }

  void run_plan(Plan plan) { run(execute(client, std::move(plan), progress)); }

  std::string error_of_plan(Plan plan) {
    try {
      run_plan(std::move(plan));
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  stack::test::TempDir directory;
  asio::io_context io;
  std::shared_ptr<Script> script = std::make_shared<Script>();
  FakeEngine engine;
  api::Client client;
  Recorder progress;
};

using Execute = Fixture;

Operation operation(int id, std::vector<int> after, Action action, const std::string& service) {
  Operation made;
  made.id = id;
  made.after = std::move(after);
  made.action = std::move(action);
  made.service = service;
  made.resource = "service:" + service + ":1";
  made.subject = "Container p-" + service + "-1";
  made.where = "compose.yaml:3:5";
  return made;
}

Plan plan_of(std::vector<Operation> operations) {
  Plan plan;
  plan.project = "p";
  plan.operations = std::move(operations);
  return plan;
}

CreateContainer create(const std::string& name) {
  CreateContainer action;
  action.name = name;
  return action;
}

TEST_F(Execute, RunsEachOperationAfterThoseItWaitsFor) {
  run_plan(plan_of({operation(1, {}, create("p-a-1"), "a"), operation(2, {1}, StartContainer{"p-a-1"}, "a"),
                    operation(3, {2}, StartContainer{"p-b-1"}, "b")}));
  EXPECT_EQ(script->seen, (std::vector<std::string>{"POST /containers/create", "POST /containers/p-a-1/start",
                                                    "POST /containers/p-b-1/start"}));
  EXPECT_EQ(progress.lines,
            (std::vector<std::string>{"Container p-a-1 Creating", "Container p-a-1 Created", "Container p-a-1 Starting",
                                      "Container p-a-1 Started", "Container p-b-1 Starting", "Container p-b-1 Started"}));
}

TEST_F(Execute, TheIdOfAContainerMadeBeforeIsFilledIn) {
  CreateContainer sharing = create("p-b-1");
  sharing.body.host_config.network_mode = "container:#1";
  sharing.hashed = R"({"network_mode":"container:#1"})";
  run_plan(plan_of({operation(1, {}, create("p-a-1"), "a"), operation(2, {1}, sharing, "b")}));
  const json body = json::parse(script->bodies["POST /containers/create"]);
  EXPECT_EQ(body["HostConfig"]["NetworkMode"], "container:new");
  EXPECT_EQ(body["Labels"][label::config_hash], sha256_hex(R"({"network_mode":"container:new"})"));
}

TEST_F(Execute, AFailureNamesServiceAndPlaceSkipsDependentsAndLetsTheOthersFinish) {
  script->answers["POST /containers/p-a-1/start"] = answer_of(500, R"({"message":"port is already allocated"})");
  const std::string message =
      error_of_plan(plan_of({operation(1, {}, StartContainer{"p-a-1"}, "a"), operation(2, {1}, StartContainer{"p-b-1"}, "b"),
                             operation(3, {2}, StartContainer{"p-c-1"}, "c"), operation(4, {}, create("p-d-1"), "d"),
                             operation(5, {4}, StartContainer{"p-d-1"}, "d")}));
  EXPECT_EQ(message, "service a (compose.yaml:3:5): port is already allocated");
  EXPECT_EQ(progress.skipped, (std::vector<int>{2, 3}));
  EXPECT_EQ(std::count(script->seen.begin(), script->seen.end(), "POST /containers/p-d-1/start"), 1);
  EXPECT_EQ(std::count(script->seen.begin(), script->seen.end(), "POST /containers/p-b-1/start"), 0);
}

TEST_F(Execute, EveryFailureIsSaidOnceUpToABound) {
  Plan plan;
  for (int id = 1; id <= 14; ++id) {
    const std::string name = "s" + std::to_string(id);
    script->answers["POST /containers/" + name + "/start"] = answer_of(500, R"({"message":"no"})");
    plan.operations.push_back(operation(id, {}, StartContainer{name}, id == 2 ? "s1" : name));
  }
  const std::string message = error_of_plan(plan);
  EXPECT_EQ(message.find("service s1 (compose.yaml:3:5): no\nservice s3 (compose.yaml:3:5): no\n"), 0U) << message;
  EXPECT_EQ(message.substr(message.rfind('\n')), "\nand 4 more");
}

TEST_F(Execute, AFailureNamesTheKeyItIsAboutWithItsPlace) {
  script->answers["POST /containers/p-a-1/start"] = answer_of(500, R"({"message":"Bind for 0.0.0.0:80 failed: taken"})");
  Operation start = operation(1, {}, StartContainer{"p-a-1"}, "a");
  start.keys = {{"devices[0]", "compose.yaml:7:9", {"device"}}, {"ports[0]", "compose.yaml:8:9", {":80", "Bind"}}};
  EXPECT_EQ(error_of_plan(plan_of({start})), "service a, ports[0] (compose.yaml:8:9): Bind for 0.0.0.0:80 failed: taken");
}

TEST_F(Execute, ASkippedContainerIsReportedOnceAndAFailedOneNotAgain) {
  script->answers["POST /containers/create"] = answer_of(500, R"({"message":"no"})");
  WaitContainers wait;
  wait.containers = {"p-b-1"};
  error_of_plan(plan_of({operation(1, {}, create("p-a-1"), "a"), operation(2, {1}, StartContainer{"p-a-1"}, "a"),
                         operation(3, {2}, StopContainer{"old", {}}, "b"), operation(4, {3}, StartContainer{"p-b-1"}, "b"),
                         operation(5, {4}, wait, "b")}));
  EXPECT_EQ(progress.lines,
            (std::vector<std::string>{"Container p-a-1 Creating", "Container p-a-1 Error", "Container p-b-1 Skipped"}));
}

TEST_F(Execute, ReplacingAContainerShowsAsOneStep) {
  std::vector<Operation> operations{
      operation(1, {}, create("0123_p-a-1"), "a"), operation(2, {1}, StopContainer{"old", {}}, "a"),
      operation(3, {2}, RemoveContainer{"old"}, "a"), operation(4, {3}, RenameContainer{"0123_p-a-1", "p-a-1"}, "a")};
  for (Operation& each : operations) each.recreate = true;
  run_plan(plan_of(std::move(operations)));
  EXPECT_EQ(progress.lines, (std::vector<std::string>{"Container p-a-1 Recreate", "Container p-a-1 Recreated"}));
}

TEST_F(Execute, WhatIsGoneAlreadyIsRemovedAndWhatOthersUseStays) {
  script->answers["DELETE /containers/a"] = answer_of(404, R"({"message":"No such container: a"})");
  script->answers["DELETE /networks/n"] = answer_of(403, R"({"message":"network n has active endpoints"})");
  Operation network;
  network.id = 2;
  network.action = RemoveNetwork{"n"};
  network.subject = "Network n";
  network.resource = "network:n";
  run_plan(plan_of({operation(1, {}, RemoveContainer{"a"}, "a"), network}));
  EXPECT_EQ(progress.lines.back(), "Network n Resource is still in use");
}

constexpr const char* starting = R"({"Id":"i","Name":"/p-db-1","State":{"Status":"running","Health":{"Status":"starting"}}})";
constexpr const char* healthy = R"({"Id":"i","Name":"/p-db-1","State":{"Status":"running","Health":{"Status":"healthy"}}})";
constexpr const char* unhealthy =
    R"({"Id":"i","Name":"/p-db-1","State":{"Status":"running","Health":{"Status":"unhealthy","FailingStreak":3,"Log":[{"ExitCode":1,"Output":"refused"}]}}})";
constexpr const char* health_event =
    "{\"Type\":\"container\",\"Action\":\"health_status: "
    "healthy\",\"Actor\":{\"ID\":\"i\",\"Attributes\":{\"name\":\"p-db-1\"}}}\n";

Plan wait_plan(bool required = true) {
  WaitContainers wait;
  wait.containers = {"p-db-1"};
  wait.required = required;
  wait.dependency = true;
  return plan_of({operation(1, {}, wait, "db"), operation(2, {1}, StartContainer{"p-web-1"}, "web")});
}

TEST_F(Execute, AWaitIsWokenByAnEvent) {
  script->answers["GET /events"] = event_stream(health_event);
  script->sequences["GET /containers/p-db-1/json"] = {answer_of(200, starting), answer_of(200, healthy)};
  run_plan(wait_plan());
  EXPECT_EQ(script->seen.front(), "GET /events") << "subscribed before it looks";
  EXPECT_EQ(script->seen.back(), "POST /containers/p-web-1/start");
}

TEST_F(Execute, AnUnhealthyDependencyIsAnErrorWithItsLastProbeAndLogLines) {
  script->answers["GET /events"] = event_stream("");
  script->answers["GET /containers/p-db-1/json"] = answer_of(200, unhealthy);
  FakeAnswer log;
  log.extra_headers = "Content-Type: application/vnd.docker.raw-stream\r\n";
  log.raw = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\nfirst\nlast line";
  script->answers["GET /containers/p-db-1/logs"] = log;
  EXPECT_EQ(error_of_plan(wait_plan()),
            "service db (compose.yaml:3:5): dependency failed to start: container p-db-1 is unhealthy: refused\n"
            "last lines of its log:\n"
            "  first\n"
            "  last line");
  EXPECT_EQ(progress.skipped, std::vector<int>{2});
}

constexpr const char* up = R"({"Id":"i","Name":"/p-db-1","State":{"Status":"running"}})";
constexpr const char* ended = R"({"Id":"i","Name":"/p-db-1","State":{"Status":"exited","ExitCode":3}})";
constexpr const char* die_event =
    "{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"i\",\"Attributes\":{\"name\":\"p-db-1\"}}}\n";

Plan up_plan(std::chrono::nanoseconds settle, std::optional<std::chrono::seconds> timeout = {}) {
  WaitContainers wait;
  wait.containers = {"p-db-1"};
  wait.condition = WaitFor::running_or_healthy;
  wait.settle = settle;
  wait.timeout = timeout;
  return plan_of({operation(1, {}, wait, "db")});
}

TEST_F(Execute, WhatRunsButEndsBeforeItHasSettledHasNotComeUp) {
  script->answers["GET /events"] = event_stream(die_event);
  script->sequences["GET /containers/p-db-1/json"] = {answer_of(200, up), answer_of(200, ended)};
  EXPECT_EQ(error_of_plan(up_plan(std::chrono::hours(1))), "service db (compose.yaml:3:5): container p-db-1 exited (3)");
}

TEST_F(Execute, WhatRunsIsUpOnceItHasSettledAndWasLookedAtAgain) {
  script->answers["GET /events"] = event_stream("");
  script->answers["GET /containers/p-db-1/json"] = answer_of(200, up);
  run_plan(up_plan(std::chrono::milliseconds(200)));  // long enough for the first look to come before it
  EXPECT_EQ(std::count(script->seen.begin(), script->seen.end(), "GET /containers/p-db-1/json"), 2);
  EXPECT_EQ(progress.lines.back(), "Container p-db-1 Healthy");
}

TEST_F(Execute, AWaitThatIsBoundedSaysWhatTheContainerIsInstead) {
  script->answers["GET /events"] = event_stream("");
  script->answers["GET /containers/p-db-1/json"] = answer_of(
      200,
      R"({"Id":"i","Name":"/p-db-1","State":{"Status":"running","Health":{"Status":"starting","Log":[{"ExitCode":1,"Output":"refused\n"}]}}})");
  EXPECT_EQ(error_of_plan(up_plan({}, std::chrono::seconds(0))),
            "service db (compose.yaml:3:5): not up after 0 s: container p-db-1 is not healthy yet: refused");
}

TEST_F(Execute, AFailedReplicaIsNoticedWhileAnotherIsStillWaitedFor) {
  script->answers["GET /events"] = event_stream("");
  script->answers["GET /containers/p-db-1/json"] = answer_of(200, starting);
  script->answers["GET /containers/p-db-2/json"] = answer_of(200, ended);
  WaitContainers wait;
  wait.containers = {"p-db-1", "p-db-2"};
  EXPECT_NE(error_of_plan(plan_of({operation(1, {}, wait, "db")})).find("exited (3)"), std::string::npos);
}

TEST_F(Execute, AContainerThatIsRestartedAgainAndAgainHasNotComeUp) {
  const auto restarting = [](int count) {
    return answer_of(200, R"({"Id":"i","Name":"/p-db-1","State":{"Status":"restarting","ExitCode":3},"RestartCount":)" +
                              std::to_string(count) + "}");
  };
  script->answers["GET /events"] = event_stream(std::string(die_event) + die_event);
  script->sequences["GET /containers/p-db-1/json"] = {restarting(1), restarting(9)};
  EXPECT_EQ(error_of_plan(up_plan({})),
            "service db (compose.yaml:3:5): container p-db-1 is restarting, it exited (3), for the 8th time");
}

TEST_F(Execute, AnOptionalDependencyThatFailsIsAWarning) {
  script->answers["GET /events"] = event_stream("");
  script->answers["GET /containers/p-db-1/json"] = answer_of(200, unhealthy);
  run_plan(wait_plan(false));
  ASSERT_EQ(progress.warnings.size(), 1U);
  EXPECT_NE(progress.warnings[0].find("optional dependency db is not up"), std::string::npos);
  EXPECT_EQ(script->seen.back(), "POST /containers/p-web-1/start");
}

TEST_F(Execute, AfterTheEventStreamEndedEverybodyLooksAgain) {
  FakeAnswer cut = event_stream("");
  cut.raw += "0\r\n\r\n";
  script->sequences["GET /events"] = {cut, event_stream("")};
  script->sequences["GET /containers/p-db-1/json"] = {answer_of(200, starting), answer_of(200, starting),
                                                      answer_of(200, healthy)};
  script->sequences["GET /events"] = {cut, cut, event_stream("")};
  run_plan(wait_plan());
  EXPECT_EQ(script->seen.back(), "POST /containers/p-web-1/start");
}

TEST_F(Execute, AnEngineThatKeepsEndingItsEventStreamIsAnErrorNotALoop) {
  FakeAnswer cut = event_stream("");
  cut.raw += "0\r\n\r\n";
  script->answers["GET /events"] = cut;
  script->answers["GET /containers/p-db-1/json"] = answer_of(200, starting);
  EXPECT_NE(error_of_plan(wait_plan()).find("cannot follow the engine's events"), std::string::npos);
}

asio::awaitable<void> cancelled_run(api::Client* client, Plan plan, Progress* progress, asio::cancellation_signal* signal) {
  (void)signal;
  co_await execute(*client, std::move(plan), *progress);
}

TEST_F(Execute, CancellingEndsTheWaitsAndThrows) {
  script->answers["GET /events"] = event_stream("");
  script->answers["GET /containers/p-db-1/json"] = answer_of(200, starting);
  asio::cancellation_signal signal;
  std::exception_ptr failure;
  asio::co_spawn(io, cancelled_run(&client, wait_plan(), &progress, &signal),
                 asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error) {
                   failure = error;
                   engine.stop();
                 }));
  while (std::count(script->seen.begin(), script->seen.end(), "GET /containers/p-db-1/json") == 0) io.run_one();
  signal.emit(asio::cancellation_type::terminal);
  io.run();
  ASSERT_TRUE(failure);
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), asio::error::operation_aborted);
  }
  EXPECT_EQ(std::count(script->seen.begin(), script->seen.end(), "POST /containers/p-web-1/start"), 0);
}

TEST_F(Execute, ABuildSendsTheContextAndItsResultBecomesTheImageLabel) {
  std::ofstream(directory.path() / "Dockerfile") << "FROM scratch\n";
  std::ofstream(directory.path() / "left-out") << "secret";
  std::ofstream(directory.path() / ".dockerignore") << "left-out\n*.sock\n";
  script->answers["POST /build"] = answer_of(
      200, "{\"stream\":\"Step 1/1\\n\"}\n{\"aux\":{\"ID\":\"sha256:built\"}}\n{\"stream\":\"Successfully built\\n\"}\n");
  BuildImage build;
  build.image = "p-a";
  build.context = directory.path();
  build.options.tags = {"p-a"};
  CreateContainer container = create("p-a-1");
  container.image_operation = 1;
  run_plan(plan_of({operation(1, {}, build, "a"), operation(2, {1}, container, "a")}));
  EXPECT_NE(script->bodies["POST /build"].find("FROM scratch"), std::string::npos);
  EXPECT_EQ(script->bodies["POST /build"].find("secret"), std::string::npos);
  EXPECT_EQ(json::parse(script->bodies["POST /containers/create"])["Labels"][label::image], "sha256:built");
  EXPECT_EQ(progress.output, "Step 1/1\nSuccessfully built\n");
}

TEST_F(Execute, ADockerfileFromOutsideTheContextIsSentAlong) {
  const auto context = directory.path() / "context";
  std::filesystem::create_directory(context);
  std::ofstream(directory.path() / "Other") << "FROM outside\n";
  script->answers["POST /build"] = answer_of(200, "{\"aux\":{\"ID\":\"sha256:built\"}}\n");
  BuildImage build;
  build.image = "p-a";
  build.context = context;
  build.dockerfile = "../Other";
  run_plan(plan_of({operation(1, {}, build, "a")}));
  EXPECT_NE(script->bodies["POST /build"].find("FROM outside"), std::string::npos);
  EXPECT_NE(engine.requests[0].find("dockerfile=.dockerfile."), std::string::npos);
}

TEST_F(Execute, AMissingDockerfileIsAnErrorBeforeAnythingIsSent) {
  BuildImage build;
  build.image = "p-a";
  build.context = directory.path();
  EXPECT_NE(error_of_plan(plan_of({operation(1, {}, build, "a")})).find("there is no Dockerfile at"), std::string::npos);
  EXPECT_TRUE(script->seen.empty());
}

TEST_F(Execute, ASecondUpThatChangesNothingIsFourRequests) {
  const auto project = test::project_of("services: {a: {image: i, network_mode: none}}");
  const ObservedContainer running = test::running(project, "a");
  json container = {{"Id", running.id}, {"Names", {"/p-a-1"}}, {"Image", "i"}, {"State", "running"}, {"Status", "Up 1 second"}};
  container["Labels"] = running.labels;
  container["Labels"][label::config_hash] = running.config_hash;
  container["Labels"][label::image] = test::image_id;
  script->answers["GET /containers/json"] = answer_of(200, json::array({container}).dump());
  script->answers["GET /networks"] = answer_of(200, "[]");
  script->answers["GET /volumes"] = answer_of(200, R"({"Volumes":[],"Warnings":null})");
  script->answers["GET /images/json"] =
      answer_of(200, json::array({{{"Id", test::image_id}, {"RepoTags", {"i:latest"}}}}).dump());
  const Plan plan = run(converge(client, project, {}, progress));
  EXPECT_EQ(to_text(plan), "");
  EXPECT_EQ(client.requests_sent(), 4U);
}

TEST(Judge, KnowsWhenWaitingIsOver) {
  const auto verdict = [](const char* state, WaitFor condition) {
    const auto container = json::parse(std::string(R"({"Name":"/c","State":)") + state + "}").get<api::ContainerInspect>();
    const Verdict result = judge(container, condition);
    return result.kind == Verdict::Kind::wait ? "wait" : result.kind == Verdict::Kind::done ? "done" : result.why;
  };
  EXPECT_EQ(verdict(R"({"Status":"running"})", WaitFor::healthy), "container c has no healthcheck configured");
  EXPECT_EQ(verdict(R"({"Status":"running"})", WaitFor::running_or_healthy), "done");
  EXPECT_EQ(verdict(R"({"Status":"running"})", WaitFor::completed), "wait");
  EXPECT_EQ(verdict(R"({"Status":"running","Health":{"Status":"unhealthy","FailingStreak":3}})", WaitFor::healthy),
            "container c is unhealthy");
  EXPECT_EQ(verdict(R"({"Status":"running","Health":{"Status":"unhealthy","FailingStreak":0}})", WaitFor::healthy), "wait")
      << "it is ending, and its exit code will tell";
  EXPECT_EQ(verdict(R"({"Status":"restarting"})", WaitFor::healthy), "wait");
  EXPECT_EQ(verdict(R"({"Status":"created"})", WaitFor::completed), "wait");
  EXPECT_EQ(verdict(R"({"Status":"exited","ExitCode":0})", WaitFor::completed), "done");
  EXPECT_EQ(verdict(R"({"Status":"exited","ExitCode":3})", WaitFor::completed), "container c exited (3)");
  EXPECT_EQ(verdict(R"({"Status":"exited","ExitCode":0})", WaitFor::healthy), "container c exited (0)");
}

}  // namespace
}  // namespace stack::scheduler
