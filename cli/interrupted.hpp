#pragma once
#include <exception>

namespace stack::cli {

/// The user pressed Ctrl-C (or the process was asked to end); dispatch() makes it exit status 130, without a message.
struct Interrupted : std::exception {
  const char* what() const noexcept override { return "interrupted"; }
};

/// Whoever read our output is gone (`stack exec app dump | head -1`): nothing more can be told, so dispatch() ends in silence.
struct ReaderGone : std::exception {
  const char* what() const noexcept override { return "nobody reads the output any more"; }
};

}  // namespace stack::cli
