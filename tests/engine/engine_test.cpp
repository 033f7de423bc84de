#include "engine/engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <boost/asio/co_spawn.hpp>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "engine/container/manager.hpp"
#include "engine/events.hpp"
#include "engine/image/store.hpp"
#include "engine/state/database.hpp"
#include "engine/volume/manager.hpp"
#include "tests/engine/image/fixture.hpp"
#include "tests/support/temp_dir.hpp"

namespace stack::engine {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using container::Record;

/// An engine without its process: nothing is started here, so nothing but files and the database is touched.
class EngineTest : public testing::Test {
protected:
  EngineTest() {
    paths_.data_root = temp_ / "data";
    paths_.run_root = temp_ / "run";
    paths_.instance = random_hex(8);
    fs::create_directories(paths_.data_root);
    fs::create_directories(paths_.run_root);
    // firewall and links of a namespace of our own
    if (::unshare(CLONE_NEWNET) != 0) ADD_FAILURE() << "unshare: needs root";
    open();
    image::Store::ImportOptions options;
    options.name = image::parse_tagged_reference("app");
    std::string tar = image::TarBuilder().dir("bin/").file("bin/tool", "one", 0755).bytes();
    wait(engine_->context().images.import_rootfs(options, image::body_from_memory(std::move(tar))));
  }
  ~EngineTest() override { engine_.reset(); }

  void open() {
    engine_.reset();
    loop_ = std::make_unique<asio::io_context>(1);
    engine_ = std::make_unique<Engine>(paths_, *loop_);
    wait(engine_->recover());
  }

  template <class T>
  T wait(asio::awaitable<T> task) {
    std::exception_ptr failure;
    std::optional<T> result;
    asio::co_spawn(*loop_, std::move(task), [&](std::exception_ptr error, T value) {
      failure = error;
      if (!error) result.emplace(std::move(value));
      loop_->stop();
    });
    loop_->restart();
    loop_->run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }
  void wait(asio::awaitable<void> task) {
    std::exception_ptr failure;
    asio::co_spawn(*loop_, std::move(task), [&](std::exception_ptr error) {
      failure = error;
      loop_->stop();
    });
    loop_->restart();
    loop_->run();
    if (failure) std::rethrow_exception(failure);
  }

  container::Manager& containers() { return engine_->context().containers; }

  std::string create(const std::string& name, const char* body = R"({"Image":"app","Cmd":["/bin/tool"]})") {
    return containers().create(name, nlohmann::json::parse(body).get<api::ContainerCreateRequest>()).id;
  }

  /// Ends the engine and changes a record behind its back, as a crash would have left it; then starts it again.
  void crash_with(const std::string& id, const std::function<void(Record&)>& change) {
    engine_.reset();
    {
      Database database(paths_.database());
      for (const auto& [key, json] : database.all(Table::containers)) {
        if (key != id) continue;
        auto record = json.get<Record>();
        change(record);
        database.put(Table::containers, id, nlohmann::json(record));
      }
    }
    open();
  }

