#pragma once
// The build context on disk: unpacked once, with a digest of every file taken on the way.
#include <map>
#include <string>
#include <vector>

#include "base/archive.hpp"
#include "base/dockerignore.hpp"
#include "base/safe_path.hpp"

namespace stack::engine::build {

/// What decides whether a copy of the file would be the same: no times, no owner (copies get their own).
struct ContextFile {
  archive::Member::Type type = archive::Member::Type::file;
  mode_t mode = 0;
  std::string content;  ///< SHA-256 of the content, or a link's target
};

class Context {
public:
  explicit Context(std::string directory) : root_(directory), directory_(std::move(directory)) {}

  /// Unpacks the archive. Blocking. Throws invalid_argument for a damaged one, and for device nodes.
  void receive(archive::Source source);
  /// Removes what the rules leave out, and the Dockerfile and .dockerignore too when they match.
  void apply(const IgnoreRules& rules);

  const RootDir& root() const { return root_; }
  const std::string& directory() const { return directory_; }
  const std::map<std::string, ContextFile>& files() const { return files_; }

  /// Digest of a file, or of a directory with all that is below it; paths clean. Throws not_found.
  std::string digest(const std::string& path) const;

private:
  void add(const std::string& path, const archive::Member& member, const std::string& digest);
  RootDir root_;
  std::string directory_;
  std::map<std::string, ContextFile> files_;
};

/// The digest that Context::digest() would give, of files elsewhere (COPY --from). Blocking, reads everything.
std::string digest_of(const RootDir& root, const std::string& path);

}  // namespace stack::engine::build
