#include "compose/loader.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <sstream>

#include "base/error.hpp"
#include "compose/canonical.hpp"
#include "compose/decode.hpp"
#include "compose/dotenv.hpp"
#include "compose/extends.hpp"
#include "compose/find_files.hpp"
#include "compose/interpolate.hpp"
#include "compose/merge.hpp"
#include "compose/normalize.hpp"
#include "compose/profiles.hpp"
#include "compose/resolve_paths.hpp"
#include "compose/validate.hpp"
#include "compose/yaml.hpp"

namespace stack::compose {
namespace {

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream.bad() || (stream.fail() && !stream.eof() && text.tellp() < 0)) return std::nullopt;
  return std::move(text).str();
}

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

std::string parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

/// One run of load(): the passes in order.
class Loader {
public:
  explicit Loader(const LoadOptions& options) : options_(options), environment_(options.environment) {
    lookup_ = [this](std::string_view name) -> std::optional<std::string> {
      const auto found = environment_.find(std::string(name));
      return found == environment_.end() ? std::nullopt : std::optional(found->second);
    };
  }

  LoadResult run() {
    const std::string first_directory = initial_directory(options_);
    read_dotenv(first_directory);
    found_ = find_project_files(options_, environment_);
    warnings_ = found_.warnings;
    if (found_.directory != first_directory) read_dotenv(found_.directory);
    parse_files();
    name_ = project_name();
    environment_["COMPOSE_PROJECT_NAME"] = name_;
    base_ = {found_.directory, variable("HOME")};

    Mistakes mistakes;
    if (options_.interpolate) interpolate_files(mistakes);
    for (Document& document : documents_) canonicalize(document.root, forms(), mistakes);
    mistakes.throw_if_any();
    Node merged = merge_files(mistakes);
    refuse_nulls(merged, mistakes);
    mistakes.throw_if_any();

    Project project = decode(merged);
    finish(project, mistakes);
    mistakes.throw_if_any();
    if (options_.resolve_env_files) merge_env_files(project, lookup_);
    merge_label_files(project, lookup_);
    warnings_.insert(warnings_.end(), mistakes.warnings().begin(), mistakes.warnings().end());
    project.environment = environment_;
    return {std::move(project), std::move(merged), std::move(variable_files_), std::move(warnings_)};
  }

private:
  struct Document {
    std::string path;
    Node root;
  };

  Forms forms() const { return options_.interpolate ? Forms::all : Forms::structures; }

  std::string variable(const std::string& name) const {
    const auto found = environment_.find(name);
    return found == environment_.end() ? std::string() : found->second;
  }

  /// As the user would name it: relative below the working directory.
  std::shared_ptr<const std::string> shown(const std::string& path) const {
    const std::string below = options_.cwd == "/" ? "/" : options_.cwd + '/';
    return std::make_shared<const std::string>(path.starts_with(below) && path.size() > below.size() ? path.substr(below.size())
                                                                                                     : path);
  }

  /// Variables of the environment win over those of the files, earlier files over later directories.
  void read_dotenv(const std::string& directory) {
    std::vector<std::string> files = options_.env_files;
    if (files.empty()) files = split_commas(variable("COMPOSE_ENV_FILES"));
    const bool named = !files.empty();
    if (!named) files.push_back(directory + "/.env");
    StringMap variables;
    for (const std::string& file : files) {
      const std::string path = absolute_path(file, options_.cwd);
      const std::optional<std::string> text = read_file(path);
      if (text) {
        parse_dotenv(*text, *shown(path), lookup_, variables);
        variable_files_.push_back(path);
      } else if (named)
        throw Error(ErrorCode::not_found, fmt::format("couldn't find env file: {}", path));
    }
    environment_.merge(variables);
  }

  std::string file_text(const std::string& path, const std::string& asked_at) const {
    if (path == "-") {
      std::ostringstream text;
      text << (options_.standard_input != nullptr ? *options_.standard_input : std::cin).rdbuf();
      return std::move(text).str();
    }
    std::optional<std::string> text = read_file(path);
    if (!text)
      throw Error(ErrorCode::not_found,
                  fmt::format("{}open {}: {}", asked_at.empty() ? "" : asked_at + ": ", path, std::strerror(errno)));
    return std::move(*text);
  }

  std::vector<Node> parse_file(const std::string& path, const std::string& asked_at = "") const {
    auto name = path == "-" ? std::make_shared<const std::string>("stdin") : shown(path);
    std::vector<Node> roots = parse_yaml(file_text(path, asked_at), name);
    for (const Node& root : roots)
      if (!root.is_mapping())
        throw Error(ErrorCode::invalid_argument, fmt::format("{}: a compose file is a mapping with 'services', not {}",
                                                             to_string(root.location), root.kind_name()));
    if (roots.empty()) throw Error(ErrorCode::invalid_argument, *name + ": the compose file is empty");
    return roots;
  }

