#include "engine/container/runtimes.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "base/error.hpp"

namespace stack::engine::container {

namespace {

bool is_program(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::string find_in_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const std::string candidate = std::string(rest.substr(0, colon)) + "/" + name;
    if (candidate.front() == '/' && is_program(candidate)) return candidate;
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  }
  return {};
}

}  // namespace

std::string runtime_program(const std::string& name) {
  if (name.empty() || name == "runc" || name == "stack") return {};
  const bool is_path = name.front() == '/';
  const std::string found = is_path                               ? (is_program(name) ? name : "")
                            : name.find('/') == std::string::npos ? find_in_path(name)
                                                                  : "";
  if (found.empty()) throw Error(ErrorCode::invalid_argument, "unknown or invalid runtime name: " + name);
  return found;
}

std::map<std::string, std::string> other_runtimes() {
  std::map<std::string, std::string> found;
  for (const char* name : {"crun", "youki", "runsc", "kata-runtime"})
    if (std::string path = find_in_path(name); !path.empty()) found.emplace(name, std::move(path));
  return found;
}

void check_runtime(const std::string& name) { runtime_program(name); }

}  // namespace stack::engine::container
