// Several syntax errors of one file in one run, and none that is only the consequence of another.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "compose/yaml.hpp"

namespace stack::compose {
namespace {

std::string refusal(std::string_view text) {
  try {
    parse_yaml(text, std::make_shared<const std::string>("f"));
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(YamlRecovery, GoesOnAtTheNextEntryOfASectionAndAtTheNextSection) {
  EXPECT_EQ(refusal(R"(services:
  a:
    image: x
   b: 1
  c:
    ports: [80, 81
    image: y
  d:
    image: z: y
  e:
    image: ok
volumes:
	x:
networks:
  n:
    driver: @x
)"),
            "f:4:4: services: this line is indented otherwise than the keys it belongs to, or its ':' is missing\n"
            "f:7:10: services.c.ports[2]: this list has no closing ], or a ',' is missing before here\n"
            "f:9:13: services.d: a ':' cannot stand here: put quotes around a text with ': ' in it, or check the indentation\n"
            "f:13:1: a tab in the indentation; YAML takes spaces only\n"
            "f:16:13: networks.n.driver: a value cannot start with this character; put quotes around it");
}

TEST(YamlRecovery, AQuoteLeftOpenIsOneMistakeHoweverFarItsTextReaches) {
  EXPECT_EQ(refusal(R"(services:
  a:
    image: "y
    command: z
  b:
    image: "z"
  c:
    image: "last"
  d: {image: x
)"),
            "f:3:12: this string goes on to the quote in line 6: its own closing quote is missing\n"
            "f:9:6: what begins here has no closing }");
}

TEST(YamlRecovery, WhatIsLeftOutIsNotMissed) {  // an anchor, and the keys of a merged mapping
  EXPECT_EQ(refusal(R"(services:
  a: &a
    command: [1, 2
  b:
    <<: *a
    image: y
  c: *a
  d:
    <<: [*a, *a]
)"),
            "f:3:14: what begins here has no closing ]");
}

TEST(YamlRecovery, ADocumentIsNotJoinedWithTheNext) {
  EXPECT_EQ(refusal(R"(services:
  a:
    image: x
   b: 1
---
services:
  a: {image: x
volumes: {}
)"),
            "f:4:4: services: this line is indented otherwise than the keys it belongs to, or its ':' is missing\n"
            "f:7:6: what begins here has no closing }");
}

TEST(YamlRecovery, TextOfABlockIsNoEntry) {
  EXPECT_EQ(refusal(R"(x-a: |
  b: c: d
services:
  a:
    image: x
    command: "one
  two: three
  four"
    labels: [}
  b: {command: "x: [", image: }}
  c:
    command: |
      d: e: f
      "
)"),
            "f:9:14: services.a.labels[0]: this bracket closes nothing\n"
            "f:10:32: services: this bracket closes nothing");
}

TEST(YamlRecovery, ALineInsideOfBracketsIsNoEntry) {
  EXPECT_EQ(refusal(R"(services:
  a: {
  image: x,
  labels: [},
  user: root,
  tty: true
  }
  b:
    image: [}
)"),
            "f:4:12: services.a.labels[0]: this bracket closes nothing\n"
            "f:9:13: services.b.image[0]: this bracket closes nothing");
}

TEST(YamlRecovery, MistakesOfSingleKeysDoNotEndTheReading) {
  EXPECT_EQ(refusal(R"(services:
  a:
    image: x
    image: y
    1: z
    ? [q]
    : w
    x: 2001-02-03
  b:
    image: *gone
  c:
    image: [x
)"),
            "f:4:5: services.a: key 'image' is already defined at line 3\n"
            "f:5:5: services.a: the key 1 is an integer, not a string; put quotes around it\n"
            "f:6:7: services.a: only a scalar can be a key\n"
            "f:8:8: services.a.x: '2001-02-03' is a date to YAML; put quotes around it\n"
            "f:10:12: services.b.image: this alias names an anchor that is not defined before it\n"
            "f:12:12: what begins here has no closing ]");
}

TEST(YamlRecovery, WhereNoEntryBeginsThereIsOneError) {
  EXPECT_EQ(refusal("{\"services\":{\"a\":{\"image\":\"x\",,}},\n\"b\":,}"), "f:1:31: services.a: a key is missing before ':'");
  EXPECT_EQ(refusal("- a: [\n- b: [\n"), "f:2:1: [0].a[0]: a '- ' cannot stand here: check the indentation");
}

TEST(YamlRecovery, StopsAfterTenSyntaxErrors) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "k" + std::to_string(i) + ": [}\n";
  const std::string shown = refusal(text);
  EXPECT_EQ(std::count(shown.begin(), shown.end(), '\n'), 9);
}

}  // namespace
}  // namespace stack::compose
