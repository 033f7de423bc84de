#include "engine/build/stage_graph.hpp"

#include <gtest/gtest.h>

namespace stack::engine::build {

namespace {

/// One character per stage: + needed, - not.
std::string needed(const std::string& text, std::size_t target) {
  const Dockerfile file = parse_dockerfile(text);
  std::vector<std::string> bases;
  for (const Stage& stage : file.stages) bases.push_back(stage.base);
  std::string marks;
  for (const bool is_needed : needed_stages(file, bases, target)) marks += is_needed ? '+' : '-';
  return marks;
}

}  // namespace

TEST(StageGraph, FollowsBasesCopiesAndMounts) {
  EXPECT_EQ(needed("FROM a AS x\nFROM b AS y\nFROM X\n", 2), "+-+");
  EXPECT_EQ(needed("FROM a AS x\nFROM x AS y\nFROM b\nCOPY --from=y /a /b\n", 2), "+++");
  EXPECT_EQ(needed("FROM a\nFROM b\nFROM c\nRUN --mount=from=1,target=/x true\n", 2), "-++");
  EXPECT_EQ(needed("FROM a AS x\nFROM b\nFROM c\nCOPY --from=elsewhere/x:1 /a /b\n", 2), "--+");
  EXPECT_EQ(needed("FROM a AS x\nFROM b AS y\nFROM c\n", 1), "-+-");
  EXPECT_EQ(needed("FROM a AS x\nFROM b\nFROM c\nCOPY --from=$WHICH /a /b\n", 2), "+++");
  EXPECT_EQ(needed("FROM a AS x\nFROM 0\n", 1), "-+");
}

TEST(StageGraph, FindsStagesByNameAndNumber) {
  const Dockerfile file = parse_dockerfile("FROM a AS one\nFROM b AS One\nFROM c\n");
  EXPECT_EQ(find_stage(file, "ONE", 3), 1U);
  EXPECT_EQ(find_stage(file, "one", 1), 0U);
  EXPECT_EQ(find_stage(file, "2", 3), 2U);
  EXPECT_EQ(find_stage(file, "2", 2), std::nullopt);
  EXPECT_EQ(find_stage(file, "two", 3), std::nullopt);
  EXPECT_EQ(find_stage(file, "", 3), std::nullopt);
}

}  // namespace stack::engine::build
