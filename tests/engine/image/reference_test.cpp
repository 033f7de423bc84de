#include "engine/image/reference.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::engine::image {

namespace {

std::string full(const std::string& text) { return parse_tagged_reference(text).full(); }
std::string failure(const std::string& text) {
  try {
    parse_reference(text);
    return "accepted";
  } catch (const Error& error) {
    return error.what();
  }
}
const std::string digest = "sha256:" + std::string(64, 'a');

}  // namespace

TEST(Reference, AddsWhatDockerAdds) {
  EXPECT_EQ(full("busybox"), "docker.io/library/busybox:latest");
  EXPECT_EQ(full("me/app:1"), "docker.io/me/app:1");
  EXPECT_EQ(full("localhost/app"), "localhost/app:latest");
  EXPECT_EQ(full("localhost:5000/app"), "localhost:5000/app:latest");
  EXPECT_EQ(full("index.docker.io/app"), "docker.io/library/app:latest");
  EXPECT_EQ(full("Upper/app"), "Upper/app:latest");  // an upper-case first part can only be a host
  EXPECT_EQ(full("r.example/a/b__c-d.e:v1.0"), "r.example/a/b__c-d.e:v1.0");
  EXPECT_EQ(full("app@" + digest), "docker.io/library/app@" + digest);
  EXPECT_EQ(full("[::1]:5000/app"), "[::1]:5000/app:latest");
}

TEST(Reference, PrintsFamiliarNames) {
  EXPECT_EQ(parse_tagged_reference("docker.io/library/busybox").familiar(), "busybox:latest");
  EXPECT_EQ(parse_tagged_reference("docker.io/me/app:2").familiar(), "me/app:2");
  EXPECT_EQ(parse_tagged_reference("localhost/x").familiar(), "localhost/x:latest");
}

TEST(Reference, RefusesWithDockersTexts) {
  EXPECT_EQ(failure(""), "invalid reference format");
  EXPECT_EQ(failure("a b"), "invalid reference format");
  EXPECT_EQ(failure("app:"), "invalid reference format");
  EXPECT_EQ(failure("app:-x"), "invalid reference format");
  EXPECT_EQ(failure("a//b"), "invalid reference format");
  EXPECT_EQ(failure("-a"), "invalid reference format");
  EXPECT_EQ(failure("a___b"), "invalid reference format");
  EXPECT_EQ(failure("a.-b"), "invalid reference format");
  EXPECT_EQ(failure("../../etc/passwd"), "invalid reference format");
  EXPECT_EQ(failure("Bad:1"), "invalid reference format: repository name (library/Bad) must be lowercase");
  EXPECT_EQ(failure(std::string(64, 'b')),
            "invalid repository name (" + std::string(64, 'b') + "), cannot specify 64-byte hexadecimal strings");
  EXPECT_EQ(failure("a@sha256:" + std::string(40, 'a')), "invalid checksum digest length");
  EXPECT_EQ(failure("a@md5:" + std::string(64, 'a')), "unsupported digest algorithm");
  EXPECT_EQ(failure(std::string(300, 'a')), "repository name must not be more than 255 characters");
  EXPECT_EQ(failure("app:" + std::string(129, 'a')), "invalid reference format");
}

TEST(Reference, JoinsTheTwoParametersOfTheApi) {
  EXPECT_EQ(parse_repo_and_tag("app", "").familiar(), "app:latest");
  EXPECT_EQ(parse_repo_and_tag("app", "2").familiar(), "app:2");
  EXPECT_EQ(parse_repo_and_tag("app:1", "2").familiar(), "app:2");
  EXPECT_EQ(parse_repo_and_tag("app", digest).digest, digest);
}

TEST(Reference, MatchesPatternsPerPathPart) {
  EXPECT_TRUE(matches_pattern(parse_tagged_reference("me/app:1"), "me/*"));
  EXPECT_TRUE(matches_pattern(parse_tagged_reference("busybox:1"), "busy*:1"));
  EXPECT_TRUE(matches_pattern(parse_tagged_reference("busybox:1"), "busybox"));
  EXPECT_FALSE(matches_pattern(parse_tagged_reference("me/app:1"), "*"));
}

}  // namespace stack::engine::image
