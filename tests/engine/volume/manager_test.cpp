#include "engine/volume/manager.hpp"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "tests/engine/image/fixture.hpp"

namespace stack::engine::volume {

namespace fs = std::filesystem;
using image::run;

namespace {

std::string failure(const std::function<void()>& act) {
  try {
    act();
    return "accepted";
  } catch (const Error& error) {
    return error.what();
  }
}

class VolumeTest : public ::testing::Test {
protected:
  void SetUp() override { open_manager(); }
  void TearDown() override {
    manager.reset();
    pool.join();
  }
  void open_manager() {
    manager.reset();
    manager.emplace(dir.path(), table, pool);
    manager->set_usage([this](const std::string& name) { return name == used ? users : std::vector<std::string>{}; });
    manager->load();
  }
  VolumePtr create(const std::string& name) {
    return manager->create({.name = name, .driver = {}, .labels = {}, .options = {}});
  }

  test::TempDir dir;
  asio::io_context loop;
  asio::thread_pool pool{2};
  MemoryTable table;
  std::string used;
  std::vector<std::string> users;
  std::optional<Manager> manager;
};

}  // namespace

TEST_F(VolumeTest, OutlivesARestartAndComesBackByName) {
  const VolumePtr made = manager->create({.name = "data", .driver = "local", .labels = {{"k", "v"}}, .options = {}});
  test::write_file(made->mountpoint + "/file", "kept");
  EXPECT_EQ(create("data"), made);
  open_manager();
  EXPECT_EQ(manager->get("data")->labels.at("k"), "v");
  EXPECT_EQ(test::read_file(dir / "volumes/data/_data/file"), "kept");
  EXPECT_EQ(failure([&] { manager->get("nope"); }), "get nope: no such volume");
}

TEST_F(VolumeTest, AnonymousVolumesAreLabelledAndGoWithTheirContainer) {
  const VolumePtr made = create("");
  EXPECT_EQ(made->name.size(), 64U);
  EXPECT_TRUE(made->anonymous());
  create("named");
  used = made->name;
  users = {"c1"};
  manager->remove_anonymous(made->name);
  EXPECT_EQ(manager->count(), 2U);
  users.clear();
  manager->remove_anonymous(made->name);
  manager->remove_anonymous("named");
  EXPECT_EQ(manager->count(), 1U);
}

TEST_F(VolumeTest, RefusesWithDockersTexts) {
  EXPECT_EQ(failure([&] { create("x"); }),
            "create x: volume name is too short, names should be at least two alphanumeric characters");
  EXPECT_TRUE(failure([&] {
                create("../up");
              }).starts_with("create ../up: \"../up\" includes invalid characters for a local volume name"));
  EXPECT_EQ(failure([&] { manager->create({.name = "yy", .driver = "foo", .labels = {}, .options = {}}); }),
            "create yy: error looking up volume plugin foo: plugin \"foo\" not found");
  EXPECT_EQ(failure([&] {
              manager->create({.name = "yy", .driver = "", .labels = {}, .options = {{"foo", "1"}}});
            }),
            "create yy: invalid option: \"foo\"");
  create("busy");
  used = "busy";
  users = {"c1", "c2"};
  EXPECT_EQ(failure([&] { manager->remove("busy", true); }), "remove busy: volume is in use - [c1, c2]");
  EXPECT_EQ(failure([&] { manager->remove("gone", false); }), "get gone: no such volume");
  manager->remove("gone", true);
}

TEST_F(VolumeTest, RemovesDataCompletely) {
  test::write_file(create("data")->mountpoint + "/file", "x");
  manager->remove("data", false);
  manager->drain();
  EXPECT_FALSE(fs::exists(dir / "volumes/data"));
  EXPECT_TRUE(fs::is_empty(dir / "volumes/.gone"));
  EXPECT_TRUE(table.load_all().empty());
}

TEST_F(VolumeTest, FinishesARemovalAndUndoesACreationThatACrashCutShort) {
  create("half-removed");
  Document row = table.load_all().front();
  row.json.insert(row.json.size() - 1, R"(,"removing":true)");
  table.apply({row}, {});
  fs::create_directories(dir / "volumes/half-made/_data");
  fs::create_directories(dir / "volumes/unknown/_data/precious");
  open_manager();
  manager->drain();
  EXPECT_EQ(manager->count(), 0U);
  EXPECT_FALSE(fs::exists(dir / "volumes/half-removed"));
  EXPECT_FALSE(fs::exists(dir / "volumes/half-made"));
  EXPECT_TRUE(fs::exists(dir / "volumes/unknown/_data/precious"));
}

TEST_F(VolumeTest, ListsByFilter) {
  manager->create({.name = "app_data", .driver = {}, .labels = {{"p", "app"}}, .options = {}});
  create("other");
  EXPECT_EQ(manager->list({{"label", {"p=app"}}}).size(), 1U);
  EXPECT_EQ(manager->list({{"name", {"data"}}}).size(), 1U);
  used = "other";
  users = {"c1"};
  EXPECT_EQ(manager->list({{"dangling", {"true"}}}).front()->name, "app_data");
  EXPECT_EQ(failure([&] { manager->list({{"zzz", {"1"}}}); }), "invalid filter 'zzz'");
}

TEST_F(VolumeTest, TakesOverWhatTheImageHasOnFirstUseOnly) {
  fs::create_directories(dir / "top/data");
  fs::create_directories(dir / "bottom/data/sub");
  test::write_file(dir / "top/data/new", "new");
  test::write_file(dir / "bottom/data/sub/old", "old");
  test::write_file(dir / "bottom/data/hidden", "x");
  ASSERT_EQ(::mknod((dir / "top/data/hidden").c_str(), S_IFCHR, 0), 0);  // removed in the upper layer
  fs::create_directory_symlink("/data", dir / "top/link");
  ASSERT_EQ(::chown((dir / "top/data").c_str(), 70, 71), 0);
  ASSERT_EQ(::chmod((dir / "top/data").c_str(), 02750), 0);
  ASSERT_EQ(::chown((dir / "top/data/new").c_str(), 70, 71), 0);
  ASSERT_EQ(::setxattr((dir / "top/data/new").c_str(), "user.x", "1", 1, 0), 0);
  const VolumePtr volume = create("data");
  run(loop, manager->fill_from_image("data", {dir / "top", dir / "bottom"}, "/link"));
  struct stat status {};
  ASSERT_EQ(::stat(volume->mountpoint.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 02750U);
  EXPECT_EQ(status.st_uid, 70U);
  EXPECT_EQ(test::read_file(volume->mountpoint + "/new"), "new");
  EXPECT_EQ(test::read_file(volume->mountpoint + "/sub/old"), "old");
  EXPECT_FALSE(fs::exists(volume->mountpoint + "/hidden"));
  ASSERT_EQ(::stat((volume->mountpoint + "/new").c_str(), &status), 0);
  EXPECT_EQ(status.st_gid, 71U);
  EXPECT_EQ(::getxattr((volume->mountpoint + "/new").c_str(), "user.x", nullptr, 0), 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir / "volumes/data"), {}), 1);

