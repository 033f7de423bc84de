#pragma once
// The flags before the command's name, and the program's help.
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/flags.hpp"

namespace stack::cli {

/// Values that are checked only when a command runs: a bad environment variable must not break --help.
struct GlobalFlagTexts {
  std::string progress, ansi;
  bool version = false;
};

/// `rest`: the command's name and everything behind it.
Flags global_flags(GlobalOptions& options, GlobalFlagTexts& texts, std::vector<std::string>& rest);

/// A line for each command that is not hidden.
std::string list_of(std::span<const Command> commands);

}  // namespace stack::cli
