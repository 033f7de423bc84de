#pragma once
#include <exception>

namespace stack::cli {

/// The user pressed Ctrl-C (or the process was asked to end); dispatch() makes it exit status 130, without a message.
struct Interrupted : std::exception {
  const char* what() const noexcept override { return "interrupted"; }
};

}  // namespace stack::cli