  fs::remove(volume->mountpoint + "/new");
  run(loop, manager->fill_from_image("data", {dir / "top", dir / "bottom"}, "/data"));
  EXPECT_FALSE(fs::exists(volume->mountpoint + "/new"));
}

TEST_F(VolumeTest, AMissingImageDirectoryFillsNothing) {
  fs::create_directories(dir / "top");
  const VolumePtr volume = create("data");
  run(loop, manager->fill_from_image("data", {dir / "top"}, "/nowhere"));
  EXPECT_TRUE(fs::is_empty(volume->mountpoint));
}

TEST_F(VolumeTest, GoesOnWithAFillThatACrashInterrupted) {
  fs::create_directories(dir / "top/data");
  test::write_file(dir / "top/data/a", "a");
  const VolumePtr volume = create("data");
  fs::create_directories(dir / "volumes/data/.filled");
  test::write_file(dir / "volumes/data/.filled/b", "b");
  test::write_file(volume->mountpoint + "/already-moved", "c");
  run(loop, manager->fill_from_image("data", {dir / "top"}, "/data"));
  EXPECT_EQ(test::read_file(volume->mountpoint + "/b"), "b");
  EXPECT_FALSE(fs::exists(volume->mountpoint + "/a"));
}

}  // namespace stack::engine::volume
