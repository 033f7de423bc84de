#include "cli/render/resource_rows.hpp"

#include <gtest/gtest.h>

namespace stack::cli::render {
namespace {

namespace api = engine::api;

TEST(ResourceRows, AnImageHasARowForEachName) {
  api::ImageSummary image;
  image.id = "sha256:0123456789abcdef";
  image.repo_tags = {"local:5000/app:1", "app:latest"};
  image.repo_digests = {"app@sha256:dd"};
  image.size = 1984342;
  api::ImageSummary nameless;
  nameless.id = "sha256:ffff";
  nameless.repo_digests = {"gone@sha256:ee"};
  const std::vector<Row> rows = image_rows({image, nameless}, false, true, 0);
  EXPECT_EQ(format_rows(rows, "{{.Repository}} {{.Tag}} {{.Digest}} {{.ID}} {{.Size}} {{.VirtualSize}}"),
            "local:5000/app 1 <none> 0123456789ab 1.98MB 1.984MB\n"
            "app latest sha256:dd 0123456789ab 1.98MB 1.984MB\n"
            "gone <none> sha256:ee ffff 0B 0B\n");
}

TEST(ResourceRows, NamesAreSortedByTheNumbersInThem) {
  std::vector<api::Volume> volumes(3);
  volumes[0].name = "v10";
  volumes[1].name = "v9";
  volumes[2].name = "a";
  EXPECT_EQ(format_rows(volume_rows(volumes), "{{.Name}}"), "a\nv9\nv10\n");
}

TEST(ResourceRows, TimesOfNetworksAreInUtcWithoutZeros) {
  api::NetworkResource network;
  network.name = "net";
  network.created = api::parse_timestamp("2026-11-26T19:18:21.0819Z");
  EXPECT_EQ(format_rows(network_rows({network}, true), "{{.CreatedAt}}"), "2026-11-26 19:18:21.0819 +0000 UTC\n");
  network.created = api::parse_timestamp("2026-11-26T19:18:20Z");
  EXPECT_EQ(format_rows(network_rows({network}, true), "{{.CreatedAt}}"), "2026-11-26 19:18:20 +0000 UTC\n");
}

TEST(ResourceRows, LongCommandsOfAHistoryAreCut) {
  api::ImageHistory step;
  step.id = "<missing>";
  step.created_by = "RUN\t" + std::string(60, 'x');
  EXPECT_EQ(format_rows(history_rows({step}, false, true, 0), "{{.ID}} {{.CreatedBy}}"),
            "<missing> RUN " + std::string(40, 'x') + "…\n");
}

}  // namespace
}  // namespace stack::cli::render