  std::string refusal(const std::function<void()>& act) {
    try {
      act();
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }

  std::vector<std::string> names(const char* filters = "", bool all = true) {
    container::ListOptions options;
    options.all = all;
    options.filters = container::parse_filters(filters);
    std::vector<std::string> result;
    for (const auto& item : containers().list(options)) result.push_back(item.names.at(0));
    return result;
  }

  std::vector<std::string> actions() {
    std::vector<std::string> result;
    for (const auto& event : engine_->context().events.replay(0, std::numeric_limits<std::int64_t>::max()))
      if (event->type == "container") result.push_back(event->action);
    return result;
  }

  test::TempDir temp_;
  Paths paths_;
  std::unique_ptr<asio::io_context> loop_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineTest, ACreatedContainerIsListedInspectedAndRemembered) {
  const std::string id =
      create("web", R"({"Image":"app","Cmd":["/bin/tool","a b"],"Labels":{"k":"v"},"Volumes":{"/data":{}}})");
  for (int round = 0; round < 2; ++round) {
    const auto inspect = containers().inspect(containers().get("web"));
    EXPECT_EQ(inspect.id, id);
    EXPECT_EQ(inspect.name, "/web");
    EXPECT_EQ(inspect.path, "/bin/tool");
    EXPECT_EQ(inspect.state.status, "created");
    EXPECT_EQ(inspect.config.hostname, id.substr(0, 12));
    ASSERT_EQ(inspect.mounts.size(), 1U);
    EXPECT_TRUE(fs::is_directory(inspect.mounts[0].source));
    EXPECT_EQ(names(R"({"label":["k=v"]})"), std::vector<std::string>{"/web"});
    EXPECT_TRUE(names("", false).empty());
    EXPECT_TRUE(engine_->is_idle());
    open();
  }
}

TEST_F(EngineTest, ContainersAreFoundByNameIdAndPrefix) {
  const std::string id = create("web");
  for (const std::string& text : {std::string("web"), std::string("/web"), id, id.substr(0, 12), id.substr(0, 1)})
    EXPECT_EQ(containers().record(containers().get(text)).id, id) << text;
  EXPECT_EQ(refusal([&] { containers().get("nope"); }), "No such container: nope");
  EXPECT_EQ(refusal([&] { containers().get(""); }), "invalid name or ID supplied: \"\"");
}

TEST_F(EngineTest, WhatCannotBeCreatedLeavesNothing) {
  const std::string id = create("web");
  EXPECT_EQ(refusal([&] { create("web"); }),
            "Conflict. The container name \"/web\" is already in use by container \"" + id +
                "\". You have to remove (or rename) that container to be able to reuse that name.");
  EXPECT_EQ(refusal([&] { create("other", R"({"Image":"nope","Cmd":["a"]})"); }), "No such image: nope:latest");
  EXPECT_THAT(refusal([&] { create("other", R"({"Image":"app","Cmd":["a"],"HostConfig":{"Binds":["good:/g","bad!:/b"]}})"); }),
              testing::HasSubstr("includes invalid characters for a local volume name"));
  EXPECT_THAT(
      refusal([&] {
        create("other",
               R"({"Image":"app","Cmd":["a"],"HostConfig":{"Mounts":[{"Type":"bind","Source":"/no/such","Target":"/b"}]}})");
      }),
      testing::HasSubstr("bind source path does not exist: /no/such"));
  EXPECT_EQ(names(), std::vector<std::string>{"/web"});
  EXPECT_EQ(engine_->context().volumes.count(), 0U);  // the good one went with the bad one
}

TEST_F(EngineTest, RemovalTakesTheAnonymousVolumesWhenAskedAndTheNamedNever) {
  const char* body = R"({"Image":"app","Cmd":["a"],"Volumes":{"/anonymous":{}},"HostConfig":{"Binds":["named:/n"]}})";
  create("one", body);
  create("two", body);
  EXPECT_EQ(engine_->context().volumes.count(), 3U);
  wait(containers().remove(containers().get("one"), false, true));
  EXPECT_EQ(engine_->context().volumes.count(), 2U);
  wait(containers().remove(containers().get("two"), false, false));
  EXPECT_EQ(engine_->context().volumes.count(), 2U);
  EXPECT_TRUE(names().empty());
  EXPECT_TRUE(fs::is_empty(paths_.containers()));
  EXPECT_EQ(actions(), (std::vector<std::string>{"create", "create", "destroy", "destroy"}));
}

TEST_F(EngineTest, ARenamedContainerFreesItsName) {
  const std::string id = create("old");
  wait(containers().rename(containers().get("old"), "new"));
  EXPECT_EQ(names(), std::vector<std::string>{"/new"});
  create("old");
  EXPECT_THAT(refusal([&] { wait(containers().rename(containers().get("old"), "new")); }),
              testing::HasSubstr("already in use by container"));
  open();
  EXPECT_EQ(containers().record(containers().get("new")).id, id);
}

TEST_F(EngineTest, OperationsOnWhatDoesNotRunAreRefusedInDockersWords) {
  const std::string id = create("web");
  const auto web = containers().get("web");
  EXPECT_EQ(refusal([&] { wait(containers().kill(web, "")); }),
            "cannot kill container: web: container " + id + " is not running");
  EXPECT_EQ(refusal([&] { wait(containers().kill(web, "BOGUS")); }), "cannot kill container: web: invalid signal: BOGUS");
  EXPECT_EQ(refusal([&] { wait(containers().pause(web)); }), "container " + id + " is not running");
  EXPECT_EQ(refusal([&] { wait(containers().unpause(web)); }), "Container " + id + " is not paused");
  EXPECT_EQ(refusal([&] { wait(containers().create_exec(web, {})); }), "container " + id + " is not running");
  EXPECT_EQ(refusal([&] { wait(containers().stop(web, {})); }), "container is already stopped");
}

TEST_F(EngineTest, ACreationThatWasCutOffIsUndone) {
  const std::string id = create("web", R"({"Image":"app","Cmd":["a"],"Volumes":{"/anonymous":{}}})");
  crash_with(id, [](Record& record) { record.intent = container::Intent::create; });
  EXPECT_TRUE(names().empty());
  EXPECT_FALSE(fs::exists(paths_.container_dir(id)));
  EXPECT_FALSE(engine_->context().images.find_snapshot(id));
  EXPECT_EQ(engine_->context().volumes.count(), 0U);
  create("web");  // the name is free
}

TEST_F(EngineTest, ARemovalThatWasCutOffIsFinished) {
  const std::string id = create("web", R"({"Image":"app","Cmd":["a"],"Volumes":{"/anonymous":{}}})");
  crash_with(id, [](Record& record) {
    record.intent = container::Intent::remove_with_volumes;
    record.state = container::State::removing;
  });
  EXPECT_TRUE(names().empty());
  EXPECT_EQ(engine_->context().volumes.count(), 0U);
}

TEST_F(EngineTest, AStartThatWasCutOffBeforeTheShimIsTakenBack) {
  const std::string id = create("web");
  crash_with(id, [](Record& record) { record.intent = container::Intent::start; });
  EXPECT_EQ(containers().inspect(containers().get(id)).state.status, "created");
}

TEST_F(EngineTest, AnExitThatNobodySawIsReadFromItsFile) {
  const std::string id = create("web");
  test::write_file(paths_.container_dir(id) + "/exit.json",
                   R"({"exit_code":42,"oom_killed":true,"finished_at":1500000000000000000})");
  crash_with(id, [](Record& record) {
    record.state = container::State::running;
    record.started_at = api::Timestamp(std::chrono::seconds(1'499'999'990));
    record.pid = 1;
  });
  const auto state = containers().inspect(containers().get(id)).state;
  EXPECT_EQ(state.status, "exited");
  EXPECT_EQ(state.exit_code, 42);
  EXPECT_TRUE(state.oom_killed);
  EXPECT_EQ(state.pid, 0);
  EXPECT_EQ(api::format_timestamp(state.finished_at), "2017-07-14T02:40:00Z");
}

TEST_F(EngineTest, DirectoriesOfContainersThatAreNotRecordedAreRemoved) {
  const std::string id = create("web");
  fs::create_directories(paths_.container_dir("0123"));
  fs::create_directories(paths_.shim_dir("4567"));
  open();
  EXPECT_FALSE(fs::exists(paths_.container_dir("0123")));
  EXPECT_FALSE(fs::exists(paths_.shim_dir("4567")));
  EXPECT_TRUE(fs::exists(paths_.container_dir(id)));
}

}  // namespace
}  // namespace stack::engine
