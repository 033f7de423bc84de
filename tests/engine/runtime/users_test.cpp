#include "engine/runtime/users.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::engine::runtime {
namespace {

constexpr const char* passwd =
    "root:x:0:0:root:/root:/bin/sh\n# comment\nalice:x:1000:1001:A:/home/alice:/bin/sh\nbroken\nnum:x:abc:1:::\n";
constexpr const char* group = "root:x:0:\nalice:x:1001:\naudio:x:29:bob,alice\nvideo:x:44:alice\n";

std::string failure(std::string_view user, const std::vector<std::string>& groups = {}) {
  try {
    resolve_user(user, groups, passwd, group);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Users, ANameTakesIdsGroupsAndHomeFromTheFiles) {
  const ResolvedUser user = resolve_user("alice", {}, passwd, group);
  EXPECT_EQ(user.uid, 1000u);
  EXPECT_EQ(user.gid, 1001u);
  EXPECT_EQ(user.additional_gids, (std::vector<std::uint32_t>{29, 44, 1001}));
  EXPECT_EQ(user.home, "/home/alice");
}

TEST(Users, ANumberNeedsNoEntryButUsesOne) {
  EXPECT_EQ(resolve_user("1000", {}, passwd, group).gid, 1001u);
  EXPECT_EQ(resolve_user("4242", {}, passwd, group).uid, 4242u);
  EXPECT_EQ(resolve_user("4242", {}, "", "").gid, 0u);
}

TEST(Users, AGroupGivenReplacesThePrimaryOneAndTheMemberships) {
  const ResolvedUser user = resolve_user("alice:audio", {"video", "77"}, passwd, group);
  EXPECT_EQ(user.gid, 29u);
  EXPECT_EQ(user.additional_gids, (std::vector<std::uint32_t>{29, 44, 77}));
  EXPECT_EQ(resolve_user(":44", {}, passwd, group).uid, 0u);
}

TEST(Users, UnknownNamesAreNamedInDockersWords) {
  EXPECT_EQ(failure("bob"), "unable to find user bob: no matching entries in passwd file");
  EXPECT_EQ(failure("alice:nope"), "unable to find group nope: no matching entries in group file");
  EXPECT_EQ(failure("alice", {"nope"}), "unable to find group nope: no matching entries in group file");
  EXPECT_EQ(failure("99999999999"), "uids and gids must be in range 0-2147483647");
  EXPECT_EQ(failure("alice", {"99999999999999999999"}), "uids and gids must be in range 0-2147483647");
  EXPECT_EQ(failure("alice", {"-1"}), "uids and gids must be in range 0-2147483647");
  EXPECT_EQ(failure("alice", {"1x"}), "unable to find group 1x: no matching entries in group file");
  EXPECT_EQ(failure("-1"), "uids and gids must be in range 0-2147483647");
}

}  // namespace
}  // namespace stack::engine::runtime
