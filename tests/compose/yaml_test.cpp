#include "compose/yaml.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "compose/print.hpp"

namespace stack::compose {
namespace {

const auto file = std::make_shared<const std::string>("f.yaml");

Node parse(std::string_view text) {
  std::vector<Node> documents = parse_yaml(text, file);
  EXPECT_EQ(documents.size(), 1U);
  return documents.empty() ? Node() : std::move(documents.front());
}

std::string json(std::string_view text) { return json_text(parse(text), false); }

std::string refusal(std::string_view text) {
  try {
    parse_yaml(text, file);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Yaml, PlainScalarsGetTheirTypes) {
  EXPECT_EQ(json("[1, 017, 0o17, 0x1F, 0b11, 1_000, -5, +5, 1.5, 1e3, .5, true, False, ~, null, NULL]"),
            "[1,15,15,31,3,1000,-5,5,1.5,1000,0.5,true,false,null,null,null]");
  EXPECT_EQ(json("[yes, on, y, 12:30:45, 22:22, '1', \"true\", 1.2.3, 08x, -, .a]"),
            R"(["yes","on","y","12:30:45","22:22","1","true","1.2.3","08x","-",".a"])");
}

TEST(Yaml, ExplicitTagsDecideAndUnknownOnesAreIgnored) {
  EXPECT_EQ(json("[!!str 5, !!float 5, !custom 5, !!int '7', !!bool 'true']"), R"(["5",5,5,7,true])");
  EXPECT_EQ(refusal("a: !!int x"), "f.yaml:1:4: a: 'x' cannot be read as !!int");
}

TEST(Yaml, ABareDateIsRefused) {
  EXPECT_EQ(refusal("a: 2001-12-14"), "f.yaml:1:4: a: '2001-12-14' is a date to YAML; put quotes around it");
}

TEST(Yaml, EveryNodeKnowsItsPlace) {
  const Node root = parse("a:\n  b: [x, y]\n");
  const Node& list = *root.find("a")->find("b");
  EXPECT_EQ(to_string(list.location), "f.yaml:2:6");
  EXPECT_EQ(to_string(list.items()[1].location), "f.yaml:2:10");
  EXPECT_EQ(to_string(root.find("a")->members()[0].key_location), "f.yaml:2:3");
}

TEST(Yaml, AMissingValueIsAtItsKey) { EXPECT_EQ(to_string(parse("a:\n\n\nb: 1\n").find("a")->location), "f.yaml:1:1"); }

TEST(Yaml, AliasesAndMergeKeysAreExpanded) {
  EXPECT_EQ(json("x: &a {p: 1, q: 2}\ny: *a\nz:\n  <<: *a\n  q: 3\n"),
            R"({"x":{"p":1,"q":2},"y":{"p":1,"q":2},"z":{"q":3,"p":1}})");
}

TEST(Yaml, TheFirstOfSeveralMergedMappingsWins) {
  EXPECT_EQ(json("x: &a {p: 1}\ny: &b {p: 2, q: 2}\nz: {<<: [*a, *b]}\n"),
            R"({"x":{"p":1},"y":{"p":2,"q":2},"z":{"p":1,"q":2}})");
  EXPECT_EQ(refusal("a: {<<: 5}"), "f.yaml:1:9: a: '<<' takes a mapping or a list of mappings");
}

TEST(Yaml, DuplicateKeysNameBothLines) {
  EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"), "f.yaml:3:1: key 'a' is already defined at line 1");
}

TEST(Yaml, KeysMustBeStrings) {
  EXPECT_EQ(refusal("a: {1: x}"), "f.yaml:1:5: a: the key 1 is an integer, not a string; put quotes around it");
  EXPECT_EQ(refusal("? [a]\n: b\n"), "f.yaml:1:3: only a scalar can be a key");
}

TEST(Yaml, SeveralDocumentsAreReturnedAndEmptyOnesDropped) {
  EXPECT_EQ(parse_yaml("a: 1\n---\n---\nb: 2\n", file).size(), 2U);
  EXPECT_TRUE(parse_yaml("# nothing\n", file).empty());
}

TEST(Yaml, UnterminatedQuotesAreRefused) {
  EXPECT_EQ(refusal("a: \"abc\n"), "f.yaml:1:4: a: this string has no closing \"");
  EXPECT_EQ(refusal("a: 'it''s\n"), "f.yaml:1:4: a: this string has no closing '");
  EXPECT_EQ(json("a: 'it''s'\nb: \"a\\\"b\"\n"), R"({"a":"it's","b":"a\"b"})");
}

TEST(Yaml, AMissingListItemIsRefused) {
  EXPECT_EQ(refusal("a: [x,,y]"), "f.yaml:1:7: a[1]: an item is missing before ',' in this list");
  EXPECT_EQ(json("a: [x, ~, null, y, ]"), R"({"a":["x",null,null,"y"]})");
}

TEST(Yaml, InvalidUtf8IsRefusedWithItsPlace) {
  EXPECT_EQ(refusal("a: 1\nb: \xC3(\n"), "f.yaml:2:4: the file is not valid UTF-8 text");
  EXPECT_EQ(refusal("a: \xED\xA0\x80"), "f.yaml:1:4: the file is not valid UTF-8 text");
  EXPECT_EQ(refusal(std::string_view("a: \0", 4)), "f.yaml:1:4: the file is binary: there are bytes in it that no text has");
}

TEST(Yaml, AListLeftOpenIsShownWhereItBegins) {
  EXPECT_EQ(refusal("a: [1, 2\nb: 3\n"), "f.yaml:1:4: what begins here has no closing ]");
  EXPECT_EQ(refusal("a: {b: 2\n"), "f.yaml:1:4: what begins here has no closing }");
}

TEST(Yaml, SyntaxErrorsSayWhatToDo) {
  EXPECT_EQ(refusal("a:\n\tb: 1\n"), "f.yaml:2:1: a tab in the indentation; YAML takes spaces only");
  EXPECT_EQ(refusal("a:\n  b: 1\n c: 2\n"),
            "f.yaml:3:2: this line is indented otherwise than the keys it belongs to, or its ':' is missing");
  EXPECT_EQ(refusal("a: b: c\n"),
            "f.yaml:1:5: a ':' cannot stand here: put quotes around a text with ': ' in it, or check the indentation");
  EXPECT_EQ(refusal("a: [1, 2\nb\n}"), "f.yaml:3:1: a[1]: this bracket closes nothing");
  EXPECT_EQ(refusal("a: @x\n"), "f.yaml:1:4: a: a value cannot start with this character; put quotes around it");
  EXPECT_EQ(refusal("a: \"\\q\"\n"),
            "f.yaml:1:7: a: there is no such escape; write \\\\ for a backslash, or use single quotes");
  EXPECT_EQ(refusal("a: *x\n"), "f.yaml:1:4: a: this alias names an anchor that is not defined before it");
}

TEST(Yaml, WhatIsWrongBeforeThePlaceWhereItShowsIsFound) {
  EXPECT_EQ(refusal("a:\n  web\n    image: x\n"), "f.yaml:2:3: a ':' is missing behind 'web'");
  EXPECT_EQ(refusal("a:\n  image:x\n  ports: 1\n"), "f.yaml:2:8: a space is missing behind the ':' of 'image'");
  EXPECT_EQ(refusal("a:\n  image: x\n   ports: 1\n"),
            "f.yaml:3:4: this line is indented deeper than 'image' above it, which has its value already");
  EXPECT_EQ(refusal("a:\n  - x\n    ports: 1\n"),
            "f.yaml:3:5: by its indentation this line goes on with the list's item above");
  EXPECT_EQ(refusal("a:\n  b: \"x\n  c:\n    - \"80:80\"\n"),
            "f.yaml:2:6: this string goes on to the quote in line 4: its own closing quote is missing");
  EXPECT_EQ(refusal("a:\n<<<<<<< HEAD\n  b: 1\n=======\n  b: 2\n>>>>>>> x\n"),
            "f.yaml:2:1: git marks a conflict here that nobody has resolved");
}

TEST(Yaml, AMergeKeyOfSomethingElseIsShownWhereItIs) {
  EXPECT_EQ(refusal("x: &x text\na:\n  <<: *x\n"), "f.yaml:3:7: a: '<<' takes a mapping or a list of mappings");
}

TEST(Yaml, BracesOfATemplateAreNamed) {
  EXPECT_EQ(refusal("a: {{ image }}\n"),
            "f.yaml:1:5: a: '{{' is of a template language: render the file first, or put quotes around the value");
}

TEST(Yaml, TextThatKeepsItsLineEndsKeepsTheLastToo) {
  EXPECT_EQ(json("a: >+\n  b\n  c\n\n"), R"({"a":"b c\n\n"})");
  EXPECT_EQ(json("a: |+\n  b\n\n\n"), R"({"a":"b\n\n\n"})");
  EXPECT_EQ(json("a: >+\n  b\n\nc: |+\n  d\n"), R"({"a":"b\n\n","c":"d\n"})");
}

TEST(Yaml, WhatCannotBeginADocumentIsRefusedAtOnce) {  // the parser finds empty documents there for ever
  EXPECT_EQ(refusal(",name: x"), "f.yaml:1:1: this cannot stand here: it belongs to nothing before it");
  EXPECT_EQ(refusal("a: 1\n---\n, b\n"), "f.yaml:3:1: this cannot stand here: it belongs to nothing before it");
}

TEST(Yaml, ErrorsNameTheAttribute) {
  EXPECT_EQ(refusal("services:\n  web:\n    ports: [80, {target: 1, target: 2}]\n"),
            "f.yaml:3:29: services.web.ports[1]: key 'target' is already defined at line 3");
}

TEST(Yaml, ColumnsAreCountedInCharacters) {
  EXPECT_EQ(refusal("{é: 1, é: 2}"), "f.yaml:1:8: key 'é' is already defined at line 1");
}

TEST(Yaml, ControlCharactersAreRefusedUnlessEscaped) {
  EXPECT_EQ(refusal("a: x\x1by\n"),
            "f.yaml:1:5: a control character; in double quotes it can be written as an escape like \\x1b");
  EXPECT_EQ(json("a: \"\\x1b\\_\\N\""), "{\"a\":\"\\u001b\u00a0\u0085\"}");
}

TEST(Yaml, TextOfOtherSystemsIsRead) {
  EXPECT_EQ(json("a: 1\rb: 2\r"), R"({"a":1,"b":2})");
  EXPECT_EQ(json(std::string_view("\xFF\xFE"
                                  "a\0:\0 \0\xE9\0\n\0",
                                  12)),
            "{\"a\":\"é\"}");
  EXPECT_EQ(json(std::string_view("\xFE\xFF"
                                  "\0a\0:\0 \xD8\x3D\xDE\x00",
                                  12)),
            "{\"a\":\"😀\"}");
}

TEST(Yaml, ATagOfOthersLeavesTextInQuotesText) {
  EXPECT_EQ(json("[!x '1', !x 1, ! 1, ! '1', !!binary aGk=]"), R"(["1",1,1,"1","hi"])");
}

TEST(Yaml, AliasBombsStopAtALimit) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k > 0 ? ", *a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_NE(refusal(bomb).find("expands to more than 524288 nodes"), std::string::npos);
}

TEST(Yaml, AnAliasInsideItsOwnNodeIsRefused) {
  EXPECT_EQ(refusal("a: &x [1, *x]"), "f.yaml:1:11: a[1]: this alias refers to the node that contains it");
}

TEST(Yaml, DeepNestingStopsAtALimit) {
  EXPECT_NE(refusal("a: " + std::string(5000, '[') + std::string(5000, ']')).find("nested too deeply"), std::string::npos);
  std::string block;
  for (int i = 0; i < 5000; ++i) block += "- ";
  EXPECT_NE(refusal(block + "x").find("nested too deeply"), std::string::npos);
}

}  // namespace
}  // namespace stack::compose
