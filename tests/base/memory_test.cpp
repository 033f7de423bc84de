#include "base/memory.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace stack {
namespace {

/// "RssFile", "RssAnon": kB
long resident(const std::string& kind) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind(kind + ":", 0) == 0) return std::stol(line.substr(kind.size() + 1));
  return -1;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // whose allocators keep what is freed

TEST(ReleaseUnusedMemory, GivesFreedBlocksBack) {
  std::vector<std::unique_ptr<std::string>> blocks;
  for (int i = 0; i < 100'000; ++i) blocks.push_back(std::make_unique<std::string>(300, 'x'));
  const auto pin = std::make_unique<std::string>(300, 'y');  // the heap's top stays in use
  blocks.clear();
  const long before = resident("RssAnon");
  release_unused_memory();
  EXPECT_LT(resident("RssAnon"), before - 20'000) << *pin;
}

#endif

TEST(ReleaseUnusedMemory, UnmapsCodeThatComesBackWhenItIsUsed) {
  const long before = resident("RssFile");
  release_unused_memory();
  EXPECT_LT(resident("RssFile"), before);
  EXPECT_EQ(std::to_string(42), "42");
}

}  // namespace
}  // namespace stack
