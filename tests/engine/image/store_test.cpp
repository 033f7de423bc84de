#include "engine/image/store.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "engine/image/overlay_view.hpp"
#include "tests/engine/image/fixture.hpp"

namespace stack::engine::image {

namespace fs = std::filesystem;

namespace {

std::string rootfs() {
  return TarBuilder().dir("bin/").file("bin/tool", "one", 0755).dir("etc/").file("etc/name", "base").bytes();
}

std::string failure(const std::function<void()>& act) {
  try {
    act();
    return "accepted";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string entries(const std::string& path) {
  std::string names;
  for (const auto& entry : fs::directory_iterator(path)) names += entry.path().filename().string() + " ";
  return names;
}

}  // namespace

TEST_F(StoreTest, ImportsARootFilesystemAndFindsItEveryWay) {
  const std::string tar = rootfs();
  const ImagePtr image = import(tar, "app:1");
  EXPECT_EQ(image->config.diff_ids, std::vector<std::string>{sha256_digest(tar)});
  EXPECT_EQ(image->size, 7U);
  EXPECT_EQ(image->config.comment, "Imported from -");
  for (const std::string& text :
       {std::string("app:1"), std::string("docker.io/library/app:1"), image->id, image->id.substr(7), image->id.substr(7, 12)})
    EXPECT_EQ(store->find(text), image) << text;
  EXPECT_EQ(store->find("app"), nullptr);
  EXPECT_EQ(failure([&] { store->get("app"); }), "No such image: app:latest");
  EXPECT_EQ(failure([&] { store->get("a b"); }), "invalid reference format");
  EXPECT_EQ(test::read_file(store->layer_dir(image->config.diff_ids.front()) + "/etc/name"), "base");
}

TEST_F(StoreTest, RemembersImagesAcrossARestart) {
  const ImagePtr image = import(rootfs(), "app:1");
  fs::create_directories(dir / "tmp/layer-half/diff");
  open_store();
  const ImagePtr again = store->get("app:1");
  EXPECT_EQ(again->id, image->id);
  EXPECT_EQ(again->size, image->size);
  EXPECT_EQ(again->repo_tags(), std::vector<std::string>{"app:1"});
  EXPECT_FALSE(fs::exists(dir / "tmp/layer-half"));
}

TEST_F(StoreTest, LeavesNothingOfAnImportThatFails) {
  EXPECT_THROW(import(std::string(5000, 'x'), "bad:1"), Error);
  store->drain();
  EXPECT_EQ(entries(dir / "tmp"), "");
  EXPECT_EQ(entries(dir / "layers"), "mount-points ");
  EXPECT_EQ(store->count(), 0U);
}

TEST_F(StoreTest, BodiesThatBreakOffLeaveNothing) {
  const std::string tar = rootfs();
  BodyReader broken = [tar, sent = false](std::span<char> buffer) mutable -> asio::awaitable<std::size_t> {
    if (sent) throw Error(ErrorCode::unavailable, "client gone");
    sent = true;
    std::copy_n(tar.data(), 700, buffer.data());
    return [](std::size_t count) -> asio::awaitable<std::size_t> { co_return count; }(700);
  };
  EXPECT_EQ(failure([&] { run(loop, store->import_rootfs({}, broken)); }), "client gone");
  store->drain();
  EXPECT_EQ(entries(dir / "layers"), "mount-points ");
}

TEST_F(StoreTest, ATagMovesFromOneImageToAnother) {
  const ImagePtr first = import(rootfs(), "app:1");
  const ImagePtr second = import(TarBuilder().file("x", "y").bytes(), "app:1");
  EXPECT_EQ(store->get("app:1")->id, second->id);
  EXPECT_TRUE(store->get(first->id)->names.empty());
  EXPECT_EQ(store->list({{"dangling", {"true"}}}).size(), 1U);
  open_store();
  EXPECT_EQ(store->get("app:1")->id, second->id);
}

TEST_F(StoreTest, RemovesByDockersRules) {
  const ImagePtr image = import(rootfs(), "app:1");
  store->tag("app:1", parse_tagged_reference("other:2"));
  EXPECT_EQ(failure([&] { store->remove(image->id, false); }),
            "conflict: unable to delete " + image->id.substr(7, 12) +
                " (must be forced) - image is referenced in multiple repositories");
  EXPECT_EQ(store->remove("other:2", false).dump(), R"([{"Untagged":"other:2"}])");
  used_image = image->id;
  uses = {{"c0ffee00c0ffee00", false}};
  EXPECT_EQ(failure([&] { store->remove("app:1", false); }),
            "conflict: unable to remove repository reference \"app:1\" (must force) - container c0ffee00c0ff is using its "
            "referenced image " +
                image->id.substr(7, 12));
  EXPECT_EQ(failure([&] { store->remove(image->id, false); }),
            "conflict: unable to delete " + image->id.substr(7, 12) +
                " (must be forced) - image is being used by stopped container c0ffee00c0ff");
  uses.front().running = true;
  EXPECT_EQ(failure([&] { store->remove(image->id.substr(7, 6), true); }),
            "conflict: unable to delete " + image->id.substr(7, 12) +
                " (cannot be forced) - image is being used by running container c0ffee00c0ff");
  uses.clear();
  EXPECT_EQ(store->remove("app:1", false).dump(), R"([{"Untagged":"app:1"},{"Deleted":")" + image->id + "\"}]");
  store->drain();
  EXPECT_EQ(entries(dir / "layers"), "mount-points ");
  EXPECT_EQ(entries(dir / "blobs/sha256"), "");
  EXPECT_EQ(failure([&] { store->remove("app:1", true); }), "No such image: app:1");
}

TEST_F(StoreTest, SharesLayersBetweenImages) {
  const std::string tar = rootfs();
  const ImagePtr first = import(tar, "a:1");
  ImageConfig config = first->config;
  config.config.env = {"A=b"};
  const ImagePtr second = store->create(config, parse_tagged_reference("b:1"), "");
  store->remove("a:1", false);
  EXPECT_TRUE(store->has_layer(second->config.diff_ids.front()));
  store->remove("b:1", false);
  EXPECT_FALSE(store->has_layer(second->config.diff_ids.front()));
}

TEST_F(StoreTest, ASnapshotKeepsItsLayersWhenTheImageGoes) {
  const ImagePtr image = import(rootfs(), "a:1");
  const std::string layer = image->config.diff_ids.front();
  const Snapshot snapshot = store->prepare_snapshot("c1", image->config);
  EXPECT_EQ(snapshot.lower_dirs.size(), 2U);
  store->remove("a:1", true);
  EXPECT_TRUE(store->has_layer(layer));
  open_store();
  store->remove_unused_layers();
  EXPECT_EQ(store->find_snapshot("c1")->lower_dirs, snapshot.lower_dirs);
  EXPECT_TRUE(store->has_layer(layer));
  store->remove_snapshots_except({"other"});
  store->drain();
  EXPECT_FALSE(store->has_layer(layer));
  EXPECT_EQ(entries(dir / "snapshots"), "");
}

TEST_F(StoreTest, RemovesLayersThatNobodyRetained) {
  const Layer layer = run(loop, store->import_layer(body_from_memory(rootfs())));
  open_store();
  EXPECT_TRUE(store->has_layer(layer.diff_id));
  store->remove_unused_layers();
  store->drain();
  EXPECT_EQ(entries(dir / "layers"), "mount-points ");
}

TEST_F(StoreTest, CommitsWhatAWritableLayerChanged) {
  const ImagePtr image = import(rootfs(), "a:1");
  const Snapshot snapshot = store->prepare_snapshot("build1", image->config);
  {
    const RootDir merged = open_overlay(snapshot.lower_dirs, snapshot.upper, snapshot.work);
    ASSERT_EQ(::unlinkat(merged.fd(), "etc/name", 0), 0);
    ASSERT_EQ(::renameat(merged.fd(), "bin/tool", merged.fd(), "bin/moved"), 0);
    EXPECT_TRUE(merged.stat("etc/resolv.conf"));  // a mount point, though the image has none
  }
  const Layer layer = run(loop, store->commit_layer(snapshot.upper));
  store->remove_snapshot("build1");
  ImageConfig config = image->config;
  config.diff_ids.push_back(layer.diff_id);
  const ImagePtr child = store->create(config, std::nullopt, image->id);
  store->release_layer(layer.diff_id);
  const RootDir view = open_overlay(store->content_dirs(child->config));
  EXPECT_FALSE(view.lstat("etc/name"));
  EXPECT_FALSE(view.lstat("bin/tool"));
  EXPECT_EQ(view.read_file("bin/moved"), "one");
  EXPECT_FALSE(view.lstat("etc/resolv.conf"));
  EXPECT_EQ(child->size, 10U);
}

TEST_F(StoreTest, MountsLayersAlsoTheWayOfOlderKernels) {
  const ImagePtr image = import(rootfs(), "a:1");
  const Snapshot snapshot = store->prepare_snapshot("c1", image->config);
  {
    const RootDir merged = open_overlay_by_mount(snapshot.lower_dirs, snapshot.upper, snapshot.work);
    EXPECT_EQ(merged.read_file("/etc/name"), "base");
    ASSERT_EQ(::unlinkat(merged.fd(), "etc/name", 0), 0);
  }
  EXPECT_FALSE(open_overlay(snapshot.lower_dirs, snapshot.upper, snapshot.work).lstat("etc/name"));
  EXPECT_TRUE(open_overlay_by_mount(snapshot.lower_dirs, "", "").lstat("etc/name"));
  const std::string mounts = test::read_file("/proc/self/mountinfo");
  EXPECT_EQ(mounts.find(dir.path()), std::string::npos);
}

TEST_F(StoreTest, KeepsTheAttributesOfTheRootDirectory) {
  const ImagePtr image = import(TarBuilder().dir("./", 01777).file("x", "").bytes());
  const Snapshot snapshot = store->prepare_snapshot("c1", image->config);
  struct stat status {};
  ASSERT_EQ(::stat(snapshot.upper.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 01777U);
}

TEST_F(StoreTest, ListsByFilter) {
  import(rootfs(), "a:1");
  ImageConfig config = store->get("a:1")->config;
  config.config.labels = {{"k", "v"}};
  config.created = rfc3339_now();
  store->create(config, parse_tagged_reference("b/c:1"), "");
  EXPECT_EQ(store->list().front()->repo_tags().front(), "b/c:1");  // newest first
  EXPECT_EQ(store->list({{"label", {"k"}}}).size(), 1U);
  EXPECT_EQ(store->list({{"label", {"k=w"}}}).size(), 0U);
  EXPECT_EQ(store->list({{"reference", {"b/*"}}}).size(), 1U);
  EXPECT_EQ(store->list({{"before", {"b/c:1"}}}).size(), 1U);
  EXPECT_EQ(failure([&] { store->list({{"zzz", {"x"}}}); }), "invalid filter 'zzz'");
}

TEST_F(StoreTest, DescribesAnImageAsTheApiDoes) {
  const ImagePtr image = import(rootfs(), "a:1");
  const nlohmann::json inspect = inspect_json(*image, *store);
  EXPECT_EQ(inspect["RepoTags"], nlohmann::json::array({"a:1"}));
  EXPECT_EQ(inspect["Config"]["Env"], nullptr);
  EXPECT_EQ(inspect["RootFS"]["Layers"].size(), 1U);
  const nlohmann::json history = history_json(*image, *store);
  EXPECT_EQ(history[0]["Id"], image->id);
  EXPECT_EQ(history[0]["Size"], 7);
  EXPECT_EQ(summary_json(*image)["Size"], 7);
}

TEST(ImageConfig, SurvivesItsTextAndNamesAWrongField) {
  ImageConfig config;
  config.config.cmd = {"a", "b"};
  config.config.exposed_ports = {"80/tcp"};
  config.config.healthcheck = HealthCheck{{"CMD", "x"}, std::chrono::seconds(5), {}, {}, {}, 3};
  config.diff_ids = {"sha256:" + std::string(64, '1')};
  config.history = {{"2026-01-01T00:00:00Z", "RUN x", "", "", true}};
  EXPECT_EQ(to_text(parse_image_config(to_text(config))), to_text(config));
  EXPECT_EQ(failure([] { parse_image_config(R"({"config":{"Env":"x"}})"); }),
            "config.Env: a string is not what is expected here");
  EXPECT_EQ(failure([] { parse_image_config("[]"); }), "image configuration: not a JSON object");
}

}  // namespace stack::engine::image
