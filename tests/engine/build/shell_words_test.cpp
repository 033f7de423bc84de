#include "engine/build/shell_words.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/error.hpp"

namespace stack::engine::build {

namespace {

const std::map<std::string, std::string> values{
    {"A", "one"}, {"EMPTY", ""}, {"BLANKS", "x  y"}, {"F", "/a/b.c/d.tar.gz"}, {"Q", "a*b"}};

std::optional<std::string> lookup(const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? std::nullopt : std::optional(found->second);
}

std::string word(const std::string& text, char escape = '\\') {
  try {
    return expand_word(text, lookup, escape);
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST(ShellWords, ReplacesVariablesInEveryForm) {
  EXPECT_EQ(word("$A-${A}x$A.b"), "one-onexone.b");
  EXPECT_EQ(word("${NO:-d}${EMPTY:-d}${EMPTY-d}${NO-d}"), "ddd");
  EXPECT_EQ(word("${A:+y}${EMPTY:+y}${EMPTY+y}${NO+y}"), "yy");
  EXPECT_EQ(word("${NO:-${A:-x}}"), "one");
  EXPECT_EQ(word("${NO:-a'}'b}"), "a}b");
  EXPECT_EQ(word("$NO|$"), "|$");
  EXPECT_EQ(word("$AB"), "");
}

// What the reference's BuildKit made of the same words.
TEST(ShellWords, ReplacesByPattern) {
  EXPECT_EQ(word("${F#*/}"), "a/b.c/d.tar.gz");
  EXPECT_EQ(word("${F##*/}"), "d.tar.gz");
  EXPECT_EQ(word("${F%.*}"), "/a/b.c/d.tar");
  EXPECT_EQ(word("${F%%.*}"), "/a/b");
  EXPECT_EQ(word("${F/b/X}"), "/a/X.c/d.tar.gz");
  EXPECT_EQ(word("${F//a/Y}"), "/Y/b.c/d.tYr.gz");
  EXPECT_EQ(word("${F#x}${EMPTY%x}${NO#x}"), "/a/b.c/d.tar.gz");
  EXPECT_EQ(word("${F//[ac]/Z}"), "/a/b.c/d.tar.gz");
  EXPECT_EQ(word("${F%.?z}"), "/a/b.c/d.tar");
  EXPECT_EQ(word("${Q#a\\*}"), "b");
  EXPECT_EQ(word("${F#\"/a\"}"), "/b.c/d.tar.gz");
  EXPECT_EQ(word("${F/\\/a/q}"), "q/b.c/d.tar.gz");
  EXPECT_EQ(word("${F##/*/}"), "d.tar.gz");
  EXPECT_EQ(word("${F#/${NO:-a}}"), "/b.c/d.tar.gz");
}

TEST(ShellWords, HonoursQuotesAndEscapes) {
  EXPECT_EQ(word("'$A' \"$A\" \\$A"), "$A one $A");
  EXPECT_EQ(word("\"a\\\"b\\x\\$\""), "a\"b\\x$");
  EXPECT_EQ(word("`$A", '`'), "$A");
  EXPECT_EQ(word("C:\\x", '`'), "C:\\x");
  EXPECT_EQ(word("$BLANKS"), "x  y");
}

TEST(ShellWords, SaysWhatIsWrong) {
  EXPECT_EQ(word("\"x"), "failed to process \"\"x\": unexpected end of statement while looking for matching double-quote");
  EXPECT_EQ(word("'x"), "failed to process \"'x\": unexpected end of statement while looking for matching single-quote");
  EXPECT_EQ(word("${A"), "failed to process \"${A\": syntax error: missing '}'");
  EXPECT_EQ(word("${}"), "failed to process \"${}\": bad substitution");
  EXPECT_EQ(word("${NO:?gone}"), "failed to process \"${NO:?gone}\": NO: gone");
  EXPECT_EQ(word("${A^x}"), "failed to process \"${A^x}\": unsupported modifier (^) in substitution");
  EXPECT_EQ(word("${A/x}"), "failed to process \"${A/x}\": syntax error: missing '/'");
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "${N:-";
  EXPECT_TRUE(word(deep).ends_with("too deeply nested"));
}

TEST(ShellWords, SplitsIntoWords) {
  EXPECT_EQ(expand_words("a 'b c' $BLANKS \"$BLANKS\"", lookup, '\\'),
            (std::vector<std::string>{"a", "b c", "x", "y", "x  y"}));
  EXPECT_EQ(split_words("a=1 b=\"x y\" c=x\\ y 'd e'", '\\'),
            (std::vector<std::string>{"a=1", "b=\"x y\"", "c=x\\ y", "'d e'"}));
  EXPECT_EQ(split_blanks("  a  'b c' "), (std::vector<std::string>{"a", "'b", "c'"}));
}

TEST(ShellWords, HereDocumentsKeepTheirQuotes) {
  EXPECT_EQ(expand_document("'$A' \"${NO:-'q'}\" \\$A \\n it's $ 5\n", lookup, '\\'), "'one' \"'q'\" $A n it's $ 5\n");
}

}  // namespace stack::engine::build
