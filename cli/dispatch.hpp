#pragma once
// From argv to an exit status.
//   0        done
//   1        an error, told on stderr; also wrong usage, as with docker compose
//   130      ended by Ctrl-C
//   others   that of the command run by `exec`, `run` and `up --exit-code-from`; 125–127 when it could not be started
#include <exception>
#include <string>
#include <vector>

namespace stack::cli {

inline constexpr int exit_error = 1;
inline constexpr int exit_wrong_flag = 125;  ///< of docker's commands: `container …`, `image …` and the like
inline constexpr int exit_interrupted = 130;

/// Runs the command line (without the program's name). Errors end here: their text goes to stderr.
int dispatch(const std::vector<std::string>& arguments);

/// Tells an error on stderr as dispatch() does, and returns `status`: for commands whose errors have statuses of their own.
int print_failure(const std::exception& error, int status);

}  // namespace stack::cli
