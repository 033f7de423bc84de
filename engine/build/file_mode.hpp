#pragma once
// --chmod: octal ("0755") or symbolic ("u=rwX,go=rX"), as chmod(1) reads it without an umask.
#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

namespace stack::engine::build {

class FileMode {
public:
  /// Throws invalid_argument.
  static FileMode parse(std::string_view text);
  /// The permission bits that a file with these gets.
  mode_t apply(mode_t mode, bool is_directory) const;

private:
  struct Clause {
    mode_t who = 0;  ///< all bits this clause speaks of
    char operation = '=';
    mode_t bits = 0;
    bool execute_if_any = false;  ///< X
  };
  std::vector<Clause> clauses_;
};

}  // namespace stack::engine::build
