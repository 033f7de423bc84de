#pragma once
// The progress of one pull, push, load or import as docker's CLI shows it: "a1b2c3: Pull complete". On a terminal a line for
// each layer is drawn again in its place; elsewhere every change is a line, without the bytes in between.
#include <map>
#include <string>

#include "engine/api/common_types.hpp"

namespace stack::cli::render {

class MessageLines {
public:
  explicit MessageLines(bool terminal) : terminal_(terminal) {}
  /// The bytes to write for this message.
  std::string add(const engine::api::ProgressMessage& message);

private:
  bool terminal_;
  std::map<std::string, std::size_t> lines_;  ///< of layers, counted from the first one
};

}  // namespace stack::cli::render
