#include "engine/image/credentials.hpp"

#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "base/error.hpp"

namespace stack::engine::image {
namespace {

TEST(Challenges, AreReadAsServersWriteThem) {
  const auto found = parse_challenges(R"(Bearer realm="https://auth.io/token",service="reg, \"x\"",scope=a:b , Basic realm=r)");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].scheme, "bearer");
  EXPECT_EQ(found[0].parameters.at("realm"), "https://auth.io/token");
  EXPECT_EQ(found[0].parameters.at("service"), "reg, \"x\"");
  EXPECT_EQ(found[0].parameters.at("scope"), "a:b");
  EXPECT_EQ(found[1].scheme, "basic");
  EXPECT_EQ(found[1].parameters.at("realm"), "r");
}

TEST(Challenges, EndAtWhatIsMalformed) {
  EXPECT_TRUE(parse_challenges("").empty());
  EXPECT_TRUE(parse_challenges("\"Bearer\"").empty());
  EXPECT_EQ(parse_challenges("Bearer realm=\"never closed").size(), 1U);
  EXPECT_EQ(parse_challenges("Negotiate").front().scheme, "negotiate");
}

TEST(RegistryAuth, ComesInTheHeaderAsClientsEncodeIt) {
  EXPECT_TRUE(parse_registry_auth("").empty());
  EXPECT_TRUE(parse_registry_auth("e30=").empty());
  const std::string text = R"({"username":"joe","password":"?>?>","serveraddress":"x"})";
  for (std::string header : {base64_encode(text), base64_encode(text, true)}) {
    while (header.ends_with('=')) header.pop_back();
    EXPECT_EQ(parse_registry_auth(header).password, "?>?>");
  }
  EXPECT_EQ(parse_registry_auth(base64_encode(R"({"auth":"am9lOnNlY3JldA=="})")).username, "joe");
  EXPECT_EQ(parse_registry_auth(base64_encode(R"({"identitytoken":"t"})")).identity_token, "t");
  EXPECT_THROW(parse_registry_auth("%%%"), Error);
  EXPECT_THROW(parse_registry_auth(base64_encode(R"({"username":1})")), Error);
}

TEST(RegistryAuth, OfBuildsIsByRegistry) {
  const auto all = parse_registry_config(base64_encode(R"({"h:1":{"username":"a"},"h:2":{"username":"b"}})"));
  EXPECT_EQ(all.at("h:2").username, "b");
}

TEST(TokenAnswer, HasATokenUnderOneOfTwoNames) {
  EXPECT_EQ(parse_token_answer(R"({"token":"a","access_token":"b"})"), "a");
  EXPECT_EQ(parse_token_answer(R"({"access_token":"b","expires_in":3})"), "b");
  EXPECT_THROW(parse_token_answer("{}"), Error);
  EXPECT_THROW(parse_token_answer("<html>"), Error);
}

}  // namespace
}  // namespace stack::engine::image
