#pragma once
// Loads compose files given as text, in a directory of their own.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "base/error.hpp"
#include "compose/loader.hpp"
#include "compose/print.hpp"

namespace stack::compose {

/// A temporary directory with files in it, removed at the end.
class ProjectDirectory {
public:
  ProjectDirectory() {
    std::string pattern = std::filesystem::temp_directory_path() / "stack-compose-XXXXXX";
    path_ = mkdtemp(pattern.data());
    options.cwd = path_;
  }
  ~ProjectDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ProjectDirectory(const ProjectDirectory&) = delete;
  ProjectDirectory& operator=(const ProjectDirectory&) = delete;

  ProjectDirectory& file(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
    return *this;
  }
  std::string path() const { return path_; }
  LoadResult load() const { return compose::load(options); }
  /// The error's text, with this directory shown as DIR; fails when there is none.
  std::string error() const {
    try {
      compose::load(options);
    } catch (const Error& error) {
      return shown(error.what());
    }
    ADD_FAILURE() << "loaded without an error";
    return {};
  }
  std::string yaml() const { return shown(print_yaml(load().project)); }
  std::string shown(std::string text) const {
    for (std::size_t at = 0; (at = text.find(path_.string(), at)) != std::string::npos;)
      text.replace(at, path_.string().size(), "DIR");
    return text;
  }

  LoadOptions options;

private:
  std::filesystem::path path_;
};

inline Project load_text(const std::string& text, const std::map<std::string, std::string>& environment = {}) {
  ProjectDirectory directory;
  directory.file("compose.yaml", text).options.environment = environment;
  return directory.load().project;
}

/// The only service, "a", with these lines in it ("  " is put before each).
inline Service service_with(const std::string& lines, const std::map<std::string, std::string>& environment = {}) {
  return load_text("name: t\nservices:\n  a:\n    image: x\n    " + lines + "\nvolumes: {vv: }\n", environment)
      .services.at("a");
}

inline std::string error_of(const std::string& text, const std::map<std::string, std::string>& environment = {}) {
  ProjectDirectory directory;
  directory.file("compose.yaml", text).options.environment = environment;
  return directory.error();
}

}  // namespace stack::compose
