#include "engine/image/tar_recipe.hpp"

#include <unistd.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "engine/image/layer_tar.hpp"
#include "tests/engine/image/fixture.hpp"

namespace stack::engine::image {
namespace {

using Type = archive::Member::Type;

class TarRecipeTest : public ::testing::Test {
protected:
  std::string unpacked() const { return dir_.path() + "/layer"; }
  /// Unpacks, and writes the tar again.
  std::string round_trip(const std::string& tar) {
    ::mkdir(unpacked().c_str(), 0700);
    const UnpackedLayer layer = unpack_layer(archive::from_memory(tar), unpacked());
    EXPECT_EQ(layer.diff_id, sha256_digest(tar));
    const LayerTar again(unpacked(), layer.diff_id);
    std::string bytes;
    again.write([&](std::string_view piece) { bytes += piece; });
    EXPECT_EQ(again.size(), bytes.size());
    return bytes;
  }
  bool has_recipe() const { return ::access((unpacked() + "/recipe").c_str(), F_OK) == 0; }

  test::TempDir dir_;
};

std::string rich_tar() {
  TarBuilder tar;
  archive::Member strange;
  strange.path = "etc/" + std::string(150, 'n') + "/" + std::string(120, 'm');
  strange.size = 700;
  strange.mode = 0640;
  strange.xattrs["user.note"] = "x";
  tar.dir("etc/").file("etc/name", "content").file("etc/empty", "").add(strange, std::string(700, 'x'));
  tar.link("etc/link", "name")
      .add(Type::hard_link, "etc/hard", "etc/name")
      .file("etc/.wh.gone", "")
      .file("big", std::string(300'000, 'b'));
  return tar.bytes();
}

TEST_F(TarRecipeTest, GivesTheVerySameBytesAgain) {
  const std::string tar = rich_tar();
  EXPECT_EQ(round_trip(tar), tar);
  EXPECT_TRUE(has_recipe());
}

TEST_F(TarRecipeTest, WhatFollowsTheEndMarkerIsPartOfIt) {
  const std::string tar = rich_tar() + std::string(7 * 512, '\0') + "trailing text";
  EXPECT_EQ(round_trip(tar), tar);
}

TEST_F(TarRecipeTest, HoldsNoContent) {
  round_trip(rich_tar());
  EXPECT_LT(std::filesystem::file_size(unpacked() + "/recipe"), 2'000U);
}

TEST_F(TarRecipeTest, TheStreamMayBeCutAnywhere) {
  const std::string tar = rich_tar();
  for (const std::size_t step : {1UL, 511UL, 513UL}) {
    const std::string file = dir_.path() + "/recipe";
    TarRecipeWriter writer(file);
    for (std::size_t at = 0; at < tar.size(); at += step) writer.stream(std::string_view(tar).substr(at, step));
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(tar_recipe_size(file), tar.size());
  }
}

TEST_F(TarRecipeTest, ANameThatComesTwiceCannotBeWrittenAgain) {
  const std::string tar = TarBuilder().file("a", "first").file("a", "second").bytes();
  EXPECT_THROW(round_trip(tar), Error);
  EXPECT_FALSE(has_recipe());
}

TEST_F(TarRecipeTest, ChangedFilesAreNoticed) {
  const std::string tar = rich_tar();
  round_trip(tar);
  std::ofstream(unpacked() + "/diff/etc/name") << "CONTENT";
  const LayerTar again(unpacked(), sha256_digest(tar));
  EXPECT_THROW(again.write([](std::string_view) {}), Error);
}

}  // namespace
}  // namespace stack::engine::image
