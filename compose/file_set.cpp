#include "compose/file_set.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "base/error.hpp"
#include "compose/canonical.hpp"
#include "compose/dotenv.hpp"
#include "compose/extends.hpp"
#include "compose/find_files.hpp"
#include "compose/include.hpp"
#include "compose/merge.hpp"
#include "compose/resolve_paths.hpp"
#include "compose/text_file.hpp"
#include "compose/yaml.hpp"

namespace stack::compose {
namespace {

std::string read_stream(std::istream& stream) {
  std::ostringstream text;
  text << stream.rdbuf();
  return std::move(text).str();
}

bool is_regular(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) && !std::filesystem::is_directory(path, ignored);
}

void lay_over(Node& merged, bool first, Node later) {
  if (first)
    merged = std::move(later);
  else
    merge_documents(merged, std::move(later));
}

/// A build without a context has the directory of the project, or of the include that it belongs to, whatever file says it.
void imply_contexts(Node& document, const std::string& directory) {
  for (const char* section : {"services", "jobs"}) {
    Node* containers = document.find(section);
    if (containers == nullptr) continue;
    for (Node::Member& container : containers->members()) {
      Node* build = container.value.find("build");
      if (build == nullptr || !build->is_mapping()) continue;
      const Node* context = build->find("context");
      if (context == nullptr || context->is_null() || (context->is_string() && context->as_string().empty()))
        build->set("context", Node::string(directory));
    }
  }
}

}  // namespace

std::string shown_path(const std::string& path, const std::string& cwd) {
  const std::string below = cwd == "/" ? "/" : cwd + '/';
  return path.starts_with(below) && path.size() > below.size() ? path.substr(below.size()) : path;
}

Lookup lookup_in(std::shared_ptr<const StringMap> environment) {
  return [environment = std::move(environment)](std::string_view name) -> std::optional<std::string> {
    const auto found = environment->find(std::string(name));
    return found == environment->end() ? std::nullopt : std::optional(found->second);
  };
}

// ---- reading -------------------------------------------------------------------------------------------------------------

std::shared_ptr<const std::string> FileSetReader::shown(const std::string& path) const {
  return std::make_shared<const std::string>(path == "-" ? "stdin" : shown_path(path, options_.cwd));
}

std::vector<Node> FileSetReader::parse_file(const std::string& path) const {
  std::optional<std::string> text;
  if (path == "-")
    text = read_stream(options_.standard_input != nullptr ? *options_.standard_input : std::cin);
  else
    text = read_text_file(path);
  const std::shared_ptr<const std::string> name = shown(path);
  if (!text && errno == EFBIG)
    throw Error(ErrorCode::invalid_argument, fmt::format("{}: the file is larger than {} MiB", *name, max_yaml_bytes >> 20));
  if (!text) throw Error(ErrorCode::not_found, fmt::format("open {}: {}", path, std::strerror(errno)));
  std::vector<Node> roots = parse_yaml(*text, name);
  for (const Node& root : roots)
    if (!root.is_mapping())
      throw Error(ErrorCode::invalid_argument, fmt::format("{}: a compose file is a mapping with 'services', not {}",
                                                           to_string(root.location), root.kind_name()));
  if (roots.empty()) throw Error(ErrorCode::invalid_argument, *name + ": the compose file is empty");
  return roots;
}

FileSet FileSetReader::parse(const std::vector<std::string>& files, std::string directory) const {
  FileSet set;
  set.directory = std::move(directory);
  std::vector<std::string> mistakes;  // of every file; each names its place
  for (const std::string& file : files) {
    try {
      for (Node& root : parse_file(file)) set.documents.push_back({file, std::move(root), {}});
    } catch (const Error& error) {
      if (error.code() == ErrorCode::not_found) throw;
      mistakes.emplace_back(error.what());
    }
  }
  if (!mistakes.empty()) throw Error(ErrorCode::invalid_argument, fmt::format("{}", fmt::join(mistakes, "\n")));
  return set;
}

