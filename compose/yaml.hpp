#pragma once
// YAML text to nodes: anchors, aliases and merge keys are expanded, scalars get the types YAML 1.2 gives them (with the
// older octal and underscore forms Compose files rely on), duplicate keys are refused.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compose/node.hpp"

namespace stack::compose {

constexpr std::size_t max_yaml_bytes = 16U << 20;  ///< of one file
constexpr std::size_t max_yaml_nodes = 1U << 19;   ///< after aliases are expanded
constexpr int max_yaml_depth = 128;

/// Every document of the text; empty ones are left out. `name` is the file's in locations, which keep the text.
/// Throws invalid_argument with every mistake, "file:line:column: …" each on a line of its own. After a syntax error it goes on
/// where an entry of the file or of one of its sections begins.
std::vector<Node> parse_yaml(std::string_view text, const std::shared_ptr<const std::string>& name);

/// What a plain (unquoted) scalar means.
Node resolve_plain_scalar(std::string_view text, Location where);
/// Whether that is the text itself.
bool is_plain_text(std::string_view text);

}  // namespace stack::compose
