// What docker compose printed for the files in tests/golden/compose is what we print.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/digest.hpp"
#include "compose/loader.hpp"
#include "compose/print.hpp"

namespace stack::compose {
namespace {

std::filesystem::path golden() { return std::filesystem::path(STACK_SOURCE_DIR) / "tests/golden/compose"; }

std::string text_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream) << path;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// The reference ran in /golden.
std::string moved(std::string text) {
  const std::string here = golden();
  for (std::size_t at = 0; (at = text.find(here, at)) != std::string::npos; at += 7) text.replace(at, here.size(), "/golden");
  return text;
}

class Golden : public testing::TestWithParam<std::string> {
protected:
  LoadOptions options() const {
    LoadOptions result;
    result.cwd = golden() / GetParam();
    result.environment = {{"HOME", "/root"}};
    return result;
  }
  std::filesystem::path expected(const char* name) const { return golden() / GetParam() / name; }
};

TEST_P(Golden, YamlIsTheReferencesByteForByte) {
  EXPECT_EQ(moved(print_yaml(load(options()).project)), text_of(expected("config.yaml")));
}

TEST_P(Golden, JsonIsTheReferencesByteForByte) {
  EXPECT_EQ(moved(print_json(load(options()).project)), text_of(expected("config.json")));
}

TEST_P(Golden, HashesAreTheReferences) {
  LoadOptions hash_options = options();
  hash_options.resolve_env_files = false;
  std::string lines;
  for (const auto& [name, service] : load(hash_options).project.services)
    lines += name + ' ' + sha256_hex(moved(json_for_hash(service))) + '\n';
  EXPECT_EQ(lines, text_of(expected("config.hash")));
}

TEST_P(Golden, PrintedYamlLoadsToTheSameProject) {
  const std::string first = print_yaml(load(options()).project);
  std::istringstream input(first);
  LoadOptions again = options();
  again.files = {"-"};
  again.standard_input = &input;
  again.profiles = {"*"};
  EXPECT_EQ(print_yaml(load(again).project), first);
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(golden()))
    if (entry.is_directory()) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Compose, Golden, testing::ValuesIn(cases()), [](const auto& test) { return test.param; });

}  // namespace
}  // namespace stack::compose
