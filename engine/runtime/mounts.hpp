#pragma once
// One mount of a container, made with the file-descriptor mount API, so that no path is looked up twice and no symbolic link
// of the image can lead outside the rootfs.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/runtime/spec.hpp"

namespace stack::engine::runtime {

/// fstab-like options, sorted by what the kernel takes them for.
struct MountOptions {
  std::uint64_t set = 0;  ///< MOUNT_ATTR_*
  std::uint64_t clear = 0;
  std::uint64_t recursive_set = 0;  ///< "rro", "rnosuid" …
  std::uint64_t recursive_clear = 0;
  std::uint64_t propagation = 0;  ///< MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE
  bool propagation_recursive = false;
  bool bind = false;
  bool bind_recursive = false;
  bool idmap = false;  ///< "idmap", "ridmap"
  bool idmap_recursive = false;
  bool copy_up = false;  ///< "tmpcopyup"
  bool remount = false;
  std::vector<std::string> superblock;  ///< "sync", "dirsync" …: of a file system, not of a bind
  std::string subpath;                  ///< "x-stack.subpath=a/b": only this part of the source, which no link leads out of
  std::vector<std::string> data;        ///< "size=64m": for the file system
};
MountOptions parse_mount_options(const std::vector<std::string>& options);
std::vector<std::string> mount_option_names();  ///< what parse_mount_options() knows, in alphabetical order

/// What failed, for the message; empty when nothing did.
struct MountFailure {
  int error = 0;
  std::string what;
  explicit operator bool() const { return error != 0; }
};

/// Opens `path` inside `root` (O_PATH), making missing directories, and at its end a directory or an empty file. -1 and errno.
int open_or_make_in_root(int root, std::string_view path, bool directory);

/// Overlay of the layers as a detached mount (descriptor), or -1 with `failure` filled.
int make_overlay(const Overlay& overlay, MountFailure& failure);

/// Mounts onto `root`'s subtree. Not for type "cgroup" (see rootfs.cpp). `source_tree`: what clone_source() gave earlier; -1:
/// it is cloned now.
MountFailure mount_into(int root, const Mount& mount, int source_tree = -1);

/// The tree a bind attaches, detached: -1 with `failure` filled.
int clone_source(const Mount& mount, const MountOptions& options, MountFailure& failure);

/// A detached mount of a file system type: "-1" and errno. `attributes`: MOUNT_ATTR_*.
int make_mount(const char* type, const char* source, const std::vector<std::string>& data, std::uint64_t attributes,
               std::string* message = nullptr);
/// A detached clone of what `directory`/`path` is. -1 and errno.
int clone_tree(int directory, const char* path, bool recursive);
int set_attributes(int mount, std::uint64_t set, std::uint64_t clear, bool recursive);  ///< 0 or errno
int attach_mount(int mount, int target);                                                ///< 0 or errno

}  // namespace stack::engine::runtime
