#include "base/dockerignore.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack {

namespace {

bool ignored(const std::string& rules, const std::string& path) { return IgnoreRules::parse(rules).ignored(path); }

}  // namespace

// Expectations follow Docker's documentation of the file and the answers of the reference's classic builder.
TEST(Dockerignore, MatchesNamesWildcardsAndParents) {
  EXPECT_TRUE(ignored("*.md", "a.md"));
  EXPECT_FALSE(ignored("*.md", "d/a.md"));
  EXPECT_TRUE(ignored("**/*.md", "d/e/a.md"));
  EXPECT_TRUE(ignored("**/*.md", "a.md"));
  EXPECT_TRUE(ignored("*/temp*", "d/temporary"));
  EXPECT_FALSE(ignored("*/temp*", "d/e/temporary"));
  EXPECT_TRUE(ignored("node_modules", "node_modules/x/y"));
  EXPECT_FALSE(ignored("node_modules", "node_modules2"));
  EXPECT_TRUE(ignored("/a/", "a/b"));
  EXPECT_TRUE(ignored("temp?", "tempa"));
  EXPECT_FALSE(ignored("temp?", "temp"));
  EXPECT_TRUE(ignored("a/**", "a/b"));
  EXPECT_FALSE(ignored("a/**", "a"));
  EXPECT_TRUE(ignored("**", "anything/at/all"));
  EXPECT_TRUE(ignored("a/**/z", "a/z"));
  EXPECT_TRUE(ignored("a/**/z", "a/b/c/z"));
  EXPECT_FALSE(ignored("a/**/z", "a/b/cz"));
  EXPECT_TRUE(ignored("[a-c]x", "bx"));
  EXPECT_TRUE(ignored("[^a-c]x", "dx"));
  EXPECT_TRUE(ignored("a\\*", "a*"));
  EXPECT_FALSE(ignored("a\\*", "ab"));
}

TEST(Dockerignore, TheLastMatchingRuleDecides) {
  const std::string rules = "*.md\n!README*.md\nREADME-secret.md";
  EXPECT_TRUE(ignored(rules, "x.md"));
  EXPECT_FALSE(ignored(rules, "README.md"));
  EXPECT_TRUE(ignored(rules, "README-secret.md"));
  EXPECT_FALSE(ignored("dir\n!dir/keep", "dir/keep"));
  EXPECT_TRUE(ignored("!a\na", "a"));
}

TEST(Dockerignore, SkipsCommentsBlanksAndTheContextItself) {
  const IgnoreRules rules = IgnoreRules::parse("# comment\n\n   \n.\n/\n./x  \r\n");
  EXPECT_FALSE(rules.ignored("# comment"));
  EXPECT_FALSE(rules.ignored("y"));
  EXPECT_TRUE(rules.ignored("x"));
}

TEST(Dockerignore, KnowsWhereSomethingMayBeKept) {
  const IgnoreRules rules = IgnoreRules::parse("a\n!a/b/keep\nc\n!**/*.md");
  EXPECT_TRUE(rules.may_keep_below("a"));
  EXPECT_TRUE(rules.may_keep_below("a/b"));
  EXPECT_TRUE(rules.may_keep_below("c"));
  EXPECT_FALSE(IgnoreRules::parse("a\n!b/x").may_keep_below("a"));
}

TEST(Dockerignore, NamesTheLineOfABadPattern) {
  try {
    IgnoreRules::parse("ok\n[a-");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), ".dockerignore:2: syntax error in pattern \"[a-\"");
  }
}

TEST(Dockerignore, AlwaysSendsTheDockerfile) {
  const archive::Filter filter = context_filter(IgnoreRules::parse("*\n!src"), "build/Dockerfile");
  struct stat file {};
  file.st_mode = S_IFREG;
  struct stat directory {};
  directory.st_mode = S_IFDIR;
  EXPECT_EQ(filter("build", directory), archive::Keep::descend);
  EXPECT_EQ(filter("build/Dockerfile", file), archive::Keep::yes);
  EXPECT_EQ(filter("build/other", file), archive::Keep::no);
  EXPECT_EQ(filter(".dockerignore", file), archive::Keep::yes);
  EXPECT_EQ(filter("src/x", file), archive::Keep::yes);
  EXPECT_EQ(filter("other", directory), archive::Keep::no);
}

}  // namespace stack
