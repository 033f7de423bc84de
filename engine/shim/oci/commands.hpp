#pragma once
// The commands of the runc command line, each answering the exit status. All throw Error.
#include <span>
#include <string>

#include "base/error.hpp"
#include "engine/shim/oci/arguments.hpp"
#include "engine/shim/oci/state.hpp"

namespace stack::engine::shim::oci {

/// A failure of `exec` before its command runs: the exit status is one that few commands use themselves.
class ExecError : public Error {
public:
  using Error::Error;
};

struct Command {
  const char* name;
  const char* usage;  ///< behind the name
  const char* about;
  std::span<const Flag> flags;
  std::size_t least_words;
  std::size_t most_words;
  int (*run)(const StateRoot& root, const Arguments& arguments);
};
inline constexpr std::size_t any_number = ~std::size_t{0};

extern const Command create_command, run_command, start_command, delete_command;                // lifecycle.cpp
extern const Command exec_command;                                                              // exec.cpp
extern const Command state_command, list_command, kill_command, pause_command, resume_command;  // control.cpp
extern const Command ps_command, update_command, events_command;                                // resources.cpp
extern const Command spec_command, features_command;                                            // features.cpp
extern const Command checkpoint_command, restore_command;                                       // checkpoint.cpp

}  // namespace stack::engine::shim::oci
