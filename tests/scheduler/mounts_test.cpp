#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "tests/scheduler/support.hpp"

namespace stack::scheduler {
namespace {

using namespace test;
using nlohmann::json;

json host_of(const std::string& service, const std::string& rest = "volumes: {v: {name: real}}") {
  const auto project = project_of("services: {web: {image: i, " + service + "}, db: {image: i}}\n" + rest);
  return json(container_config(project, project.services.at("web"), 1))["HostConfig"];
}

// Bodies as docker compose sends them for the same files.
TEST(Mounts, TheLongFormIsUsedWhereTheShortOneCannotSayIt) {
  EXPECT_EQ(
      host_of(
          "volumes: [{type: bind, source: /b, target: /t, bind: {create_host_path: true, propagation: rslave, selinux: z}}]")
          ["Mounts"],
      json::parse(
          R"([{"Type":"bind","Source":"/b","Target":"/t","BindOptions":{"Propagation":"rslave","CreateMountpoint":true}}])"));
  EXPECT_EQ(
      host_of("volumes: [{type: bind, source: /b, target: /t, read_only: true, bind: {create_host_path: true, recursive: "
              "writable}}]")["Mounts"],
      json::parse(
          R"([{"Type":"bind","Source":"/b","Target":"/t","ReadOnly":true,"BindOptions":{"CreateMountpoint":true,"ReadOnlyNonRecursive":true}}])"));
  EXPECT_EQ(
      host_of("volumes: [{type: volume, source: v, target: /t, volume: {nocopy: true, labels: {x: y}, subpath: a}}]")["Mounts"],
      json::parse(
          R"([{"Type":"volume","Source":"real","Target":"/t","VolumeOptions":{"NoCopy":true,"Labels":{"x":"y"},"Subpath":"a"}}])"));
  EXPECT_EQ(host_of("volumes: [{type: image, source: img:1, target: /t, image: {subpath: etc}}]")["Mounts"],
            json::parse(R"([{"Type":"image","Source":"img:1","Target":"/t","ImageOptions":{"Subpath":"etc"}}])"));
  EXPECT_EQ(host_of("volumes: ['/b:/t:ro,z', 'v:/v']")["Binds"], json::parse(R"(["/b:/t:ro,z","real:/v:rw"])"));
}

TEST(Mounts, VolumesFromNamesContainers) {
  EXPECT_EQ(host_of("volumes_from: ['db:ro', 'container:lender'], volume_driver: local")["VolumesFrom"],
            json::parse(R"(["p-db-1:ro","lender"])"));
}

TEST(Mounts, AServiceWaitsForTheOneItTakesVolumesFrom) {
  const auto project = project_of("services: {web: {image: i, volumes_from: [zdb]}, zdb: {image: i, volumes: [/v]}}");
  const std::string plan = to_text(reconcile(project, nothing(project), {}));
  EXPECT_LT(plan.find("CreateContainer service:zdb:1"), plan.find("CreateContainer service:web:1")) << plan;
  EXPECT_FALSE(project.services.at("web").depends_on.at("zdb").restart);
}

}  // namespace
}  // namespace stack::scheduler
