#pragma once
// User and group names of a rootfs, read from its own /etc/passwd and /etc/group.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/runtime/spec.hpp"

namespace stack::engine::runtime {

struct ResolvedUser {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> additional_gids;  ///< sorted, with gid (else setgroups would let go of a group that denies access)
  std::string home = "/";
  std::string name;  ///< empty when only a number is known
};

/// `user` as Docker takes it: "", name, uid, name:group, uid:gid … A name needs an entry, a number does not. `groups`:
/// group_add. `passwd` and `group` are the files' texts (empty when missing). Throws invalid_argument in Docker's words.
ResolvedUser resolve_user(std::string_view user, const std::vector<std::string>& groups, std::string_view passwd,
                          std::string_view group);

/// The same, reading the two files below `root` without ever leaving it (openat2 RESOLVE_IN_ROOT).
ResolvedUser resolve_user_in(const std::string& root, std::string_view user, const std::vector<std::string>& groups);

}  // namespace stack::engine::runtime
