#pragma once
// Copies of files between directories, keeping what a file is: type, mode, owner, times, extended attributes, hard links.
#include <sys/stat.h>

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/safe_path.hpp"

namespace stack {

struct CopyOptions {
  std::optional<RootDir::Owner> owner;  ///< of everything copied; else as at the source
  /// The permission bits of a copied file or directory (not of links); null: as at the source.
  std::function<mode_t(const struct stat& source)> mode;
  bool times = true;
  bool overlay_layer = false;  ///< the source is a layer in overlayfs form: what hides a directory below stays
  /// Which names below the start to copy (path relative to it); a directory left out is still descended when anything below is
  /// wanted.
  std::function<bool(const std::string& path, const struct stat& status)> select;
};

/// Copies one name (of any type, directories with what is below) to a name in another directory. An existing directory is
/// merged into and gets the source's attributes; an existing file is replaced; a directory and a file never replace each other
/// (conflict). Links are copied as links, never followed. Both names are single components.
void copy_entry(int source_directory, const std::string& source_name, int target_directory, const std::string& target_name,
                const CopyOptions& options = {});

/// Copies what is below one open directory into another one, and does not touch the target directory's own attributes.
void copy_contents(int source_directory, int target_directory, const CopyOptions& options = {});

/// Owner, mode, extended attributes and times of one directory onto another.
void copy_attributes(int source, int target, const CopyOptions& options = {});

}  // namespace stack
