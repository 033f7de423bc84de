// The options of mounts, by what the kernel takes them for. The names are mount(8)'s, and those with an r in front that the OCI
// runtime specification adds.
#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/runtime/mounts.hpp"

namespace stack::engine::runtime {

namespace {

enum class Effect {
  set,
  clear,
  recursive_set,
  recursive_clear,
  propagation,
  bind,
  idmap,
  copy_up,
  remount,
  superblock,
  superblock_clear,  ///< takes back the one of its name without "no"; "async": "sync"
  ignore
};
struct Option {
  const char* name;
  Effect effect;
  std::uint64_t bits;
};
// "rw" and the like clear what a bind inherits from its source. Clearing the access time's field means relatime.
constexpr std::array option_table{
    Option{"async", Effect::superblock_clear, 0},
    Option{"atime", Effect::clear, MOUNT_ATTR__ATIME},
    Option{"bind", Effect::bind, 0},
    Option{"defaults", Effect::ignore, 0},
    Option{"dev", Effect::clear, MOUNT_ATTR_NODEV},
    Option{"diratime", Effect::clear, MOUNT_ATTR_NODIRATIME},
    Option{"dirsync", Effect::superblock, 0},
    Option{"exec", Effect::clear, MOUNT_ATTR_NOEXEC},
    Option{"idmap", Effect::idmap, 0},
    Option{"iversion", Effect::ignore, 0},
    Option{"lazytime", Effect::superblock, 0},
    Option{"loud", Effect::ignore, 0},
    Option{"mand", Effect::superblock, 0},
    Option{"noatime", Effect::set, MOUNT_ATTR_NOATIME},
    Option{"nodev", Effect::set, MOUNT_ATTR_NODEV},
    Option{"nodiratime", Effect::set, MOUNT_ATTR_NODIRATIME},
    Option{"noexec", Effect::set, MOUNT_ATTR_NOEXEC},
    Option{"noiversion", Effect::ignore, 0},
    Option{"nolazytime", Effect::superblock_clear, 0},
    Option{"nomand", Effect::superblock_clear, 0},
    Option{"norelatime", Effect::ignore, 0},
    Option{"nostrictatime", Effect::clear, MOUNT_ATTR_STRICTATIME},
    Option{"nosuid", Effect::set, MOUNT_ATTR_NOSUID},
    Option{"nosymfollow", Effect::set, MOUNT_ATTR_NOSYMFOLLOW},
    Option{"private", Effect::propagation, MS_PRIVATE},
    Option{"ratime", Effect::recursive_clear, MOUNT_ATTR__ATIME},
    Option{"rbind", Effect::bind, MS_REC},
    Option{"rdev", Effect::recursive_clear, MOUNT_ATTR_NODEV},
    Option{"rdiratime", Effect::recursive_clear, MOUNT_ATTR_NODIRATIME},
    Option{"relatime", Effect::ignore, 0},
    Option{"remount", Effect::remount, 0},
    Option{"rexec", Effect::recursive_clear, MOUNT_ATTR_NOEXEC},
    Option{"ridmap", Effect::idmap, MS_REC},
    Option{"rnoatime", Effect::recursive_set, MOUNT_ATTR_NOATIME},
    Option{"rnodev", Effect::recursive_set, MOUNT_ATTR_NODEV},
    Option{"rnodiratime", Effect::recursive_set, MOUNT_ATTR_NODIRATIME},
    Option{"rnoexec", Effect::recursive_set, MOUNT_ATTR_NOEXEC},
    Option{"rnorelatime", Effect::ignore, 0},
    Option{"rnostrictatime", Effect::ignore, 0},
    Option{"rnosuid", Effect::recursive_set, MOUNT_ATTR_NOSUID},
    Option{"rnosymfollow", Effect::recursive_set, MOUNT_ATTR_NOSYMFOLLOW},
    Option{"ro", Effect::set, MOUNT_ATTR_RDONLY},
    Option{"rprivate", Effect::propagation, MS_PRIVATE | MS_REC},
    Option{"rrelatime", Effect::recursive_clear, MOUNT_ATTR__ATIME},
    Option{"rro", Effect::recursive_set, MOUNT_ATTR_RDONLY},
    Option{"rrw", Effect::recursive_clear, MOUNT_ATTR_RDONLY},
    Option{"rshared", Effect::propagation, MS_SHARED | MS_REC},
    Option{"rslave", Effect::propagation, MS_SLAVE | MS_REC},
    Option{"rstrictatime", Effect::recursive_set, MOUNT_ATTR_STRICTATIME},
    Option{"rsuid", Effect::recursive_clear, MOUNT_ATTR_NOSUID},
    Option{"rsymfollow", Effect::recursive_clear, MOUNT_ATTR_NOSYMFOLLOW},
    Option{"runbindable", Effect::propagation, MS_UNBINDABLE | MS_REC},
    Option{"rw", Effect::clear, MOUNT_ATTR_RDONLY},
    Option{"shared", Effect::propagation, MS_SHARED},
    Option{"silent", Effect::ignore, 0},
    Option{"slave", Effect::propagation, MS_SLAVE},
    Option{"strictatime", Effect::set, MOUNT_ATTR_STRICTATIME},
    Option{"suid", Effect::clear, MOUNT_ATTR_NOSUID},
    Option{"symfollow", Effect::clear, MOUNT_ATTR_NOSYMFOLLOW},
    Option{"sync", Effect::superblock, 0},
    Option{"tmpcopyup", Effect::copy_up, 0},
    Option{"unbindable", Effect::propagation, MS_UNBINDABLE},
};

void apply(const Option& option, MountOptions& result) {
  const bool recursive = (option.bits & MS_REC) != 0;
  switch (option.effect) {
    case Effect::set:
      // one field of modes, not bits of their own; whatever the order, "strictatime" stands above "noatime"
      if ((option.bits & MOUNT_ATTR__ATIME) != 0) {
        if ((result.set & MOUNT_ATTR_STRICTATIME) != 0) break;
        result.set &= ~static_cast<std::uint64_t>(MOUNT_ATTR__ATIME);
      }
      result.set |= option.bits;
      result.clear &= ~option.bits;
      break;
    case Effect::clear:
      result.clear |= option.bits;
      result.set &= ~option.bits;
      break;
    case Effect::recursive_set: result.recursive_set |= option.bits; break;
    case Effect::recursive_clear: result.recursive_clear |= option.bits; break;
    case Effect::propagation:
      result.propagation = option.bits & ~static_cast<std::uint64_t>(MS_REC);
      result.propagation_recursive = recursive;
      break;
    case Effect::bind:
      result.bind = true;
      result.bind_recursive = recursive;
      break;
    case Effect::idmap:
      result.idmap = true;
      result.idmap_recursive = recursive;
      break;
    case Effect::copy_up: result.copy_up = true; break;
    case Effect::remount: result.remount = true; break;
    case Effect::superblock: result.superblock.emplace_back(option.name); break;
    case Effect::superblock_clear:
      std::erase(result.superblock, std::strcmp(option.name, "async") == 0 ? "sync" : option.name + 2);
      break;
    case Effect::ignore: break;
  }
}

}  // namespace

std::vector<std::string> mount_option_names() {
  std::vector<std::string> names;
  for (const Option& option : option_table) names.emplace_back(option.name);
  return names;
}

MountOptions parse_mount_options(const std::vector<std::string>& options) {
  MountOptions result;
  for (const auto& option : options) {
    const auto known =
        std::find_if(option_table.begin(), option_table.end(), [&](const Option& o) { return option == o.name; });
    if (known != option_table.end())
      apply(*known, result);
    else if (constexpr std::string_view subpath = "x-stack.subpath="; option.starts_with(subpath))
      result.subpath = option.substr(subpath.size());
    else
      result.data.push_back(option);
  }
  return result;
}

}  // namespace stack::engine::runtime
