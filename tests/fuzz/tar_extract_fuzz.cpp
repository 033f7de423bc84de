// Extracts arbitrary bytes as an archive; a file beside the root must never change.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/archive.hpp"
#include "base/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack;
  static const std::string base = [] {
    std::string pattern = "/tmp/stack-fuzz.XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    return pattern;
  }();
  const std::string root = base + "/root";
  ::mkdir(root.c_str(), 0755);
  archive::ExtractOptions options;
  options.whiteouts = archive::Whiteouts::overlay;
  options.max_bytes = 1 << 20;
  options.max_members = 1000;
  options.hash_files = true;
  try {
    archive::extract(archive::from_memory(std::string(reinterpret_cast<const char*>(data), size)), RootDir(root), options);
  } catch (const Error&) {
  }
  remove_tree(root);
  if (::rmdir(base.c_str()) != 0) std::abort();  // something was written beside the root
  ::mkdir(base.c_str(), 0700);
  return 0;
}
