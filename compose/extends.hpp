#pragma once
// `extends`: a service starts from another one, of the same file or of a second one.
#include <functional>
#include <string>

#include "compose/mistakes.hpp"
#include "compose/node.hpp"

namespace stack::compose {

struct ExtendsSource {
  /// The document of a file named in `extends: {file: …}`, canonical, its own paths resolved; null when the file, or what it
  /// says of `service`, has mistakes, which were reported. Throws not_found for a file that cannot be read.
  std::function<Node*(const std::string& path, const std::string& service, Mistakes& mistakes)> load;
  /// Makes the name absolute as seen from the file that says it.
  std::function<std::string(const std::string& file, const std::string& from)> locate;
};

/// Resolves every `extends` of the document; `path` is the document's own file. What cannot be resolved (a service or file that
/// is not there, a circle) is reported once, with the chain that leads to it.
void resolve_extends(Node& document, const std::string& path, const ExtendsSource& source, Mistakes& mistakes);

}  // namespace stack::compose
