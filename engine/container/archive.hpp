#pragma once
// Files of a container as tar streams: what the archive endpoints do inside a FileView. All blocking.
#include <optional>
#include <string>

#include "base/archive.hpp"
#include "engine/api/path_stat.hpp"
#include "engine/container/file_view.hpp"

namespace stack::engine::container {

/// What is at `path`, a link itself unless the path ends in "/" or "/.". Empty: nothing.
std::optional<api::PathStat> stat_path(const FileView& view, const std::string& path);

/// Writes what stat_path() has found: a directory's names begin with its own ("etc/", "etc/passwd"), those of "/etc/." with
/// "./". What /proc, /sys and the like hold is left out.
void write_path(const FileView& view, const std::string& path, const api::PathStat& stat, const archive::Sink& sink);

struct ExtractRequest {
  std::string path;                     ///< a directory, or a link to one
  bool replace_directory = true;        ///< false: a directory and something else never replace each other
  std::optional<RootDir::Owner> owner;  ///< of everything; empty: as the archive says
  bool readonly_rootfs = false;
};

/// Opens the directory to extract into. Throws not_found "Could not find the file …", invalid_argument when it is no directory
/// or read-only. `container` for messages.
RootDir open_destination(const FileView& view, const ExtractRequest& request, const std::string& container);

/// Extracts below `destination`, which is the root for every name and link of the archive.
void extract_into(const RootDir& destination, archive::Source source, const ExtractRequest& request);

}  // namespace stack::engine::container
