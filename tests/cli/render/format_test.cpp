#include "cli/render/format.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace stack::cli::render {
namespace {

TEST(Template, ReplacesFields) {
  const nlohmann::json object{{"Name", "web"}, {"ExitCode", 3}};
  EXPECT_EQ(apply_template("{{.Name}}\\t{{ .ExitCode }}", object), "web\t3");
  EXPECT_EQ(apply_template("{{json .Name}}", object), "\"web\"");
  EXPECT_THROW(apply_template("{{.Nope}}", object), Error);
  EXPECT_THROW(apply_template("{{range .Name}}", object), Error);
  EXPECT_THROW(apply_template("{{.Name", object), Error);
}

const std::vector<nlohmann::json> rows{{{"Name", "web"}, {"CPUPerc", "1.50%"}}, {{"Name", "db"}, {"CPUPerc", "0.00%"}}};

TEST(FormatRows, JsonIsAnObjectALine) {
  EXPECT_EQ(format_rows(rows, "json"), "{\"CPUPerc\":\"1.50%\",\"Name\":\"web\"}\n{\"CPUPerc\":\"0.00%\",\"Name\":\"db\"}\n");
}

TEST(FormatRows, ATableHasTheTitlesOfItsFields) {
  EXPECT_EQ(format_rows(rows, "table {{.Name}}\\t{{.CPUPerc}}", {{"CPUPerc", "CPU %"}}),
            "NAME      CPU %\nweb       1.50%\ndb        0.00%\n");
  EXPECT_EQ(format_rows(rows, "{{.Name}}"), "web\ndb\n");
}

}  // namespace
}  // namespace stack::cli::render
