#pragma once
// `extends`: a service starts from another one, of the same file or of a second one.
#include <functional>
#include <string>

#include "compose/node.hpp"

namespace stack::compose {

/// Gives the canonical document of a file named in `extends: {file: …}`, its own paths resolved, and its absolute path.
struct ExtendsSource {
  std::function<Node&(const std::string& file, const Location& asked_at)> load;
  /// Makes the name absolute as seen from the file that says it.
  std::function<std::string(const std::string& file, const std::string& from)> locate;
};

/// Resolves every `extends` of the document; `path` is the document's own file. Throws invalid_argument for a service that
/// is not there and for a circle, naming the chain.
void resolve_extends(Node& document, const std::string& path, const ExtendsSource& source);

}  // namespace stack::compose
