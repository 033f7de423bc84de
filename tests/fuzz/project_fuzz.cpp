// YAML to a Project and back: every pass that reads no other file. What is printed must load again and print the same.
#include <cstdint>
#include <cstdlib>

#include "base/error.hpp"
#include "compose/canonical.hpp"
#include "compose/decode.hpp"
#include "compose/interpolate.hpp"
#include "compose/merge.hpp"
#include "compose/normalize.hpp"
#include "compose/print.hpp"
#include "compose/validate.hpp"
#include "compose/yaml.hpp"

namespace {

using namespace stack::compose;

/// Every document of the text over the one before. Throws for whatever is wrong.
std::string printed(std::string_view text) {
  static const auto file = std::make_shared<const std::string>("fuzz.yaml");
  const Lookup lookup = [](std::string_view name) -> std::optional<std::string> {
    return name.starts_with('A') ? std::optional(std::string(name)) : std::nullopt;
  };
  Mistakes mistakes;
  std::set<std::string> unset;
  Node merged = Node::mapping();
  for (Node& root : parse_yaml(text, file)) {
    if (!root.is_mapping()) throw stack::Error(stack::ErrorCode::invalid_argument, "not a mapping");
    interpolate(root, "", lookup, unset, mistakes);
    canonicalize(root, Forms::all, mistakes);
    mistakes.throw_if_any();
    merge_documents(merged, std::move(root));
  }
  finish_merge(merged);
  refuse_nulls(merged, mistakes);
  mistakes.throw_if_any();
  Project project = decode(std::make_shared<const Node>(std::move(merged)));
  project.name = "fuzz";
  normalize(project, lookup);
  validate(project, mistakes);
  mistakes.throw_if_any();
  (void)print_json(project).size();
  for (const auto& [name, service] : project.services) (void)json_for_hash(service).size();
  return print_yaml(project);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string once;
  try {
    once = printed({reinterpret_cast<const char*>(data), size});
  } catch (const stack::Error&) {
    return 0;
  }
  // What is printed is a compose file; from then on nothing changes.
  if (const std::string twice = printed(once); printed(twice) != twice) std::abort();
  return 0;
}