// ---- variables, keys, includes -------------------------------------------------------------------------------------------

/// False when there was a mistake: what comes next would only complain about its consequences.
bool FileSetReader::interpolate_document(Node& root, const FileSet& set, Mistakes& mistakes) {
  environment_of_file_.emplace(root.location.file, set.environment);
  if (!options_.interpolate) return true;
  const std::size_t before = mistakes.count();
  interpolate(root, "", lookup_in(set.environment), unset_, mistakes);
  return mistakes.count() == before;
}

void FileSetReader::prepare(FileSet& set, Mistakes& mistakes) { prepare(set, {}, mistakes); }

void FileSetReader::prepare(FileSet& set, std::vector<std::string> chain, Mistakes& mistakes) {
  for (Document& document : set.documents) {
    if (chain.empty() || chain.back() != document.path) chain.push_back(document.path);
    if (!interpolate_document(document.root, set, mistakes)) continue;
    canonicalize(document.root, forms(), mistakes);
    for (const Include& entry : take_includes(document.root, mistakes)) read_include(entry, {set, chain}, document, mistakes);
  }
}

void FileSetReader::read_include(const Include& entry, const Origin& origin, Document& document, Mistakes& mistakes) {
  const auto complain = [&](const std::string& text) { mistakes.add(entry.location, entry.attribute, text); };
  std::vector<std::string> files;
  for (const std::string& path : entry.paths) files.push_back(absolute_path(path, origin.set.directory));
  if (const auto first = std::find(origin.chain.begin(), origin.chain.end(), files.front()); first != origin.chain.end()) {
    std::string circle;
    for (auto file = first; file != origin.chain.end(); ++file) circle += shown_path(*file, options_.cwd) + " -> ";
    return complain("a circle: " + circle + shown_path(files.front(), options_.cwd));
  }
  if (++include_count_ > max_includes) {
    if (include_count_ == max_includes + 1) complain(fmt::format("more than {} files are included", max_includes));
    return;
  }
  const std::string directory = entry.project_directory.empty() ? parent_directory(files.front())
                                                                : absolute_path(entry.project_directory, origin.set.directory);
  try {
    FileSet set = parse(files, directory);
    set.included = true;
    set.environment = included_environment(entry, origin.set, directory, mistakes);
    prepare(set, origin.chain, mistakes);
    document.included.push_back(std::move(set));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) return complain(error.what());
    mistakes.add({}, "", error.what());  // it names its place
  }
}

std::shared_ptr<const StringMap> FileSetReader::included_environment(const Include& entry, const FileSet& parent,
                                                                     const std::string& directory, Mistakes& mistakes) const {
  std::vector<std::string> files;
  for (const std::string& file : entry.env_files)
    if (file != "/dev/null") files.push_back(absolute_path(file, parent.directory));
  if (entry.env_files.empty() && is_regular(directory + "/.env")) files.push_back(directory + "/.env");
  StringMap variables;
  for (const std::string& file : files) {
    if (const std::optional<std::string> text = read_text_file(file))
      parse_dotenv(*text, *shown(file), lookup_in(parent.environment), variables);
    else
      mistakes.add(entry.location, entry.attribute + ".env_file", fmt::format("open {}: {}", file, std::strerror(errno)));
  }
  auto merged = std::make_shared<StringMap>(*parent.environment);
  merged->merge(variables);
  return merged;
}

std::optional<std::string> FileSetReader::variable_at(const Location& place, std::string_view name) const {
  const auto found = environment_of_file_.find(place.file);
  return found == environment_of_file_.end() ? std::nullopt : lookup_in(found->second)(name);
}

// ---- merging -------------------------------------------------------------------------------------------------------------

/// The files that the services of one set extend, read once each. Only the services that are asked for have to be right.
class FileSetReader::Extended {
public:
  Extended(FileSetReader& reader, const FileSet& set) : reader_(reader), set_(set) {}

