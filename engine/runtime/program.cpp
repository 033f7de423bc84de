#include "engine/runtime/program.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace stack::engine::runtime {

namespace {

/// 0, or why this file cannot be executed by us.
int check(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return errno;
  if (S_ISDIR(info.st_mode)) return EISDIR;
  return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0 ? errno : 0;
}

Program not_runnable(const std::string& name, int error) {
  const std::string quoted = "exec: \"" + name + "\": ";
  if (error == ENOENT || error == ENOTDIR) return {{}, error, 127, quoted + "stat " + name + ": " + describe_exec_error(error)};
  if (error == EISDIR) return {{}, error, 126, quoted + "is a directory: permission denied"};
  return {{}, error, 126, quoted + describe_exec_error(error)};
}

std::string_view search_path(const std::vector<std::string>& environment) {
  std::string_view path;
  for (const auto& variable : environment) {
    if (variable.starts_with("PATH=")) path = std::string_view(variable).substr(5);
  }
  return path;
}

}  // namespace

std::string describe_exec_error(int error) {
  std::string text = ::strerror(error);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

Program find_program(const std::vector<std::string>& args, const std::vector<std::string>& environment) {
  if (args.empty() || args.front().empty()) return {{}, ENOENT, 127, "exec: \"\": executable file not found in $PATH"};
  const std::string& name = args.front();
  if (name.find('/') != std::string::npos) {
    if (const int error = check(name)) return not_runnable(name, error);
    return {name, 0, 0, {}};
  }
  bool denied = false;
  std::string_view rest = search_path(environment);
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::string_view directory = rest.substr(0, colon);
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
    // an empty or relative entry means the working directory, from which nothing is run by a bare name
    if (directory.empty() || directory.front() != '/') continue;
    const std::string candidate = std::string(directory) + "/" + name;
    const int error = check(candidate);
    if (error == 0) return {candidate, 0, 0, {}};
    denied = denied || error == EACCES;
  }
  if (denied) return {{}, EACCES, 126, "exec: \"" + name + "\": permission denied"};
  return {{}, ENOENT, 127, "exec: \"" + name + "\": executable file not found in $PATH"};
}

}  // namespace stack::engine::runtime
