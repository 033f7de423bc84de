#include "engine/container/mounts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace stack::engine::container {
namespace {

std::vector<MountPoint> resolve(const char* host_config, const char* config = "{}") {
  return resolve_mounts(nlohmann::json::parse(config).get<api::ContainerConfig>(),
                        nlohmann::json::parse(host_config).get<api::HostConfig>());
}

std::string refusal(const char* host_config) {
  try {
    resolve(host_config);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Mounts, RefusalsAreDockers) {
  const std::vector<std::pair<const char*, const char*>> expected{
      {R"({"Binds":["/a:/"]})",
       "invalid volume specification: '/a:/': invalid mount config for type \"bind\": invalid specification: destination can't "
       "be '/'"},
      {R"({"Binds":["a:/x:zz"]})", "invalid mode: zz"},
      {R"({"Binds":["v:x"]})",
       "invalid volume specification: 'v:x': invalid mount config for type \"volume\": invalid mount path: 'x' mount path must "
       "be absolute"},
      {R"({"Binds":["a::"]})", "invalid volume specification: 'a::'"},
      {R"({"Binds":["ab:/x","cd:/x/"]})", "Duplicate mount point: /x"},
      {R"({"Mounts":[{"Type":"zzz","Source":"/a","Target":"/x"}]})",
       "invalid mount config for type \"zzz\": mount type unknown"},
      {R"({"Mounts":[{"Type":"bind","Source":"rel","Target":"/x"}]})",
       "invalid mount config for type \"bind\": invalid mount path: 'rel' mount path must be absolute"},
      {R"({"Mounts":[{"Type":"volume","Source":"ab","Target":"v:/x"}]})",
       "invalid mount config for type \"volume\": invalid mount path: 'v:/x' mount path must be absolute"},
      {R"({"Mounts":[{"Type":"tmpfs","Source":"a","Target":"/x"}]})",
       "invalid mount config for type \"tmpfs\": field Source must not be specified"},
  };
  for (const auto& [json, text] : expected) EXPECT_EQ(refusal(json), text) << json;
}

TEST(Mounts, BindsAreReadInTheirForms) {
  const auto mounts = resolve(R"({"Binds":["/srv/../data/:/d:ro,rshared","named:/n","/anonymous:/x","/only"]})");
  ASSERT_EQ(mounts.size(), 4U);
  EXPECT_EQ(mounts[0].type, "bind");
  EXPECT_EQ(mounts[0].source, "/data");
  EXPECT_FALSE(mounts[0].rw);
  EXPECT_EQ(mounts[0].propagation, "rshared");
  EXPECT_TRUE(mounts[0].create_source);
  EXPECT_EQ(mounts[1].type, "volume");
  EXPECT_EQ(mounts[1].name, "named");
  EXPECT_EQ(mounts[1].mode, "z");
  EXPECT_EQ(mounts[1].propagation, "");
  EXPECT_EQ(mounts[2].propagation, "rprivate");
  EXPECT_TRUE(mounts[3].anonymous);
  EXPECT_EQ(mounts[3].destination, "/only");
}

TEST(Mounts, TheLongFormDoesNotMakeAMissingSource) {
  const auto mounts = resolve(
      R"({"Mounts":[{"Type":"bind","Source":"/s","Target":"/t","ReadOnly":true,"BindOptions":{"NonRecursive":true}}]})");
  EXPECT_FALSE(mounts.at(0).create_source);
  EXPECT_FALSE(mounts.at(0).recursive);
  EXPECT_FALSE(mounts.at(0).rw);
}

TEST(Mounts, AnImagesVolumeGivesWayToTheUsersMount) {
  const auto mounts = resolve(R"({"Binds":["mine:/data"]})", R"({"Volumes":{"/data/":{},"/other":{}}})");
  ASSERT_EQ(mounts.size(), 2U);
  EXPECT_EQ(mounts[0].name, "mine");
  EXPECT_EQ(mounts[1].destination, "/other");
  EXPECT_TRUE(mounts[1].anonymous);
}

TEST(Mounts, APathComesBeforeWhatLiesBelowIt) {
  const auto mounts = resolve(R"({"Binds":["a1:/x/y/z","b1:/x"],"Tmpfs":{"/x/y":""}})");
  ASSERT_EQ(mounts.size(), 3U);
  EXPECT_EQ(mounts[0].destination, "/x");
  EXPECT_EQ(mounts[1].destination, "/x/y");
  EXPECT_EQ(mounts[2].destination, "/x/y/z");
}

TEST(Mounts, TmpfsKeepsItsSafeOptionsUnlessToldOtherwise) {
  const auto plain = resolve(R"({"Tmpfs":{"/t":"size=1m"}})");
  EXPECT_THAT(plain.at(0).options, testing::ElementsAre("rw", "nosuid", "nodev", "noexec", "size=1m"));
  const auto exec = resolve(R"({"Tmpfs":{"/t":"exec,ro"}})");
  EXPECT_THAT(exec.at(0).options, testing::ElementsAre("rw", "nosuid", "nodev"));
  EXPECT_FALSE(exec.at(0).rw);
  EXPECT_TRUE(to_api(plain).empty());  // Docker does not list these
  EXPECT_EQ(to_api(resolve(R"({"Mounts":[{"Type":"tmpfs","Target":"/t"}]})")).size(), 1U);
}

}  // namespace
}  // namespace stack::engine::container