  ExtendsSource source() {
    return {[this](const std::string& path, const std::string& service, Mistakes& mistakes) {
              return load(path, service, mistakes);
            },
            [this](const std::string& file, const std::string& from) {
              const bool own = std::any_of(set_.documents.begin(), set_.documents.end(),
                                           [&](const Document& document) { return document.path == from; });
              return absolute_path(file, own ? set_.directory : parent_directory(from));
            }};
  }

private:
  struct File {
    std::vector<Node> roots;         ///< as written
    std::set<std::string> finished;  ///< services that are canonical in the document
    Node document;                   ///< all services; the unfinished ones are null
    bool usable = true;
  };

  Node* load(const std::string& path, const std::string& service, Mistakes& mistakes) {
    auto known = files_.find(path);
    if (known == files_.end()) known = files_.emplace(path, read(path, mistakes)).first;
    File& file = known->second;
    if (!file.usable || !finish(file, path, service, mistakes)) return nullptr;
    return &file.document;
  }

  File read(const std::string& path, Mistakes& mistakes) {
    File file;
    file.roots = reader_.parse_file(path);
    Node services = Node::mapping();
    for (Node& root : file.roots) {
      file.usable = reader_.interpolate_document(root, set_, mistakes) && file.usable;
      if (const Node* written = root.find("services"); written != nullptr && written->is_mapping())
        for (const Node::Member& member : written->members()) services.set(member.key, Node(member.value.location));
    }
    file.document = Node::mapping();
    file.document.set("services", std::move(services));
    return file;
  }

  /// False after reporting what is wrong with it, which is done once.
  bool finish(File& file, const std::string& path, const std::string& service, Mistakes& mistakes) {
    if (!file.finished.insert(service).second) return true;
    const std::size_t before = mistakes.count();
    Node merged;
    bool first = true;
    for (Node& root : file.roots) {
      Node* services = root.find("services");
      Node* written = services == nullptr ? nullptr : services->find(service);
      if (written == nullptr) continue;
      Node document = only_service(service, std::move(*written));
      canonicalize(document, reader_.forms(), mistakes);
      if (mistakes.count() != before) return false;
      reader_.resolve_document_paths(document, parent_directory(path));
      lay_over(merged, first, std::move(document));
      first = false;
    }
    if (!first) file.document.find("services")->set(service, std::move(*merged.find("services")->find(service)));
    return true;
  }

  static Node only_service(const std::string& name, Node service) {
    Node services = Node::mapping(service.location), document = Node::mapping(service.location);
    services.set(name, std::move(service));
    document.set("services", std::move(services));
    return document;
  }

  FileSetReader& reader_;
  const FileSet& set_;
  std::map<std::string, File> files_;
};

/// Without path resolution the project's own paths stay as written, those of other files become relative to the project.
std::string FileSetReader::path_base(const std::string& directory) const {
  return options_.resolve_paths ? directory : relative_path(directory, project_directory_);
}

void FileSetReader::resolve_document_paths(Node& root, const std::string& directory) const {
  resolve_paths(root, {path_base(directory), home_});
}

Node FileSetReader::merge(FileSet set, Mistakes& mistakes) {
  Extended extended(*this, set);
  const ExtendsSource source = extended.source();
  Node merged;
  bool first = true;
  for (Document& document : set.documents) {
    if (options_.resolve_paths || set.included) resolve_document_paths(document.root, set.directory);
    resolve_extends(document.root, document.path, source, mistakes);
    for (FileSet& included : document.included) join_included(document.root, merge(std::move(included), mistakes));
    lay_over(merged, first, std::move(document.root));
    first = false;
    if (mistakes.empty()) refuse_nulls(merged, mistakes);
  }
  finish_merge(merged);
  imply_contexts(merged, path_base(set.directory));
  return merged;
}

}  // namespace stack::compose
