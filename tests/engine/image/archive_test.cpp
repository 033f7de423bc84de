// Saving and loading images as archives.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "engine/image/archive_load.hpp"
#include "engine/image/archive_save.hpp"
#include "tests/engine/image/fixture.hpp"

namespace stack::engine::image {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class ArchiveTest : public StoreTest {
protected:
  static asio::awaitable<void> append(std::string* to, std::string_view piece) {
    *to += piece;
    co_return;
  }
  static asio::awaitable<void> append_line(std::string* to, std::string line) {
    *to += line;
    co_return;
  }
  std::string save(std::vector<std::string> names) {
    std::string bytes;
    run(loop, save_images(*store, std::move(names), [&](std::string_view piece) { return append(&bytes, piece); }));
    return bytes;
  }
  std::string load(const std::string& archive, const std::string& platform = "linux/amd64") {
    std::string lines;
    run(loop, load_images(*store, body_from_memory(archive), platform,
                          [&](std::string line) { return append_line(&lines, std::move(line)); }));
    return lines;
  }
  std::string failure(const std::string& archive) {
    try {
      load(archive);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  static std::map<std::string, std::string> members(const std::string& archive) {
    std::map<std::string, std::string> found;
    archive::Reader reader(archive::from_memory(archive));
    while (const auto member = reader.next()) {
      std::string_view bytes;
      std::uint64_t offset = 0;
      std::string& content = found[member->path];
      while (reader.read(bytes, offset)) content += bytes;
    }
    return found;
  }
};

const std::string layer_tar = TarBuilder().dir("etc/").file("etc/name", "content").bytes();

TEST_F(ArchiveTest, WhatIsSavedIsLoadedAsTheSameImage) {
  const std::string id = import(layer_tar, "team/app:1")->id;
  store->tag(id, parse_tagged_reference("other:2"));
  const std::string archive = save({"team/app:1", "other:2"});
  store->remove("team/app:1", false);
  store->remove("other:2", false);
  EXPECT_TRUE(store->layer_ids().empty());
  EXPECT_EQ(load(archive), "{\"stream\":\"Loaded image: team/app:1\\n\"}\r\n{\"stream\":\"Loaded image: other:2\\n\"}\r\n");
  EXPECT_EQ(store->get("team/app:1")->id, id);
  EXPECT_EQ(store->get("other:2")->id, id);
  EXPECT_EQ(RootDir(store->layer_dir(sha256_digest(layer_tar))).read_file("etc/name"), "content");
}

TEST_F(ArchiveTest, AnArchiveIsBothDockersAndOci) {
  const ImagePtr image = import(layer_tar, "app:1");
  const auto found = members(save({"app:1"}));
  const std::string layer = "blobs/sha256/" + sha256_hex(layer_tar);
  EXPECT_EQ(found.at(layer), layer_tar);
  const json manifest = json::parse(found.at("manifest.json"));
  EXPECT_EQ(manifest[0]["RepoTags"], json({"app:1"}));
  EXPECT_EQ(manifest[0]["Layers"], json({layer}));
  EXPECT_EQ(sha256_digest(found.at(manifest[0]["Config"])), image->id);
  const json entry = json::parse(found.at("index.json"))["manifests"][0];
  EXPECT_EQ(entry["annotations"]["io.containerd.image.name"], "docker.io/library/app:1");
  EXPECT_EQ(sha256_digest(found.at("blobs/sha256/" + entry["digest"].get<std::string>().substr(7))), entry["digest"]);
  EXPECT_TRUE(found.contains("oci-layout"));
}

TEST_F(ArchiveTest, AnOciLayoutIsLoadedForItsPlatform) {
  import(layer_tar, "app:1");
  auto found = members(save({"app:1"}));
  found.erase("manifest.json");
  found.erase("repositories");
  store->remove("app:1", false);
  json index = json::parse(found.at("index.json"));
  json other = index["manifests"][0];
  index["manifests"][0]["platform"] = {{"os", "linux"}, {"architecture", "amd64"}};
  other["platform"] = {{"os", "linux"}, {"architecture", "s390x"}};
  other["digest"] = sha256_digest("not in the archive");
  index["manifests"].push_back(other);
  found["index.json"] = index.dump();
  TarBuilder tar;
  for (const auto& [path, content] : found)
    if (!path.ends_with('/')) tar.file(path, content);
  EXPECT_THAT(load(tar.bytes()), HasSubstr("Loaded image: app:1"));
}

TEST_F(ArchiveTest, TheLayoutOfOlderVersionsIsLoaded) {
  ImageConfig config;
  config.diff_ids = {sha256_digest(layer_tar), sha256_digest(layer_tar)};
  const std::string document = to_text(config);
  TarBuilder tar;
  tar.dir("aaaa/").file("aaaa/VERSION", "1.0").file("aaaa/json", "{}").file("aaaa/layer.tar", layer_tar);
  tar.dir("bbbb/").link("bbbb/layer.tar", "../aaaa/layer.tar").file("cccc.json", document);
  tar.file("manifest.json", R"([{"Config":"cccc.json","RepoTags":["old:1"],"Layers":["aaaa/layer.tar","bbbb/layer.tar"]}])");
  EXPECT_THAT(load(tar.bytes()), HasSubstr("Loaded image: old:1"));
  EXPECT_EQ(store->get("old:1")->id, sha256_digest(document));
}

TEST_F(ArchiveTest, WhatHasNotItsDigestIsRefusedAsAWhole) {
  import(layer_tar, "app:1");
  auto found = members(save({"app:1"}));
  store->remove("app:1", false);
  const std::string layer = "blobs/sha256/" + sha256_hex(layer_tar);
  const auto build = [&] {
    TarBuilder tar;
    for (const auto& [path, content] : found)
      if (!path.ends_with('/')) tar.file(path, content);
    return tar.bytes();
  };
  found[layer] = TarBuilder().file("other", "x").bytes();
  EXPECT_THAT(failure(build()), HasSubstr("does not have the digest in its name"));
  found.erase(layer);
  EXPECT_THAT(failure(build()), HasSubstr(layer + " is missing"));
  found.erase("manifest.json");
  found.erase("index.json");
  EXPECT_THAT(failure(build()), HasSubstr("neither a manifest.json"));
  EXPECT_THAT(failure("no tar at all"), HasSubstr("archive is damaged"));
  EXPECT_EQ(store->count(), 0U);
  EXPECT_TRUE(store->layer_ids().empty());
}

TEST_F(ArchiveTest, SavingNamesWhatIsMissing) { EXPECT_THROW(save({"nothing"}), Error); }

}  // namespace
}  // namespace stack::engine::image
