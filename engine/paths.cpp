#include "engine/paths.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace stack::engine {

namespace {

constexpr const char* system_data_root = "/var/lib/stack";
constexpr const char* system_run_base = "/run/stack";

std::string absolute(const std::string& path, const char* what) {
  if (path.empty()) throw Error(ErrorCode::invalid_argument, std::string("the ") + what + " must not be empty");
  std::error_code error;
  // resolves symbolic links of the part that exists: one directory under two names is one instance
  std::filesystem::path result = std::filesystem::weakly_canonical(path, error);
  if (error) result = std::filesystem::absolute(path).lexically_normal();
  std::string text = result.string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace

Paths resolve_paths(const PathRequest& request) {
  const auto variable = [&](const char* name) -> std::optional<std::string> {
    auto value = request.environment ? request.environment(name) : std::nullopt;
    return value && !value->empty() ? value : std::nullopt;
  };
  const bool rootless = !request.is_root && variable("STACK_ROOTLESS") == "1";
  std::string default_data = system_data_root;
  std::string run_base = system_run_base;
  if (rootless) {
    const std::string home = variable("HOME").value_or("/");
    default_data = variable("XDG_DATA_HOME").value_or(home + "/.local/share") + "/stack";
    run_base = variable("XDG_RUNTIME_DIR").value_or("/tmp/stack-runtime-" + std::to_string(::geteuid())) + "/stack";
  }
  default_data = absolute(default_data, "data root");

  Paths paths;
  const auto root = request.root ? request.root : variable("STACK_ROOT");
  paths.data_root = root ? absolute(*root, "data root") : default_data;
  paths.instance = sha256_hex(paths.data_root).substr(0, 8);
  const auto run = request.run ? request.run : variable("STACK_RUN");
  if (run)
    paths.run_root = absolute(*run, "run root");
  else
    paths.run_root = paths.data_root == default_data ? run_base : run_base + "-" + paths.instance;
  return paths;
}

Paths resolve_paths(std::optional<std::string> root, std::optional<std::string> run) {
  PathRequest request;
  request.root = std::move(root);
  request.run = std::move(run);
  request.is_root = ::geteuid() == 0;
  request.environment = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
  return resolve_paths(request);
}

}  // namespace stack::engine
