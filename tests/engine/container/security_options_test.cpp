#include "engine/container/security_options.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::engine::container {
namespace {

std::string refusal(const std::string& option) {
  try {
    parse_security_options({option});
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    return error.what();
  }
  return "accepted";
}

TEST(SecurityOptions, BothSeparatorsAreTaken) {
  EXPECT_TRUE(parse_security_options({"no-new-privileges"}).no_new_privileges);
  EXPECT_TRUE(parse_security_options({"no-new-privileges:true"}).no_new_privileges);
  EXPECT_TRUE(parse_security_options({"no-new-privileges=1"}).no_new_privileges);
  EXPECT_FALSE(parse_security_options({"no-new-privileges=false"}).no_new_privileges);
  EXPECT_TRUE(parse_security_options({"seccomp:unconfined"}).seccomp_unconfined);
  EXPECT_EQ(parse_security_options({R"(seccomp={"a":"x=y"})"}).seccomp_profile, R"({"a":"x=y"})");
  EXPECT_EQ(parse_security_options({"apparmor:mine"}).apparmor_profile, "mine");
  EXPECT_TRUE(parse_security_options({"writable-cgroups=true"}).writable_cgroups);
  EXPECT_TRUE(parse_security_options({"systempaths=unconfined"}).paths_unmasked);
}

TEST(SecurityOptions, LabelsHaveNoEffect) {
  for (const char* option : {"label=disable", "label:user:x", "label=foo", "disable"}) EXPECT_EQ(refusal(option), "accepted");
}

TEST(SecurityOptions, RefusalsAreDockers) {
  EXPECT_EQ(refusal("foo"), "invalid --security-opt 1: \"foo\"");
  EXPECT_EQ(refusal("label"), "invalid --security-opt 1: \"label\"");
  EXPECT_EQ(refusal("foo=bar"), "invalid --security-opt 2: \"foo=bar\"");
  EXPECT_EQ(refusal("no-new-privileges:maybe"), "invalid --security-opt 2: \"no-new-privileges:maybe\"");
  EXPECT_EQ(refusal("systempaths:unconfined"), "invalid --security-opt 2: \"systempaths:unconfined\"");
}

TEST(SecurityOptions, PrivilegedHasNoFilterUnlessOneIsGiven) {
  api::HostConfig host;
  EXPECT_FALSE(seccomp_choice(host).unconfined);
  host.privileged = true;
  EXPECT_TRUE(seccomp_choice(host).unconfined);
  host.security_opt = {"seccomp={}"};
  EXPECT_FALSE(seccomp_choice(host).unconfined);
  EXPECT_EQ(seccomp_choice(host).profile, "{}");
  host.privileged = false;
  host.security_opt = {"seccomp=builtin"};
  EXPECT_EQ(seccomp_choice(host).profile, "");
}

}  // namespace
}  // namespace stack::engine::container
