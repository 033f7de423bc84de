#pragma once
// Compose files that belong together: read, checked, and merged into one document.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "compose/canonical.hpp"
#include "compose/interpolate.hpp"
#include "compose/loader.hpp"
#include "compose/mistakes.hpp"
#include "compose/node.hpp"

namespace stack::compose {

struct FileSet;
struct Include;

/// One YAML document of a file.
struct Document {
  std::string path;  ///< absolute, or "-"
  Node root;
  std::vector<FileSet> included;
};

/// Files that are laid over one another, in order: the project's own, or those of one entry of `include`.
struct FileSet {
  std::string directory;  ///< absolute; where its relative paths and includes start
  std::shared_ptr<const StringMap> environment;
  std::vector<Document> documents;
  bool included = false;
};

class FileSetReader {
public:
  /// `project_directory` and `home` are what relative paths and ~ stand for; options.resolve_paths may be off.
  FileSetReader(const LoadOptions& options, std::string project_directory, std::string home)
      : options_(options), project_directory_(std::move(project_directory)), home_(std::move(home)) {}

  /// The documents as written; their variables are for the caller to add. Throws not_found for a file that cannot be read,
  /// invalid_argument for what is no YAML mapping.
  FileSet parse(const std::vector<std::string>& files, std::string directory) const;

  /// Interpolates, checks every key and brings the documents, and what they include, into canonical form. Unless there
  /// is a mistake the set can be merged afterwards.
  void prepare(FileSet& set, Mistakes& mistakes);

  /// Paths, `extends`, `include` and the files themselves, in this order, make one canonical document.
  Node merge(FileSet set, Mistakes& mistakes);

  /// What a file that was read sees as the value of a variable: what is included has variables of its own.
  std::optional<std::string> variable_at(const Location& place, std::string_view name) const;

  /// Variables without a value that were asked for.
  const std::set<std::string>& unset() const { return unset_; }

private:
  struct Origin {  ///< of an `include` entry
    const FileSet& set;
    const std::vector<std::string>& chain;  ///< files that include one another, the innermost last
  };
  class Extended;

  Forms forms() const { return options_.interpolate ? Forms::all : Forms::structures; }
  std::shared_ptr<const std::string> shown(const std::string& path) const;
  std::vector<Node> parse_file(const std::string& path) const;
  bool interpolate_document(Node& root, const FileSet& set, Mistakes& mistakes);
  void prepare(FileSet& set, std::vector<std::string> chain, Mistakes& mistakes);
  void read_include(const Include& entry, const Origin& origin, Document& document, Mistakes& mistakes);
  std::shared_ptr<const StringMap> included_environment(const Include& entry, const FileSet& parent,
                                                        const std::string& directory, Mistakes& mistakes) const;
  /// What paths relative to a directory are made relative to.
  std::string path_base(const std::string& directory) const;
  void resolve_document_paths(Node& root, const std::string& directory) const;

  const LoadOptions& options_;
  std::string project_directory_;
  std::string home_;
  std::set<std::string> unset_;
  std::size_t include_count_ = 0;
  std::map<std::shared_ptr<const SourceFile>, std::shared_ptr<const StringMap>> environment_of_file_;  ///< by Location::file
};

/// `path` as the user would name it: relative below `cwd`.
std::string shown_path(const std::string& path, const std::string& cwd);

Lookup lookup_in(std::shared_ptr<const StringMap> environment);

}  // namespace stack::compose
