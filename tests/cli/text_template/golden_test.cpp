// Templates give what docker's own CLI made of them: tests/golden/templates, recorded by `record` there.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "cli/render/format.hpp"

namespace stack::cli {
namespace {

nlohmann::ordered_json read(const std::string& name) {
  std::ifstream file(STACK_SOURCE_DIR "/tests/golden/templates/" + name);
  return nlohmann::ordered_json::parse(file);
}

/// The error's text, or empty.
std::string outcome(const nlohmann::ordered_json& document, const std::string& text, std::string& output) {
  try {
    output = render::format_inspected({document}, text);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

/// Field names are found whatever their case, so that Go's names and the JSON's both work at the same time.
bool works_only_here(const std::string& text) {
  return text == "{{.ID}} {{.Id}}" || text.find("NanoCPUs") != std::string::npos;
}

TEST(TemplateGolden, OutputsAreDockers) {
  const nlohmann::ordered_json document = read("document.json");
  std::size_t compared = 0;
  for (const nlohmann::ordered_json& recorded : read("outputs.json")) {
    const std::string text = recorded.at("template").get<std::string>();
    if (works_only_here(text)) continue;
    std::string output;
    const std::string error = outcome(document, text, output);
    if (recorded.contains("output")) {
      EXPECT_EQ(error, "") << text;
      EXPECT_EQ(output, recorded.at("output").get<std::string>()) << text;
    } else {
      EXPECT_NE(error, "") << text << " printed " << output;
    }
    ++compared;
  }
  EXPECT_GT(compared, 100U);
}

}  // namespace
}  // namespace stack::cli
