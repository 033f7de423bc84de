// Texts the golden files cannot hold.
#include "compose/print.hpp"

#include <gtest/gtest.h>

namespace stack::compose {
namespace {

std::string yaml(const std::string& key, const std::string& value) {
  Node node = Node::mapping();
  node.set(key, Node::string(value));
  return yaml_text(node);
}

TEST(PrintYaml, LongKeysAreExplicit) {
  EXPECT_EQ(yaml(std::string(129, 'k'), "v"), "? " + std::string(129, 'k') + "\n: v\n");
  EXPECT_EQ(yaml(std::string(128, 'k'), "v"), std::string(128, 'k') + ": v\n");
}

TEST(PrintYaml, UnusualLineBreaksAreEscaped) {
  EXPECT_EQ(yaml("k", "a\u2028b"), "k: \"a\\Lb\"\n");
  EXPECT_EQ(yaml("k", "a\r\nb"), "k: \"a\\r\\nb\"\n");
}

TEST(PrintYaml, NestedSequencesAndEmptyOnes) {
  Node inner = Node::sequence();
  inner.append(Node::integer(1));
  inner.append(Node::sequence());
  Node outer = Node::sequence();
  outer.append(std::move(inner));
  outer.append(Node::mapping());
  Node node = Node::mapping();
  node.set("k", std::move(outer));
  EXPECT_EQ(yaml_text(node), "k:\n  - - 1\n    - []\n  - {}\n");
  EXPECT_EQ(json_text(node, false), R"({"k":[[1,[]],{}]})");
}

TEST(PrintJson, FloatsAreInPlainFormUnlessVeryLargeOrSmall) {
  Node list = Node::sequence();
  for (const double value : {1.5, 1e20, 1e21, 1e-6, 1e-7, 100.0}) list.append(Node::floating(value));
  EXPECT_EQ(json_text(list, false), "[1.5,100000000000000000000,1e+21,0.000001,1e-7,100]");
}

TEST(PrintJson, HtmlAndLineSeparatorsAreEscaped) {
  EXPECT_EQ(json_text(Node::string("<a>&\u2028\x01\x7f"), false), "\"\\u003ca\\u003e\\u0026\\u2028\\u0001\x7f\"");
}

}  // namespace
}  // namespace stack::compose
