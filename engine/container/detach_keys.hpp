#pragma once
// The keys by which somebody at a terminal leaves a container that goes on: Ctrl-P Ctrl-Q unless the request says otherwise.
#include <string>
#include <string_view>

namespace stack::engine::container {

/// "ctrl-p,ctrl-q", "a,b", "ctrl-@" → the bytes a terminal sends for them. Empty text: Ctrl-P Ctrl-Q. Throws invalid_argument.
std::string parse_detach_keys(std::string_view text);

/// Watches what is typed. Keys that could be the beginning of the sequence are held back until that is decided.
class DetachFilter {
public:
  explicit DetachFilter(std::string keys) : keys_(std::move(keys)) {}
  /// Appends to `out` what is for the container. True: the sequence was typed; the rest of `typed` is dropped.
  bool feed(std::string_view typed, std::string& out);

private:
  std::string keys_;
  std::size_t matched_ = 0;  ///< so many of keys_ have been typed and held back
};

}  // namespace stack::engine::container
