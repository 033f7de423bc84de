#pragma once
// The recorded cases: tests/golden/compose_corpus/<group>.json, written by `record`.
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace stack::corpus {

struct Case {
  std::string name;                          ///< unique in its group
  std::map<std::string, std::string> files;  ///< below the project's directory; "../x" is beside it
  std::string directory;                     ///< where the command is run, below the project's directory
  std::vector<std::string> before, after;    ///< arguments around `config`
  std::map<std::string, std::string> environment;
  std::string standard_input;
  /// What the reference gave: "json" (a document), "yaml", "hash", "text" (texts); or only "error", its message.
  std::map<std::string, nlohmann::json> expected;
};

struct Group {
  std::string name;
  std::vector<Case> cases;
};

std::vector<Group> read_groups(const std::filesystem::path& folder);

/// Cases ("group/case") where we differ and know it. Throws when one is listed twice.
std::set<std::string> read_known_differences(const std::filesystem::path& file);

/// The attribute an error of the reference is about, as "services.web.ports.0"; nothing where it names none.
std::optional<std::string> attribute_path(const std::string& message);

/// Whether our message names that attribute, or what it is in.
bool names_attribute(const std::string& message, const std::string& path);

}  // namespace stack::corpus
