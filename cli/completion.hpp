#pragma once
// What the word that is being typed could become. The shells' scripts (scripts in completion.cpp) only ask and show.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/global_options.hpp"

namespace stack::cli {

struct Candidate {
  std::string text, help;
};

struct Completion {
  std::vector<Candidate> candidates;
  enum class Paths { none, files, directories } paths = Paths::none;  ///< the shell completes these itself
};

/// The names of what can be meant: `kind` is "service" (of the project), "container", "image", "network" or "volume".
using Names = std::function<std::vector<std::string>(const GlobalOptions& global, std::string_view kind)>;

/// `words`: what follows the program's name; the last one is being typed, and may be empty.
Completion complete(const std::vector<std::string>& words, const Names& names);

/// The script that makes a shell (bash, zsh, fish) use this. Throws UsageError for others.
std::string completion_script(const std::string& shell);

}  // namespace stack::cli
