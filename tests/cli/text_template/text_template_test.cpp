#include "cli/text_template/text_template.hpp"

#include <gtest/gtest.h>

namespace stack::cli::text_template {
namespace {

std::string run(std::string_view text, const Json& data = Json::object()) { return Template(text).execute(data); }

std::string error_of(std::string_view text, const Json& data = Json::object()) {
  try {
    return "no error: " + run(text, data);
  } catch (const TemplateError& error) {
    return error.what();
  }
}

TEST(TextTemplate, ErrorsNameLineAndColumn) {
  EXPECT_EQ(error_of("{{.A}}", {{"B", 1}}), "template:1:3: there is no field A in it");
  EXPECT_EQ(error_of("x\n  {{.State.Nope}}", {{"State", {{"Status", "up"}}}}), "template:2:5: there is no field Nope in State");
  EXPECT_EQ(error_of("{{upper .A}}", {{"A", 3}}), "template:1:3: upper: argument 1 must be a string, not int");
  EXPECT_EQ(error_of("{{if .A}}x"), "template:1:11: {{end}} of {{if}} is missing");
  EXPECT_EQ(error_of("{{nope .A}}"), "template:1:3: function \"nope\" not defined");
  EXPECT_EQ(error_of("{{(len .A}}"), "template:1:10: a parenthesis is not closed");
  EXPECT_EQ(error_of("{{range $a, := .}}{{end}}"), "template:1:13: the second variable of a range is missing");
}

TEST(TextTemplate, VariablesLiveUntilTheirBlockEnds) {
  EXPECT_EQ(run("{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}"), "21");
  EXPECT_EQ(run("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}"), "2");
  EXPECT_EQ(error_of("{{with $y := 1}}{{end}}{{$y}}"), "template:1:26: undefined variable \"$y\"");
}

TEST(TextTemplate, BlocksNest) {
  const Json data{{"L", {{{"N", "a"}, {"P", {1, 2}}}, {{"N", "b"}, {"P", Json::array()}}}}};
  EXPECT_EQ(run("{{range .L}}{{.N}}:{{range .P}}{{.}},{{else}}none{{end}};{{end}}", data), "a:1,2,;b:none;");
  EXPECT_EQ(run("{{range .L}}{{range .P}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}}|{{end}}", data), "1||");
  EXPECT_EQ(run("{{with .No}}x{{else with .L}}{{len .}}{{else}}y{{end}}", Json{{"No", ""}, {"L", {1, 2, 3}}}), "3");
}

TEST(TextTemplate, WhatNeverEndsIsAnError) {
  EXPECT_EQ(error_of("{{range 1000000000}}{{end}}"), "template:1:3: the template does not end");
  EXPECT_EQ(error_of("{{define \"T\"}}{{template \"T\"}}{{end}}{{template \"T\"}}"),
            "template:1:17: templates call each other too deeply");
  EXPECT_EQ(error_of("{{$x := \"0123456789\"}}{{range 40}}{{$x = print $x $x}}{{end}}"),
            "template:1:42: the template makes more than 64 MiB of values");
  std::string deep(1000, '(');
  EXPECT_EQ(error_of("{{" + deep + "}}"), "template:1:103: the template is nested too deeply");
}

TEST(TextTemplate, TitlesStayAsTheyAre) {
  Options options;
  options.header = true;
  EXPECT_EQ(Template("{{.ID}} {{json .Names}} {{join .Ports \",\"}}").execute(Json{{"ID", "CONTAINER ID"}}, options),
            "CONTAINER ID NAMES PORTS");
}

TEST(TextTemplate, FieldsThatMayBeMissingAreNil) {
  constexpr std::array<std::string_view, 1> optional{"Health"};
  Options options;
  options.schema.optional = optional;
  const Json data{{"State", {{"Status", "up"}}}};
  EXPECT_EQ(Template("{{if .State.Health}}x{{else}}none{{end}} {{.State.Health}}").execute(data, options), "none <nil>");
  EXPECT_THROW(Template("{{.State.Health.Status}}").execute(data, options), TemplateError);
}

}  // namespace
}  // namespace stack::cli::text_template
