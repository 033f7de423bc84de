// The configuration hashes docker compose put on what it made of tests/golden/labels are ours.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/digest.hpp"
#include "compose/loader.hpp"
#include "compose/print.hpp"

namespace stack::scheduler {
namespace {

std::filesystem::path golden() { return std::filesystem::path(STACK_SOURCE_DIR) / "tests/golden/labels"; }

/// The reference ran in /golden-labels, and paths are part of what is hashed.
std::string hash_there(std::string json) {
  const std::string here = golden(), there = "/golden-labels";
  for (std::size_t at = 0; (at = json.find(here, at)) != std::string::npos; at += there.size())
    json.replace(at, here.size(), there);
  return sha256_hex(json);
}

TEST(LabelsGolden, ServicesNetworksAndVolumesHaveTheReferencesHashes) {
  compose::LoadOptions options;
  options.cwd = golden();
  options.environment = {{"HOME", "/root"}};
  const compose::Project project = compose::load(options).project;
  std::string lines;
  for (const auto& [name, service] : project.services)
    lines += "service " + name + " " + hash_there(json_for_hash(service)) + "\n";
  for (const auto& [name, network] : project.networks)
    lines += "network " + name + " " + hash_there(json_for_hash(network)) + "\n";
  for (const auto& [name, volume] : project.volumes) lines += "volume " + name + " " + hash_there(json_for_hash(volume)) + "\n";
  std::ifstream file(golden() / "labels.txt");
  std::ostringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(lines, expected.str());
}

}  // namespace
}  // namespace stack::scheduler
