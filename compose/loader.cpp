#include "compose/loader.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>

#include "base/error.hpp"
#include "compose/canonical.hpp"
#include "compose/decode.hpp"
#include "compose/dotenv.hpp"
#include "compose/file_set.hpp"
#include "compose/find_files.hpp"
#include "compose/interpolate.hpp"
#include "compose/normalize.hpp"
#include "compose/profiles.hpp"
#include "compose/text_file.hpp"
#include "compose/validate.hpp"

namespace stack::compose {
namespace {

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// One run of load(): the passes in order.
class Loader {
public:
  explicit Loader(const LoadOptions& options)
      : options_(options), environment_(std::make_shared<StringMap>(options.environment)), lookup_(lookup_in(environment_)) {}

  LoadResult run() {
    const std::string first_directory = initial_directory(options_);
    read_dotenv(first_directory);
    found_ = find_project_files(options_, *environment_);
    warnings_ = found_.warnings;
    if (found_.directory != first_directory) read_dotenv(found_.directory);

    FileSetReader reader(options_, found_.directory, variable("HOME"));
    FileSet files = reader.parse(found_.files, found_.directory);
    name_ = project_name(files);
    (*environment_)["COMPOSE_PROJECT_NAME"] = name_;
    files.environment = environment_;
    Mistakes mistakes;
    reader.prepare(files, mistakes);
    mistakes.throw_if_any();
    Node merged = reader.merge(std::move(files), mistakes);
    warn_about_unset(reader.unset());
    mistakes.throw_if_any();

    const auto tree = std::make_shared<const Node>(std::move(merged));
    Project project = decode(tree);
    finish(
        project, [&](const Location& place, std::string_view name) { return reader.variable_at(place, name); }, mistakes);
    mistakes.throw_if_any();
    if (options_.interpolate) {  // else the paths may not be known yet
      if (options_.resolve_env_files) merge_env_files(project, lookup_);
      merge_label_files(project);
    }
    warnings_.insert(warnings_.end(), mistakes.warnings().begin(), mistakes.warnings().end());
    project.environment = *environment_;
    return {std::move(project), tree, std::move(variable_files_), std::move(warnings_)};
  }

private:
  std::string variable(const std::string& name) const {
    const auto found = environment_->find(name);
    return found == environment_->end() ? std::string() : found->second;
  }

  bool boolean_variable(const std::string& name) const {
    const std::string value = variable(name);
    for (const std::string_view yes : {"1", "t", "T", "true", "True", "TRUE"})
      if (value == yes) return true;
    for (const std::string_view no : {"", "0", "f", "F", "false", "False", "FALSE"})
      if (value == no) return false;
    throw Error(ErrorCode::invalid_argument, fmt::format("{}: '{}' is not a boolean; write true or false", name, value));
  }

  /// Variables of the environment win over those of the files, earlier files over later directories.
  void read_dotenv(const std::string& directory) {
    std::vector<std::string> files = options_.env_files;
    if (files.empty()) files = split_commas(variable("COMPOSE_ENV_FILES"));
    const bool named = !files.empty();
    if (!named && !boolean_variable("COMPOSE_DISABLE_ENV_FILE")) files.push_back(directory + "/.env");
    StringMap variables;
    for (const std::string& file : files) {
      const std::string path = absolute_path(file, options_.cwd);
      const std::optional<std::string> text = read_text_file(path);
      if (text) {
        parse_dotenv(*text, shown_path(path, options_.cwd), lookup_, variables);
        variable_files_.push_back(path);
      } else if (named)
        throw Error(ErrorCode::not_found, fmt::format("couldn't find env file: {}", path));
    }
    environment_->merge(variables);
  }

  std::string valid_name(const std::string& name, std::string_view source) const {
    if (normalize_project_name(name) == name && !name.empty()) return name;
    throw Error(ErrorCode::invalid_argument,
                fmt::format("invalid project name \"{}\"{}: it must consist only of lower case letters, digits, hyphens and "
                            "underscores, and start with a letter or digit",
                            name, source));
  }

  std::string project_name(const FileSet& files) const {
    if (options_.project_name && !options_.project_name->empty()) return valid_name(*options_.project_name, "");
    if (const std::string name = variable("COMPOSE_PROJECT_NAME"); !name.empty())
      return valid_name(name, " in COMPOSE_PROJECT_NAME");
    for (auto document = files.documents.rbegin(); document != files.documents.rend(); ++document) {
      const Node* name = document->root.find("name");
      if (name == nullptr || !name->is_string()) continue;
      const std::string where = to_string(name->location);
      try {
        const std::string text = options_.interpolate ? interpolate(name->as_string(), lookup_) : name->as_string();
        if (!normalize_project_name(text).empty()) return normalize_project_name(text);
        if (!text.empty()) return valid_name(text, "");
        if (!name->as_string().empty())
          throw Error(ErrorCode::invalid_argument, fmt::format("'{}' is empty here", name->as_string()));
      } catch (const Error& error) {
        throw Error(ErrorCode::invalid_argument, fmt::format("{}: name: {}", where, error.what()));
      }
    }
    const std::string directory = found_.directory.substr(found_.directory.rfind('/') + 1);
    std::string name = normalize_project_name(directory);
    if (!name.empty()) return name;
    throw Error(ErrorCode::invalid_argument,
                fmt::format("no project name can be made of the directory {}; give one with -p or 'name:'", found_.directory));
  }

  void warn_about_unset(const std::set<std::string>& names) {
    for (const std::string& name : names)
      warnings_.push_back(fmt::format("The \"{}\" variable is not set. Defaulting to a blank string.", name));
  }

  void finish(Project& project, const LookupAt& variable_at, Mistakes& mistakes) {
    project.name = name_;
    project.working_dir = found_.directory;
    project.compose_files = found_.files;
    resolve_environment(project, variable_at);
    place_secrets(project);
    if (options_.normalize) normalize(project, lookup_);
    std::vector<std::string> active = options_.profiles;
    if (active.empty()) active = split_commas(variable("COMPOSE_PROFILES"));
    if (!options_.interpolate) active = {"*"};  // as it is written: with all there is
    apply_profiles(project, std::move(active), options_.services);
    resolve_file_objects(project, variable_at);
    if (options_.check_consistency) validate(project, mistakes);  // before names that may have been meant are dropped
    if (options_.interpolate && !options_.all_resources) drop_unused(project);
  }

  const LoadOptions& options_;
  std::shared_ptr<StringMap> environment_;
  Lookup lookup_;
  ProjectFiles found_;
  std::string name_;
  std::vector<std::string> variable_files_;
  std::vector<std::string> warnings_;
};

}  // namespace

LoadResult load(const LoadOptions& options) { return Loader(options).run(); }

namespace {

/// $PWD where it is true: it keeps the symbolic links the user went through, as docker compose does. Paths are part of what the
/// configuration hash is made of.
std::string current_directory() {
  const char* shown = std::getenv("PWD");
  std::error_code ignored;
  if (shown && *shown == '/' && std::filesystem::equivalent(shown, ".", ignored)) return shown;
  return std::filesystem::current_path().string();
}

}  // namespace

LoadOptions load_options_from_process() {
  LoadOptions options;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) options.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  options.cwd = current_directory();
  options.environment.try_emplace("PWD", options.cwd);  // files count on it; not every service manager sets it
  return options;
}

std::string normalize_project_name(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (alphanumeric || ((c == '-' || c == '_') && !out.empty())) out += c;
  }
  return out;
}

}  // namespace stack::compose
