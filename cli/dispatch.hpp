#pragma once
// From argv to an exit status.
//   0        done
//   1        an error, told on stderr; also wrong usage, as with docker compose
//   130      ended by Ctrl-C
//   others   that of the command run by `exec`, `run` and `up --exit-code-from`; 125–127 when it could not be started
#include <string>
#include <vector>

namespace stack::cli {

inline constexpr int exit_error = 1;
inline constexpr int exit_interrupted = 130;

/// Runs the command line (without the program's name). Errors end here: their text goes to stderr.
int dispatch(const std::vector<std::string>& arguments);

}  // namespace stack::cli
