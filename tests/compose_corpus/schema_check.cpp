// The generated schema against the loader, over every file of the corpus: what the loader takes, the schema takes; an unknown
// key or a wrong type that the loader refuses, the schema refuses.
#include <fmt/format.h>

#include <cstdio>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "base/error.hpp"
#include "compose/canonical.hpp"
#include "compose/codec.hpp"
#include "compose/interpolate.hpp"
#include "compose/schema.hpp"
#include "compose/yaml.hpp"
#include "tests/compose_corpus/corpus.hpp"

namespace stack::corpus {
namespace {

using nlohmann::json;

/// Where the two differ because a schema cannot say it: "group/case file".
const std::set<std::string> exceptions{
    "include/unknown key compose.yaml",  // the loader drops it, as docker compose does; an editor may as well mark it
};

class Schema {
public:
  Schema() {
    const json text = json::parse(compose::compose_schema().dump());
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(text), schema_);
  }

  bool accepts(const json& document) {
    return valijson::Validator().validate(schema_, valijson::adapters::NlohmannJsonAdapter(document), nullptr);
  }

private:
  valijson::Schema schema_;
};

/// What is reset counts as not written.
void drop_resets(compose::Node& node) {
  if (node.merge_tag == compose::MergeTag::reset) node = compose::Node();
  for (compose::Node& item : node.items()) drop_resets(item);
  for (compose::Node::Member& member : node.members()) drop_resets(member.value);
}

bool loader_accepts(compose::Node document, compose::Forms forms, const std::map<std::string, std::string>& environment) {
  const compose::Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(std::string(name));
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  compose::Mistakes mistakes;
  std::set<std::string> unset;
  if (forms == compose::Forms::all) compose::interpolate(document, "", lookup, unset, mistakes);
  compose::canonicalize(document, forms, mistakes);
  return mistakes.empty();
}

struct Tally {
  std::size_t documents = 0, accepted = 0, refused = 0, differing = 0;
};

void check(Schema& schema, const compose::Node& document, const std::string& name, const Case& wanted, Tally& tally) {
  ++tally.documents;
  const bool taken = schema.accepts(compose::to_json(document));
  const bool loads = loader_accepts(document, compose::Forms::all, wanted.environment);
  const bool well_typed = loader_accepts(document, compose::Forms::structures, wanted.environment);
  ++(taken ? tally.accepted : tally.refused);
  if (taken ? loads || well_typed : !loads) return;
  if (exceptions.contains(name)) return;
  ++tally.differing;
  std::printf("%s: the loader %s it, the schema %s it\n%s\n", name.c_str(), loads ? "takes" : "refuses",
              taken ? "takes" : "refuses", compose::to_json(document).dump().c_str());
}

void check_case(Schema& schema, const Group& group, const Case& wanted, Tally& tally) {
  for (const auto& [file, text] : wanted.files) {
    if (!file.ends_with(".yaml") && !file.ends_with(".yml")) continue;
    std::vector<compose::Node> documents;
    try {
      documents = compose::parse_yaml(text, std::make_shared<const std::string>(file));
    } catch (const Error&) {
      continue;  // no YAML, so nothing a schema could see
    }
    for (compose::Node& document : documents) {
      drop_resets(document);
      if (document.is_mapping()) check(schema, document, fmt::format("{}/{} {}", group.name, wanted.name, file), wanted, tally);
    }
  }
}

}  // namespace
}  // namespace stack::corpus

int main() {
  using namespace stack::corpus;
  Schema schema;
  Tally tally;
  for (const Group& group : read_groups(std::filesystem::path(STACK_SOURCE_DIR) / "tests/golden/compose_corpus"))
    for (const Case& wanted : group.cases) check_case(schema, group, wanted, tally);
  std::printf("%zu documents: the schema takes %zu and refuses %zu; the loader differs on %zu\n", tally.documents,
              tally.accepted, tally.refused, tally.differing);
  return tally.differing == 0 ? 0 : 1;
}
