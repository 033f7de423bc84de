#include "engine/image/manifest.hpp"

#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace stack::engine::image {
namespace {

std::string descriptor(const std::string& content, const std::string& more = "") {
  return R"({"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":")" + sha256_digest(content) + R"(","size":)" +
         std::to_string(content.size()) + more + "}";
}

std::string index_of(const std::vector<std::string>& platforms) {
  std::string text;
  for (const std::string& platform : platforms)
    text += (text.empty() ? "" : ",") + descriptor(platform, R"(,"platform":)" + platform);
  return R"({"schemaVersion":2,"manifests":[)" + text + "]}";
}

std::string failure(const std::string& text) {
  try {
    parse_manifest(text, "");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Manifest, OfAnImage) {
  const std::string text = R"({"schemaVersion":2,"config":{"digest":")" + sha256_digest("c") + R"(","size":1},"layers":[)" +
                           descriptor("one") + "," + descriptor("three") + "]}";
  const auto parsed = std::get<Manifest>(parse_manifest(text, "application/vnd.oci.image.manifest.v1+json; charset=utf-8"));
  EXPECT_EQ(parsed.media_type, media::oci_manifest);
  EXPECT_EQ(parsed.config.digest, sha256_digest("c"));
  ASSERT_EQ(parsed.layers.size(), 2U);
  EXPECT_EQ(parsed.layers[1].size, 5);
}

TEST(Manifest, ErrorsNameTheField) {
  EXPECT_EQ(failure("[]"), "manifest: not a JSON object");
  EXPECT_EQ(failure(R"({"schemaVersion":3})"), "manifest: schemaVersion: must be 2");
  EXPECT_NE(failure(R"({"schemaVersion":1,"fsLayers":[]})").find("schema 1"), std::string::npos);
  EXPECT_EQ(failure(R"({"schemaVersion":2,"layers":[]})"), "manifest: config: is missing");
  EXPECT_EQ(failure(R"({"schemaVersion":2,"config":{"digest":"sha256:../../etc","size":1},"layers":[]})"),
            "manifest: config.digest: \"sha256:../../etc\" is not a sha256 digest");
  EXPECT_EQ(failure(R"({"schemaVersion":2,"manifests":{}})"), "manifest: manifests: must be a list");
  EXPECT_EQ(failure(R"({"schemaVersion":2,"manifests":[{"digest":")" + sha256_digest("") + R"(","size":-1}]})"),
            "manifest: manifests[0].size: must not be negative");
  EXPECT_NE(failure(R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[],"layers":[]})")
                .find("says index"),
            std::string::npos);
}

TEST(Platforms, AreReadAsTheyAreWritten) {
  EXPECT_EQ(parse_platform("linux/arm64/v8").text(), "linux/arm64/v8");
  EXPECT_EQ(parse_platform("arm64").text(), "linux/arm64");
  EXPECT_EQ(parse_platform("linux/x86_64").text(), "linux/amd64");
  EXPECT_EQ(parse_platform(""), host_platform());
  for (const char* bad : {"/", "a/b/c/d", "linux/ar m", "linux//v8"}) EXPECT_THROW(parse_platform(bad), Error) << bad;
}

TEST(Platforms, TheBestMatchIsChosen) {
  const auto parsed = std::get<Index>(parse_manifest(
      index_of({R"({"os":"unknown","architecture":"unknown"})", R"({"os":"linux","architecture":"arm","variant":"v6"})",
                R"({"os":"linux","architecture":"arm","variant":"v7"})",
                R"({"os":"linux","architecture":"arm64","variant":"v8"})", R"({"os":"linux","architecture":"amd64"})"}),
      ""));
  const auto chosen = [&](const char* platform) {
    const Descriptor* found = choose(parsed, parse_platform(platform));
    return found == nullptr ? "none" : found->platform->text();
  };
  EXPECT_EQ(chosen("linux/amd64"), "linux/amd64");
  EXPECT_EQ(chosen("linux/arm64"), "linux/arm64/v8");
  EXPECT_EQ(chosen("linux/arm64/v8"), "linux/arm64/v8");
  EXPECT_EQ(chosen("linux/arm"), "linux/arm/v7");
  EXPECT_EQ(chosen("linux/arm/v6"), "linux/arm/v6");
  EXPECT_EQ(chosen("linux/arm/v5"), "none");
  EXPECT_EQ(chosen("windows/amd64"), "none");
}

}  // namespace
}  // namespace stack::engine::image
