#pragma once
// The Project as text: what `config` prints, and what the configuration hash is made of. Byte for byte what docker compose
// prints for the same files: key order, quoting, and `$` doubled so that the text can be loaded again.
#include <string>

#include "compose/node.hpp"
#include "compose/types.hpp"

namespace stack::compose {

/// What is printed of `$`: escaped, so that it means the same when it is loaded again; as it is where nothing was interpolated.
enum class Dollars { escaped, as_written };

std::string print_yaml(const Project& project, Dollars dollars = Dollars::escaped);
std::string print_json(const Project& project, Dollars dollars = Dollars::escaped);  ///< indented, without a final newline

/// The JSON whose SHA-256 is the label com.docker.compose.config-hash: one line, of a service without build, pull_policy,
/// scale, deploy.replicas, depends_on and profiles.
std::string json_for_hash(const Service& service);
std::string json_for_hash(const Network& network);
std::string json_for_hash(const Volume& volume);  ///< with its default driver filled in

/// Any tree, in the style of the above; `$` is left alone.
std::string yaml_text(const Node& node);
std::string json_text(const Node& node, bool indented);

/// `$` doubled.
std::string escape_dollars(const std::string& text);

}  // namespace stack::compose