  void parse_files() {
    for (const std::string& file : found_.files)
      for (Node& root : parse_file(file)) documents_.push_back({file, std::move(root)});
  }

  std::string valid_name(const std::string& name, std::string_view source) const {
    if (normalize_project_name(name) == name && !name.empty()) return name;
    throw Error(ErrorCode::invalid_argument,
                fmt::format("invalid project name \"{}\"{}: it must consist only of lower case letters, digits, hyphens and "
                            "underscores, and start with a letter or digit",
                            name, source));
  }

  std::string project_name() const {
    if (options_.project_name && !options_.project_name->empty()) return valid_name(*options_.project_name, "");
    if (const std::string name = variable("COMPOSE_PROJECT_NAME"); !name.empty())
      return valid_name(name, " in COMPOSE_PROJECT_NAME");
    for (auto document = documents_.rbegin(); document != documents_.rend(); ++document) {
      const Node* name = document->root.find("name");
      if (name == nullptr || !name->is_string()) continue;
      const std::string where = to_string(name->location);
      try {
        const std::string text = options_.interpolate ? interpolate(name->as_string(), lookup_) : name->as_string();
        if (!normalize_project_name(text).empty()) return normalize_project_name(text);
        if (!text.empty()) return valid_name(text, "");
      } catch (const Error& error) {
        throw Error(ErrorCode::invalid_argument, fmt::format("{}: name: {}", where, error.what()));
      }
    }
    const std::string directory = found_.directory.substr(found_.directory.rfind('/') + 1);
    const std::string name = normalize_project_name(directory);
    if (!name.empty()) return name;
    throw Error(ErrorCode::invalid_argument,
                fmt::format("no project name can be made of the directory {}; give one with -p or 'name:'", found_.directory));
  }

  void interpolate_files(Mistakes& mistakes) {
    std::set<std::string> unset;
    for (Document& document : documents_) interpolate(document.root, "", lookup_, unset, mistakes);
    for (const std::string& name : unset)
      warnings_.push_back(fmt::format("The \"{}\" variable is not set. Defaulting to a blank string.", name));
    mistakes.throw_if_any();
  }

  /// A file named in `extends`, through the same passes.
  Node& extended_file(const std::string& path, const Location& asked_at) {
    if (const auto found = extended_.find(path); found != extended_.end()) return found->second;
    Mistakes mistakes;
    Node merged;
    bool first = true;
    for (Node& root : parse_file(path, to_string(asked_at))) {
      std::set<std::string> unset;
      if (options_.interpolate) interpolate(root, "", lookup_, unset, mistakes);
      canonicalize(root, forms(), mistakes);
      mistakes.throw_if_any();
      if (options_.resolve_paths) resolve_paths(root, {parent(path), base_.home});
      if (first)
        merged = std::move(root);
      else
        merge_documents(merged, std::move(root));
      first = false;
    }
    return extended_.emplace(path, std::move(merged)).first->second;
  }

  Node merge_files(Mistakes& mistakes) {
    const ExtendsSource source{
        [this](const std::string& path, const Location& where) -> Node& { return extended_file(path, where); },
        [this](const std::string& file, const std::string& from) {
          const bool own = std::find(found_.files.begin(), found_.files.end(), from) != found_.files.end();
          return absolute_path(file, own ? found_.directory : parent(from));
        }};
    Node merged;
    bool first = true;
    for (Document& document : documents_) {
      if (options_.resolve_paths) resolve_paths(document.root, base_);
      resolve_extends(document.root, document.path, source);
      if (first)
        merged = std::move(document.root);
      else
        merge_documents(merged, std::move(document.root));
      first = false;
    }
    finish_merge(merged);
    mistakes.throw_if_any();
    return merged;
  }

  void finish(Project& project, Mistakes& mistakes) {
    project.name = name_;
    project.working_dir = found_.directory;
    project.compose_files = found_.files;
    resolve_environment(project, lookup_);
    std::vector<std::string> active = options_.profiles;
    if (active.empty()) active = split_commas(variable("COMPOSE_PROFILES"));
    apply_profiles(project, std::move(active), options_.services);
    if (options_.normalize) normalize(project, found_.directory);
    resolve_file_objects(project, lookup_);
    if (options_.normalize) drop_unused(project);
    if (options_.check_consistency) validate(project, mistakes);
  }

  const LoadOptions& options_;
  StringMap environment_;
  Lookup lookup_;
  ProjectFiles found_;
  PathBase base_;
  std::string name_;
  std::vector<Document> documents_;
  std::map<std::string, Node> extended_;
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
