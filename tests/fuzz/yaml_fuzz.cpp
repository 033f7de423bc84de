// YAML to nodes, and the printed form back: what is printed must be readable and stay the same.
#include <cstdint>
#include <cstdlib>

#include "base/error.hpp"
#include "compose/print.hpp"
#include "compose/yaml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::compose;
  static const auto file = std::make_shared<const std::string>("fuzz.yaml");
  std::vector<Node> documents;
  try {
    documents = parse_yaml({reinterpret_cast<const char*>(data), size}, file);
  } catch (const stack::Error&) {
    return 0;
  }
  for (const Node& document : documents) {
    (void)json_text(document, true).size();
    if (document.is_null()) continue;
    // Once printed, what is read back prints the same (-0.0 becomes -0 becomes 0, so not from the first time on).
    const std::string once = yaml_text(parse_yaml(yaml_text(document), file).at(0));
    const std::string twice = yaml_text(parse_yaml(once, file).at(0));
    if (once != twice) std::abort();
  }
  return 0;
}
