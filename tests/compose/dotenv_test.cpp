#include "compose/dotenv.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::compose {
namespace {

using Variables = std::map<std::string, std::string>;

std::optional<std::string> environment(std::string_view name) {
  return name == "HOST" ? std::optional<std::string>("outer") : std::nullopt;
}

Variables parse(std::string_view text) {
  Variables out;
  parse_dotenv(text, "f.env", environment, out);
  return out;
}

std::string refusal(std::string_view text) {
  try {
    parse(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Dotenv, UnquotedValuesEndAtTheLineOrACommentAndAreTrimmed) {
  EXPECT_EQ(parse("A=1\n B = two words  # c\nC=a#b\r\nD=\nE=x"),
            (Variables{{"A", "1"}, {"B", "two words"}, {"C", "a#b"}, {"D", ""}, {"E", "x"}}));
}

TEST(Dotenv, ExportAndColonsAreUnderstood) { EXPECT_EQ(parse("export A=1\nB: 2\n"), (Variables{{"A", "1"}, {"B", "2"}})); }

TEST(Dotenv, DoubleQuotesHaveEscapesVariablesAndLines) {
  EXPECT_EQ(parse("A=\"a\\nb\\t\\\"q\\\" \\\\ \\x\"\nB=\"$A\"\nC=\"l1\nl2\"\nD=\"\\$A\"\nE=\"\\0101\"").at("A"),
            "a\nb\t\"q\" \\ \\x");
  EXPECT_EQ(parse("C=\"l1\nl2\"").at("C"), "l1\nl2");
  EXPECT_EQ(parse("A=1\nD=\"\\$A $$A $A\"").at("D"), "$A $A 1");
  EXPECT_EQ(parse("E=\"\\0101\"").at("E"), "A");
}

TEST(Dotenv, SingleQuotesAreLiteral) { EXPECT_EQ(parse("A='$B \\n \\'x'").at("A"), "$B \\n 'x"); }

TEST(Dotenv, VariablesSeeTheEnvironmentThenEarlierLines) {
  EXPECT_EQ(parse("HOST=inner\nA=$HOST\nB=1\nC=${B}${U:-d}\\$B").at("A"), "outer");
  EXPECT_EQ(parse("B=1\nC=${B}${U:-d}\\$B").at("C"), "1d\\1");
}

TEST(Dotenv, ABareNameComesFromTheEnvironmentOrIsDropped) {
  EXPECT_EQ(parse("HOST\nNOPE\nA=1"), (Variables{{"HOST", "outer"}, {"A", "1"}}));
}

TEST(Dotenv, TextAfterAQuotedValueIsDropped) { EXPECT_EQ(parse("A=\"a\" trailing\nB=2"), (Variables{{"A", "a"}, {"B", "2"}})); }

TEST(Dotenv, MistakesNameTheLine) {
  EXPECT_EQ(refusal("A=1\nB=\"x\n"), "f.env:2: this quoted value does not end: \"x");
  EXPECT_EQ(refusal("A=1\n\nB*=2\n"), "f.env:3: unexpected character '*' in the variable name of \"B*=2\"");
  EXPECT_EQ(refusal("A B=2"), "f.env:1: a variable name cannot contain a space: \"A B=2\"");
  EXPECT_EQ(refusal("A=${"), "f.env:1: '${' has no closing brace");
}

TEST(Dotenv, RawKeepsEverything) {
  Variables out;
  parse_raw_env("# c\nA=\"x\" # y \nB='$C'\nHOST\nNOPE\n", "f.env", environment, out);
  EXPECT_EQ(out, (Variables{{"A", "\"x\" # y "}, {"B", "'$C'"}, {"HOST", "outer"}}));
}

TEST(Dotenv, OctalEscapesAreThreeDigitsBehindAZero) {
  EXPECT_EQ(parse(R"(A="\0101\060\61\0")"), (Variables{{"A", R"(A\60\61\)"}}));
}

TEST(Dotenv, EntriesTellTheirLines) {
  std::vector<DotenvEntry> entries;
  Variables out;
  parse_dotenv("A=1\n# c\nB='x\ny'\nexport A=2\nHOST\n", "f.env", environment, out, &entries);
  std::string seen;
  for (const DotenvEntry& entry : entries) seen += entry.name + std::to_string(entry.line) + " ";
  EXPECT_EQ(seen, "A1 B3 A5 HOST6 ");
}

TEST(RawEnv, AByteOrderMarkAndLeadingBlanksAreNoPartOfAName) {
  Variables out;
  parse_raw_env(
      "\xEF\xBB\xBF"
      "A=1\n  B= 2 \n",
      "f.env", environment, out);
  EXPECT_EQ(out, (Variables{{"A", "1"}, {"B", " 2 "}}));
}

}  // namespace
}  // namespace stack::compose
