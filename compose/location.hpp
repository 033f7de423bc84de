#pragma once
// Where something was written: every node of a compose file carries one, and so does what is decoded from it.
#include <memory>
#include <string>
#include <string_view>

namespace stack::compose {

struct SourceFile {
  std::string name;  ///< path as the user would name it
  std::string text;  ///< without a byte order mark
};

struct Location {
  std::shared_ptr<const SourceFile> file;  ///< null: made by the loader, not written anywhere
  int line = 0;                            ///< from 1; 0: unknown
  int column = 0;                          ///< in bytes, from 1; 0: unknown

  explicit operator bool() const { return file != nullptr; }
};

/// "compose.yaml:3:5", or "" for a location that is nowhere. The column is in characters, as editors count.
std::string to_string(const Location& location);

/// The line it is on, without the line's end; "" when it is unknown.
std::string_view source_line(const Location& location);

/// Of the n-th `mark` (from 0) in the text at or behind `start`; `start` itself where there are not so many.
Location place_of(char mark, std::size_t n, const Location& start);

}  // namespace stack::compose
