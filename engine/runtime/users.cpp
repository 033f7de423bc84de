#include "engine/runtime/users.hpp"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::runtime {

namespace {

constexpr std::size_t max_database_size = 4 * 1024 * 1024;  // a hostile image must not fill our memory

/// Fields of one "a:b:c" line.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto at = text.find(separator);
    fields.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return fields;
    text.remove_prefix(at + 1);
  }
}

void each_line(std::string_view text, const std::function<bool(const std::vector<std::string_view>&)>& visit) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    if (!visit(split(line, ':'))) return;
  }
}

/// A decimal id as the kernel takes it; (uid_t)-1 means "no change" there, so it is no id.
std::optional<std::uint32_t> to_id(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > 0x7fffffff) return std::nullopt;
  return value;
}

/// For a name that no line of a database has: a number that is too large, or negative, is meant as one.
void refuse_number_out_of_range(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc::invalid_argument && end == text.data() + text.size())
    throw Error(ErrorCode::invalid_argument, "uids and gids must be in range 0-2147483647");
}

std::optional<std::uint32_t> find_group(std::string_view name, std::string_view group) {
  std::optional<std::uint32_t> found;
  each_line(group, [&](const auto& fields) {
    if (fields.size() >= 3 && fields[0] == name) found = to_id(fields[2]);
    return !found;
  });
  return found;
}

void find_user(std::string_view name, std::string_view passwd, ResolvedUser& result) {
  const auto number = to_id(name);
  bool found = false;
  each_line(passwd, [&](const auto& fields) {
    if (fields.size() < 4) return true;
    const auto uid = to_id(fields[2]);
    if (!uid || (fields[0] != name && !(number && *uid == *number))) return true;
    result.uid = *uid;
    result.gid = to_id(fields[3]).value_or(0);
    result.name = fields[0];
    if (fields.size() > 5 && !fields[5].empty()) result.home = fields[5];
    found = true;
    return false;
  });
  if (found) return;
  if (!number) {
    refuse_number_out_of_range(name);
    throw Error(ErrorCode::invalid_argument,
                "unable to find user " + std::string(name) + ": no matching entries in passwd file");
  }
  result.uid = *number;
}

/// Groups that list the user as a member.
void add_memberships(std::string_view group, ResolvedUser& result) {
  if (result.name.empty()) return;
  each_line(group, [&](const auto& fields) {
    if (fields.size() < 4) return true;
    const auto members = split(fields[3], ',');
    const auto gid = to_id(fields[2]);
    if (gid && std::find(members.begin(), members.end(), result.name) != members.end()) result.additional_gids.push_back(*gid);
    return true;
  });
}

std::uint32_t group_id(std::string_view name, std::string_view group) {
  if (const auto found = find_group(name, group)) return *found;
  if (const auto number = to_id(name)) return *number;
  refuse_number_out_of_range(name);
  throw Error(ErrorCode::invalid_argument, "unable to find group " + std::string(name) + ": no matching entries in group file");
}

std::string read_in_root(int root, const char* path) {
  const UniqueFd fd(
      sys::openat2(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS));
  return fd ? sys::read_fd(fd.get(), max_database_size) : std::string();
}

}  // namespace

ResolvedUser resolve_user(std::string_view user, const std::vector<std::string>& groups, std::string_view passwd,
                          std::string_view group) {
  ResolvedUser result;
  const auto colon = user.find(':');
  const std::string_view name = user.substr(0, colon);
  const std::string_view group_name = colon == std::string_view::npos ? std::string_view() : user.substr(colon + 1);
  find_user(name.empty() ? "0" : name, passwd, result);
  if (group_name.empty())
    add_memberships(group, result);
  else
    result.gid = group_id(group_name, group);
  for (const auto& extra : groups) result.additional_gids.push_back(group_id(extra, group));
  auto& gids = result.additional_gids;
  gids.push_back(result.gid);
  std::sort(gids.begin(), gids.end());
  gids.erase(std::unique(gids.begin(), gids.end()), gids.end());
  return result;
}

ResolvedUser resolve_user_in(const std::string& root, std::string_view user, const std::vector<std::string>& groups) {
  const UniqueFd directory(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) throw errno_error("open " + root);
  return resolve_user(user, groups, read_in_root(directory.get(), "etc/passwd"), read_in_root(directory.get(), "etc/group"));
}

}  // namespace stack::engine::runtime
