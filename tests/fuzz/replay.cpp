// Stands in for libFuzzer where there is none: gives each file of a corpus to the function, and some bytes that need no file.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void give(const std::string& input) {
  // an allocation of exactly this size, so that a sanitizer sees a read beyond it
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " FOLDER\n";
    return 2;
  }
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::cerr << entry.path().filename().string() << std::endl;  // the last one named is the one that ended the program
    give({std::istreambuf_iterator<char>(file), {}});
    ++count;
  }
  for (const char* input : {"", "\n", "\xff\xfe", "{", "a"}) give(input);
  if (count == 0) std::cerr << argv[1] << " is empty\n";
  return count == 0 ? 1 : 0;
}
