// Templates of --format, over a document that has values of every kind.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cli/text_template/text_template.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::cli::text_template;
  static const Json document = Json::parse(R"({"S": "text", "N": 3, "F": 1.5, "B": true, "Z": null, "L": ["a", 2, {"x": []}],
                                               "M": {"k": "v", "o": {"p": 1}}})");
  try {
    Template(std::string_view(reinterpret_cast<const char*>(data), size)).execute(document);
  } catch (const TemplateError&) {
  }
  return 0;
}
