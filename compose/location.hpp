#pragma once
// Where something was written: every node of a compose file carries one, and so does what is decoded from it.
#include <memory>
#include <string>

namespace stack::compose {

struct Location {
  std::shared_ptr<const std::string> file;  ///< path as the user would name it; null: made by the loader, not written anywhere
  int line = 0;                             ///< from 1; 0: unknown
  int column = 0;                           ///< from 1; 0: unknown

  explicit operator bool() const { return file != nullptr; }
};

/// "compose.yaml:3:5", or "" for a location that is nowhere.
std::string to_string(const Location& location);

}  // namespace stack::compose
