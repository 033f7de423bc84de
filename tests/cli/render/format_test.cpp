#include "cli/render/format.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::cli::render {
namespace {

const std::vector<nlohmann::json> rows{{{"Name", "web"}, {"CPUPerc", "1.50%"}}, {{"Name", "db"}, {"CPUPerc", "0.00%"}}};

TEST(FormatRows, JsonIsAnObjectALine) {
  EXPECT_EQ(format_rows(rows, "json"), "{\"CPUPerc\":\"1.50%\",\"Name\":\"web\"}\n{\"CPUPerc\":\"0.00%\",\"Name\":\"db\"}\n");
  EXPECT_EQ(json_line({{"Ports", "0.0.0.0:1->80/tcp"}}), "{\"Ports\":\"0.0.0.0:1-\\u003e80/tcp\"}\n");
}

TEST(FormatRows, ATemplateIsALineForEachRow) {
  EXPECT_EQ(format_rows(rows, "{{.Name}}"), "web\ndb\n");
  EXPECT_EQ(format_rows(rows, "{{.Name}}\\t{{ .CPUPerc }}"), "web\t1.50%\ndb\t0.00%\n");
  EXPECT_THROW(format_rows(rows, "{{.Nope}}"), Error);
  EXPECT_THROW(format_rows(rows, "{{.Name"), Error);
}

TEST(FormatRows, ATableHasTheTitlesOfItsFields) {
  EXPECT_EQ(format_rows(rows, "table {{.Name}}\\t{{.CPUPerc}}", {{"CPUPerc", "CPU %"}}),
            "NAME      CPU %\nweb       1.50%\ndb        0.00%\n");
  EXPECT_EQ(format_rows(std::vector<Row>{}, "table {{.ID}}: {{upper .Name}}", {{"ID", "THING ID"}}), "THING ID: NAME\n");
}

TEST(FormatRows, LabelsAreAskedForByName) {
  const std::vector<Row> labelled{{.fields = {{"Name", "web"}}, .labels = {{"com.example.team-name", "blue"}}},
                                  {.fields = {{"Name", "db"}}}};
  EXPECT_EQ(format_rows(labelled, "table {{.Name}}\\t{{.Label \"com.example.team-name\"}}"),
            "NAME      team name\nweb       blue\ndb        \n");
}

TEST(FormatRows, TellsWhichFieldsItNeeds) {
  EXPECT_TRUE(format_uses("{{.Name}} {{.Size}}", "Size"));
  EXPECT_FALSE(format_uses("{{.SizeRw}}", "Size"));
}

TEST(FormatInspected, IsAListOrALineForEach) {
  const std::vector<nlohmann::ordered_json> things{{{"Id", "a"}, {"Labels", {{"x", "1"}}}}, {{"Id", "b"}, {"Labels", nullptr}}};
  EXPECT_EQ(format_inspected({}, ""), "[]\n");
  EXPECT_EQ(format_inspected(things, "json"), "[{\"Id\":\"a\",\"Labels\":{\"x\":\"1\"}},{\"Id\":\"b\",\"Labels\":null}]\n");
  EXPECT_EQ(format_inspected(things, "{{.ID}} {{.Labels.x}} {{.Labels}}"), "a 1 map[x:1]\nb <no value> map[]\n");
  const std::vector<nlohmann::ordered_json> typed{nlohmann::ordered_json::parse(
      R"({"Config":{"Healthcheck":{"Interval":90000000000,"Retries":3}},"LogConfig":{"Type":"l","Config":{"b":"2","a":"1"}}})")};
  EXPECT_EQ(format_inspected(typed, "{{.Config.Healthcheck.Interval}} {{.Config.Healthcheck.Retries}}"), "1m30s 3\n");
  EXPECT_EQ(format_inspected(typed, "{{.LogConfig.Config}} {{.LogConfig}}"), "map[a:1 b:2] {l map[a:1 b:2]}\n");
}

}  // namespace
}  // namespace stack::cli::render
