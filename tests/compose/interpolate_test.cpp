#include "compose/interpolate.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/error.hpp"
#include "compose/yaml.hpp"

namespace stack::compose {
namespace {

std::optional<std::string> lookup(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> variables{{"A", "one"}, {"EMPTY", ""}, {"_x9", "odd"}};
  const auto found = variables.find(name);
  return found == variables.end() ? std::nullopt : std::optional(found->second);
}

std::string expand(std::string_view text) { return interpolate(text, lookup); }

std::string refusal(std::string_view text) {
  try {
    interpolate(text, lookup);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Interpolate, PlainForms) {
  EXPECT_EQ(expand("$A ${A} ${_x9}-$A."), "one one odd-one.");
  EXPECT_EQ(expand("[$U][${U}]"), "[][]");
}

TEST(Interpolate, DefaultsApplyToUnsetAndWithAColonToEmpty) {
  EXPECT_EQ(expand("${U-d} ${U:-d} ${EMPTY-d} ${EMPTY:-d} ${A-d} ${A:-d}"), "d d  d one one");
}

TEST(Interpolate, ReplacementsApplyToSetAndWithAColonToNonEmpty) {
  EXPECT_EQ(expand("[${U+r}][${U:+r}][${EMPTY+r}][${EMPTY:+r}][${A+r}][${A:+r}]"), "[][][r][][r][r]");
}

TEST(Interpolate, RequiredVariablesStopTheLoad) {
  EXPECT_EQ(refusal("${U?}"), "required variable U is missing a value");
  EXPECT_EQ(refusal("${EMPTY:?say $A}"), "required variable EMPTY is missing a value: say one");
  EXPECT_EQ(expand("[${EMPTY?never}]"), "[]");
}

TEST(Interpolate, FormsNest) {
  EXPECT_EQ(expand("${U:-${V:-x}y}z"), "xyz");
  EXPECT_EQ(expand("${A:+${A}yes}"), "oneyes");
}

TEST(Interpolate, ABranchNotTakenIsNotEvaluated) { EXPECT_EQ(expand("${A:-${U:?never}}${U:+${U:?never}}"), "one"); }

TEST(Interpolate, BracesInTheTextArePaired) {
  EXPECT_EQ(expand("${U:-{a}b}"), "{a}b");
  EXPECT_EQ(expand("${U:-a}b}"), "ab}");
}

TEST(Interpolate, BracesThatAreNeverClosedAreText) {
  EXPECT_EQ(expand("${U:-{} ${U:-{{}}"), "{ {{}");
  EXPECT_EQ(expand("${U:-{a}b}"), "{a}b");
}

TEST(Interpolate, OtherDollarsStay) {
  EXPECT_EQ(expand("$$A $5 $ $-x 5$"), "$A $5 $ $-x 5$");
  EXPECT_EQ(expand("${U:-$$x}"), "$x");
}

TEST(Interpolate, MalformedExpressionsAreRefused) {
  EXPECT_EQ(refusal("a ${A"), "'${A' has no closing brace");
  EXPECT_EQ(refusal("${A:-x"), "'${A:-x' has no closing brace");
  EXPECT_NE(refusal("${}").find("name must follow"), std::string::npos);
  EXPECT_NE(refusal("${5}").find("name must follow"), std::string::npos);
  EXPECT_NE(refusal("${A!b}").find("after the name only"), std::string::npos);
}

TEST(Interpolate, UnsetVariablesAreReportedOnceEach) {
  std::set<std::string> unset;
  interpolate("$U $U ${V} ${W:-x} $A", lookup, &unset);
  EXPECT_EQ(unset, (std::set<std::string>{"U", "V"}));
}

TEST(Interpolate, TheVariablesOfATextCanBeListed) {
  std::string seen;
  for (const VariableUse& use : variables_of("$A ${B:-x} $$C ${D:+${E}} ${F:?no} ${G"))
    seen += use.name + (use.fallback ? "-" + *use.fallback : "") + (use.replacement ? "+" + *use.replacement : "") +
            (use.required ? "?" : "") + std::to_string(use.dollars_before) + " ";
  EXPECT_EQ(seen, "A0 B-x1 D+${E}4 E5 F?6 G7 ");
}

TEST(Interpolate, AMistakeInATextOfSeveralLinesHasItsOwnPlace) {
  const auto name = std::make_shared<const std::string>("f.yaml");
  Node root = parse_yaml("a: |\n  one ${A}\n  é ${A!}\nb: \"x\n  $A ${}\"\n", name).at(0);
  std::set<std::string> unset;
  Mistakes mistakes;
  interpolate(root, "", lookup, unset, mistakes);
  try {
    mistakes.throw_if_any();
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).substr(0, 15), "f.yaml:3:5: a: ");
    EXPECT_NE(std::string(error.what()).find("\nf.yaml:5:6: b: "), std::string::npos) << error.what();
  }
}

TEST(Interpolate, NestingHasALimit) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "${U:-";
  EXPECT_EQ(refusal(text), "variables are nested too deeply");
}

}  // namespace
}  // namespace stack::compose
