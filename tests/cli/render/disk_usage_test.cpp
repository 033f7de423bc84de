#include "cli/render/disk_usage.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace stack::cli::render {
namespace {

const char* const usage = R"({"LayersSize": 3000,
  "Images": [{"Id": "sha256:aa", "RepoTags": ["app:1"], "Created": 0, "Size": 2000, "SharedSize": 1000, "Containers": 1},
             {"Id": "sha256:bb", "RepoTags": null, "Created": 0, "Size": 2000, "SharedSize": 1000, "Containers": 0}],
  "Containers": [{"Id": "c1", "State": "running", "SizeRw": 10, "Names": ["/one"], "Created": 0},
                 {"Id": "c2", "State": "exited", "SizeRw": 30, "Names": ["/two"], "Created": 0}],
  "Volumes": [{"Name": "data", "Driver": "local", "UsageData": {"RefCount": 1, "Size": 5000}},
              {"Name": "old", "Driver": "local", "UsageData": {"RefCount": 0, "Size": -1}}],
  "BuildCache": null})";

TEST(DiskUsage, AddsUpWhatIsUsedAndWhatIsNot) {
  EXPECT_EQ(format_rows(disk_usage_rows(nlohmann::json::parse(usage)), disk_usage_table, disk_usage_titles()),
            "TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE\n"
            "Images          2         1         3kB       2kB (66%)\n"
            "Containers      2         1         40B       30B (75%)\n"
            "Local Volumes   2         1         5kB       0B (0%)\n"
            "Build Cache     0         0         0B        0B\n");
}

TEST(DiskUsage, InFullHasATableForEachKind) {
  const std::string text = disk_usage_in_full(nlohmann::json::parse(usage), 60);
  EXPECT_NE(text.find("app          1         aa         About a minute ago   2kB       1kB           1kB           1\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("VOLUME NAME   LINKS     SIZE\ndata          1         5kB\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nBuild cache usage: 0B\n\nCACHE ID   CACHE TYPE"), std::string::npos) << text;
}

TEST(DiskUsage, AnEngineThatSaysNothingHasNothing) { EXPECT_EQ(disk_usage_rows(nlohmann::json::object()).size(), 4U); }

}  // namespace
}  // namespace stack::cli::render
