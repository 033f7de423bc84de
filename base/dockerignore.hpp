#pragma once
// .dockerignore: which files of a build context are left out. Used by the client that tars a context (scheduler) and by the
// builder (engine/build).
#include <memory>
#include <string>
#include <string_view>

#include "base/archive.hpp"

namespace stack {

class IgnoreRules {
public:
  IgnoreRules();  ///< leaves nothing out
  /// Throws invalid_argument naming the line of a bad pattern.
  static IgnoreRules parse(std::string_view text);

  /// Is this path (relative, clean) left out? The last rule that matches it or one of its parents decides.
  bool ignored(std::string_view path) const;
  /// Could something below this left-out directory be kept by a "!" rule?
  bool may_keep_below(std::string_view directory) const;
  bool empty() const;

private:
  struct Rule;
  std::shared_ptr<const std::vector<Rule>> rules_;
};

/// The filter for archive::write_directory() that sends a context: `rules` applied, except that `dockerfile` and
/// ".dockerignore" are always sent (the builder needs them, and leaves them out of COPY itself).
archive::Filter context_filter(const IgnoreRules& rules, const std::string& dockerfile);

/// The rules of a context directory: <dockerfile>.dockerignore if it exists, else .dockerignore, else none.
IgnoreRules read_ignore_file(const RootDir& context, const std::string& dockerfile);

}  // namespace stack
