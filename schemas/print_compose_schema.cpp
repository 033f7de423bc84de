// print_compose_schema FILE: writes schemas/compose.schema.json, made of the key table.
#include <fstream>

#include "compose/schema.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ofstream file(argv[1]);
  file << stack::compose::compose_schema().dump(1) << '\n';
  return file.flush() ? 0 : 1;
}
