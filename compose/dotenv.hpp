#pragma once
// `.env` files and env_file: NAME=value lines. `export NAME=`, `NAME: value`, comments, single quotes (as written), double
// quotes (escapes and variables), several lines inside quotes, variables in unquoted values; a bare NAME is taken from the
// environment. Variables see the environment first, then earlier lines.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compose/interpolate.hpp"

namespace stack::compose {

/// An assignment, and the line it starts on.
struct DotenvEntry {
  std::string name;
  int line = 0;
};

/// Adds to `out`; a later line wins. `file` is for messages. Throws invalid_argument "file:line: …". `entries` gets every
/// assignment in the order they stand there.
void parse_dotenv(std::string_view text, const std::string& file, const Lookup& environment,
                  std::map<std::string, std::string>& out, std::vector<DotenvEntry>* entries = nullptr);

/// The `raw` format: NAME=value with nothing unquoted, expanded or trimmed; comment lines and blank lines are skipped.
void parse_raw_env(std::string_view text, const std::string& file, const Lookup& environment,
                   std::map<std::string, std::string>& out);

}  // namespace stack::compose
