#include "tests/compose_corpus/corpus.hpp"

#include <fstream>
#include <regex>
#include <stdexcept>

#include "base/base64.hpp"

namespace stack::corpus {
namespace {

using nlohmann::json;

json read_json(const std::filesystem::path& path) {
  std::ifstream stream(path);
  if (!stream) throw std::runtime_error("cannot read " + path.string());
  return json::parse(stream);
}

Case case_of(const json& entry) {
  Case result;
  result.name = entry.at("name");
  for (const auto& [name, text] : entry.at("files").items())  // bytes that are no text are written as base64
    result.files[name] = text.is_string() ? text.get<std::string>() : base64_decode(text.at("base64").get<std::string>());
  result.directory = entry.value("directory", ".");
  result.before = entry.value("before", std::vector<std::string>());
  result.after = entry.value("after", std::vector<std::string>());
  result.environment = entry.value("environment", std::map<std::string, std::string>());
  result.standard_input = entry.value("stdin", "");
  for (const char* output : {"json", "yaml", "hash", "text", "error"})
    if (const auto found = entry.find(output); found != entry.end()) result.expected[output] = *found;
  return result;
}

}  // namespace

std::vector<Group> read_groups(const std::filesystem::path& folder) {
  std::vector<Group> groups;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".json") continue;
    Group& group = groups.emplace_back();
    group.name = file.path().stem();
    for (const json& entry : read_json(file.path())) group.cases.push_back(case_of(entry));
  }
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return a.name < b.name; });
  return groups;
}

std::set<std::string> read_known_differences(const std::filesystem::path& file) {
  std::set<std::string> names;
  for (const json& difference : read_json(file))
    for (const std::string name : difference.at("cases"))
      if (!names.insert(name).second) throw std::runtime_error(name + " is listed twice in " + file.string());
  return names;
}

std::optional<std::string> attribute_path(const std::string& message) {
  // "validating FILE: PATH TEXT" of the schema, "invalid interpolation format for PATH", "services.a.x: TEXT" of the rest
  static const std::regex forms(
      R"(((?:services|jobs|networks|volumes|secrets|configs|models|include|name)(?:\.[A-Za-z0-9_-]+|\[[0-9]+\])*\.?)(?:\s|:|$))");
  std::smatch found;
  if (!std::regex_search(message, found, forms)) return std::nullopt;
  std::string path = found[1];
  while (path.ends_with('.')) path.pop_back();
  if (path.find('.') == std::string::npos) return std::nullopt;
  return path;
}

bool names_attribute(const std::string& message, const std::string& path) {
  static const std::regex index(R"(\[([0-9]+)\])");
  const std::string normal = std::regex_replace(message, index, ".$1");
  const std::string wanted = std::regex_replace(path, index, ".$1");
  if (normal.find(wanted) != std::string::npos) return true;
  // The reference names the innermost part that its schema reached; ours may be about the key around it.
  std::size_t end = wanted.find('.', wanted.find('.') + 1);
  if (end == std::string::npos) return false;
  end = wanted.find('.', end + 1);
  return normal.find(wanted.substr(0, end)) != std::string::npos;
}

}  // namespace stack::corpus
