#include "compose/decode.hpp"

#include "compose/codec.hpp"

namespace stack::compose {

Project decode(const Node& document) {
  Project project;
  read(document, project);
  return project;
}

}  // namespace stack::compose
