#include "compose/schema.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace stack::compose {
namespace {

TEST(Schema, TheCommittedFileIsCurrent) {
  std::ifstream stream(STACK_SOURCE_DIR "/schemas/compose.schema.json");
  std::ostringstream text;
  text << stream.rdbuf();
  EXPECT_EQ(text.str(), compose_schema().dump(1) + "\n") << "`ninja write_schemas` writes it anew";
}

TEST(Schema, KnowsTheKeysWithTheirDescriptions) {
  const auto schema = compose_schema();
  const auto& services = schema.at("properties").at("services").at("anyOf").at(0).at("additionalProperties").at("anyOf").at(0);
  EXPECT_EQ(services.at("$ref"), "#/definitions/services");
  const auto& image = schema.at("definitions").at("services").at("properties").at("image");
  EXPECT_EQ(image.at("type"), (nlohmann::ordered_json{"string", "null"}));
  EXPECT_EQ(image.at("description"), "the image to run");
}

}  // namespace
}  // namespace stack::compose
