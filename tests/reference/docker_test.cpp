// The client and the scheduler against a real Docker Engine. Not part of the normal run: needs STACK_REFERENCE_HOST (the
// engine's DOCKER_HOST) and there an image `bb` with a shell in it.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "compose/loader.hpp"
#include "engine/api/stdcopy.hpp"
#include "scheduler/executor.hpp"
#include "scheduler/labels.hpp"
#include "tests/support/fake_engine.hpp"

namespace stack::scheduler {
namespace {

using nlohmann::json;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

class Reference : public ::testing::Test {
protected:
  void SetUp() override {
    if (environment("STACK_REFERENCE_HOST").empty()) GTEST_SKIP() << "STACK_REFERENCE_HOST is not set";
    client.emplace(io.get_executor(), api::parse_endpoint(environment("STACK_REFERENCE_HOST")));
  }
  void TearDown() override {
    if (client && !project.name.empty()) take_down();
  }

  template <class T>
  T run(asio::awaitable<T> task) {
    io.restart();
    return stack::test::run<T>(io, std::move(task), [] {});
  }

  void load(const std::string& yaml) {
    std::istringstream input(yaml);
    compose::LoadOptions options;
    options.files = {"-"};
    options.project_name = "stackref" + std::to_string(::getpid());
    options.cwd = "/";
    options.project_directory = directory.path();
    options.standard_input = &input;
    project = compose::load(options).project;
  }

  Plan up(const ReconcileOptions& options = {}) { return run(converge(*client, project, options, progress)); }

  void take_down() {
    DownOptions options;
    options.volumes = true;
    options.timeout = std::chrono::seconds(0);
    const ObservedState observed = run(observe(*client, project.name, ObserveOptions{}));
    run(execute(*client, plan_down(project.name, &project, observed, options), progress));
  }

  std::string name(const std::string& rest) const { return project.name + "-" + rest; }

  stack::test::TempDir directory;
  asio::io_context io;
  std::optional<api::Client> client;
  compose::Project project;
  NoProgress progress;
};

TEST_F(Reference, UpBringsAProjectUpAndASecondUpIsFourRequests) {
  load(
      "services:\n"
      "  web: {image: bb, command: [sleep, '1000'], ports: ['90'], init: true, depends_on: {db: {condition: service_healthy}, "
      "one: {condition: service_completed_successfully}}}\n"
      "  db: {image: bb, command: [sleep, '1000'], init: true, volumes: ['data:/data'], healthcheck: {test: [CMD, 'true'], "
      "interval: 1s}}\n"
      "  one: {image: bb, command: ['true']}\n"
      "volumes: {data: }\n");
  up();
  const api::ContainerInspect web = run(client->inspect_container(name("web-1")));
  EXPECT_TRUE(web.state.running);
  EXPECT_EQ(web.config.labels.at(label::depends_on), "db:service_healthy:false,one:service_completed_successfully:false");
  const Plan second = up({.services = {"db"}});
  const std::uint64_t before = client->requests_sent();
  const Plan third = up({.services = {"db"}});
  EXPECT_EQ(to_text(second) + to_text(third), "");
  EXPECT_EQ(client->requests_sent() - before, 4U);
}

TEST_F(Reference, AChangedServiceIsRecreatedAndKeepsItsAnonymousVolume) {
  const std::string yaml =
      "services: {a: {image: bb, command: [sleep, '1000'], init: true, volumes: [/anon], environment: {V: '1'}}}";
  load(yaml);
  up();
  const api::ContainerInspect first = run(client->inspect_container(name("a-1")));
  std::string changed = yaml;
  changed.replace(changed.find("'1'}"), 3, "'2'");
  load(changed);
  ReconcileOptions options;
  options.timeout = std::chrono::seconds(1);
  EXPECT_EQ(up(options).operations.size(), 5U);
  const api::ContainerInspect second = run(client->inspect_container(name("a-1")));
  EXPECT_NE(first.id, second.id);
  EXPECT_EQ(first.mounts.at(0).name, second.mounts.at(0).name);
  EXPECT_EQ(to_text(up()), "");
}

TEST_F(Reference, AnUnhealthyDependencyFailsWithItsLogLines) {
  load(
      "services:\n"
      "  web: {image: bb, command: [sleep, '1000'], init: true, depends_on: {db: {condition: service_healthy}}}\n"
      "  db: {image: bb, command: ['echo hello from db; sleep 1000'], entrypoint: [sh, -c], init: true,"
      " healthcheck: {test: 'echo no; false', interval: 100ms, retries: 1}}\n");
  try {
    up();
    FAIL() << "no error";
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("service db, healthcheck ("), std::string::npos) << message;
    EXPECT_NE(message.find("container " + name("db-1") + " is unhealthy: no"), std::string::npos) << message;
    EXPECT_NE(message.find("hello from db"), std::string::npos) << message;
  }
}

TEST_F(Reference, AFailedOneShotDependencyIsAnError) {
  load(
      "services:\n"
      "  web: {image: bb, command: ['true'], depends_on: {one: {condition: service_completed_successfully}}}\n"
      "  one: {image: bb, command: ['false']}\n");
  try {
    up();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("container " + name("one-1") + " exited (1)"), std::string::npos) << error.what();
  }
}

asio::awaitable<void> exec_cat(api::Client* client, std::string container, std::string* out, std::string* err,
                               std::int64_t* code) {
  api::ExecCreateRequest request;
  request.cmd = {"sh", "-c", "cat; echo end >&2; exit 7"};
  request.attach_stdin = request.attach_stdout = request.attach_stderr = true;
  const std::string id = co_await client->create_exec(std::move(container), std::move(request));
  api::ExecStartRequest start;
  api::HijackedStream stream = co_await client->start_exec(id, std::move(start));
  co_await stream.write("input");
  stream.shutdown_write();
  api::StdCopyDecoder decoder;
  char space[4096];
  while (const std::size_t size = co_await stream.read_some(space))
    decoder.feed(std::string_view(space, size),
                 [&](api::StdStream which, std::string_view text) { *(which == api::StdStream::err ? err : out) += text; });
  const api::ExecInspect inspect = co_await client->inspect_exec(id);
  *code = inspect.exit_code.value_or(-1);
}

TEST_F(Reference, ExecStreamsInputAndOutputWithHalfClose) {
  load("services: {a: {image: bb, command: [sleep, '1000'], init: true}}");
  up();
  std::string out, err;
  std::int64_t code = -1;
  run(exec_cat(&*client, name("a-1"), &out, &err, &code));
  EXPECT_EQ(out, "input");
  EXPECT_EQ(err, "end\n");
  EXPECT_EQ(code, 7);
}

TEST_F(Reference, AnImageIsBuiltFromItsContext) {
  std::ofstream(directory.path() / "Dockerfile") << "FROM bb\nCOPY hello /hello\nCMD [\"cat\", \"/hello\"]\n";
  std::ofstream(directory.path() / "hello") << "hello\n";
  load("services: {a: {build: .}}");
  const Plan plan = up();
  EXPECT_EQ(to_text(plan).substr(0, 13), "#1 [] BuildIm");
  const std::string image = run(client->inspect_container(name("a-1"))).config.labels.at(label::image);
  EXPECT_EQ(image, run(client->inspect_image(name("a"))).id);
  EXPECT_EQ(run(client->inspect_image(name("a"))).config.labels.at(label::service), "a");
  run(client->remove_image(name("a"), true));
}

}  // namespace
}  // namespace stack::scheduler
