#pragma once
// Collects what is wrong in a pass, so that one run reports all of it.
#include <string>
#include <string_view>
#include <vector>

#include "compose/location.hpp"

namespace stack::compose {

class Mistakes {
public:
  /// "compose.yaml:3:5: services.web.ports[0]: text". `path` may be empty.
  void add(const Location& where, std::string_view path, std::string_view text);
  void warn(const Location& where, std::string_view path, std::string_view text);
  bool empty() const { return errors_.empty(); }
  std::size_t count() const { return errors_.size(); }
  /// Throws invalid_argument with every mistake added so far, one a line; does nothing when there is none.
  void throw_if_any() const;
  const std::vector<std::string>& warnings() const { return warnings_; }

private:
  std::vector<std::string> errors_;
  std::vector<std::string> warnings_;
};

/// "services.web" + "image" → "services.web.image".
std::string join_path(std::string_view path, std::string_view key);
std::string join_path(std::string_view path, std::size_t index);  ///< "ports" + 0 → "ports[0]"

/// The candidate with the fewest edits to `text`, if near enough to be what was meant; else "".
std::string_view nearest(std::string_view text, const std::vector<std::string_view>& candidates);

}  // namespace stack::compose
