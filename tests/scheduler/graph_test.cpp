#include "scheduler/graph.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::scheduler {
namespace {

Graph diamond() {
  Graph graph;
  graph.add("web", {"api", "cache"});
  graph.add("api", {"db"});
  graph.add("cache", {"db"});
  graph.add("lonely", {});
  return graph;
}

TEST(Graph, DependenciesComeFirst) {
  EXPECT_EQ(diamond().order(), (std::vector<std::string>{"db", "api", "cache", "lonely", "web"}));
}

TEST(Graph, ACycleIsAnErrorThatShowsIt) {
  Graph graph;
  graph.add("x", {"a"});
  graph.add("a", {"b"});
  graph.add("b", {"a"});
  try {
    graph.order();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "dependency cycle: a -> b -> a");
  }
}

TEST(Graph, ClosuresFollowBothDirections) {
  EXPECT_EQ(diamond().with_dependencies({"api"}), (std::set<std::string>{"api", "db"}));
  EXPECT_EQ(diamond().with_dependents({"cache"}), (std::set<std::string>{"cache", "web"}));
  EXPECT_EQ(diamond().dependents("db"), (std::set<std::string>{"api", "cache"}));
}

}  // namespace
}  // namespace stack::scheduler
