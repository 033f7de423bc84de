// Prints schemas/compose.schema.json, made of the key table.
#include <cstdio>

#include "compose/schema.hpp"

int main() {
  std::printf("%s\n", stack::compose::compose_schema().dump(1).c_str());
  return 0;
}
