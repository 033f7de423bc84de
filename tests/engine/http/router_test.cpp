#include "engine/http/router.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "engine/http/status.hpp"

namespace stack::engine::http {
namespace {

asio::awaitable<void> nothing(Request&, ResponseWriter&) { co_return; }

std::string parameters_of(const Router& router, Method method, std::string_view path) {
  const Match match = router.find(method, path);
  if (match.handler == nullptr) return "no route";
  std::string text = "found";
  for (const auto& [key, value] : match.parameters) text += " " + key + "=" + value;
  return text;
}

TEST(Router, TakesOneSegmentPerParameter) {
  Router router;
  router.add(Method::get, "/containers/{id}/json", nothing);
  EXPECT_EQ(parameters_of(router, Method::get, "/containers/abc/json"), "found id=abc");
  EXPECT_EQ(parameters_of(router, Method::get, "/containers/a%2Fb/json"), "found id=a/b");
  EXPECT_EQ(parameters_of(router, Method::get, "/containers/a/b/json"), "no route");
  EXPECT_EQ(parameters_of(router, Method::get, "/containers//json"), "no route");
  EXPECT_EQ(parameters_of(router, Method::get, "/containers/abc"), "no route");
  EXPECT_EQ(parameters_of(router, Method::post, "/containers/abc/json"), "no route");
}

TEST(Router, TakesImageNamesWithSlashes) {
  Router router;
  router.add(Method::get, "/images/{name...}/json", nothing);
  router.add(Method::del, "/images/{name...}", nothing);
  EXPECT_EQ(parameters_of(router, Method::get, "/images/localhost:5000/team/app:1.0@sha256:ab/json"),
            "found name=localhost:5000/team/app:1.0@sha256:ab");
  EXPECT_EQ(parameters_of(router, Method::del, "/images/a/b"), "found name=a/b");
  EXPECT_EQ(parameters_of(router, Method::get, "/images/json"), "no route");
}

TEST(Router, PrefersLiteralSegments) {
  Router router;
  router.add(Method::get, "/containers/{id}", nothing);
  router.add(Method::get, "/containers/json", nothing);
  EXPECT_EQ(parameters_of(router, Method::get, "/containers/json"), "found");
  EXPECT_EQ(parameters_of(router, Method::get, "/containers/x"), "found id=x");
}

TEST(Router, RefusesARouteTwice) {
  Router router;
  router.add(Method::get, "/info", nothing);
  EXPECT_THROW(router.add(Method::get, "/info", nothing), std::logic_error);
}

std::string version_error(std::string_view path) {
  try {
    split_version(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST(SplitVersion, StripsAndChecksThePrefix) {
  EXPECT_EQ(split_version("/v1.44/info"), (std::pair<int, std::string_view>{44, "/info"}));
  EXPECT_EQ(split_version("/info"), (std::pair<int, std::string_view>{api_version_max, "/info"}));
  EXPECT_EQ(split_version("/volumes/v1.2"), (std::pair<int, std::string_view>{api_version_max, "/volumes/v1.2"}));
  EXPECT_EQ(split_version("/version"), (std::pair<int, std::string_view>{api_version_max, "/version"}));
  EXPECT_EQ(version_error("/v1.99/info"), "client version 1.99 is too new. Maximum supported API version is 1.51");
  EXPECT_TRUE(
      version_error("/v1.23/info").starts_with("client version 1.23 is too old. Minimum supported API version is 1.24, "));
}

TEST(PercentDecode, LeavesBrokenEscapesAlone) {
  EXPECT_EQ(percent_decode("a%2Fb%20c+d"), "a/b c+d");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode("%"), "%");
  EXPECT_EQ(percent_decode("%4"), "%4");
  EXPECT_EQ(percent_decode("%zz%41"), "%zzA");
}

TEST(Query, ReadsBooleansAsDockerDoes) {
  const Query query = Query::parse("a=1&b=true&c=True&d=0&e=False&f=&g&h=no&i=x&a=2");
  for (const char* name : {"a", "b", "c", "i"}) EXPECT_TRUE(query.flag(name)) << name;
  for (const char* name : {"d", "e", "f", "g", "h", "absent"}) EXPECT_FALSE(query.flag(name)) << name;
  EXPECT_TRUE(query.flag("absent", true));
  EXPECT_EQ(query.all("a"), (std::vector<std::string>{"1", "2"}));
}

TEST(Query, ReadsNumbersAndNamesABadOne) {
  const Query query = Query::parse("t=-5&u=&v=5s");
  EXPECT_EQ(query.integer("t"), -5);
  EXPECT_EQ(query.integer("u"), std::nullopt);
  EXPECT_EQ(query.integer("absent"), std::nullopt);
  EXPECT_THROW(query.integer("v"), Error);
}

TEST(Status, KeepsTheMessageOfOurErrors) {
  const ErrorResponse response = to_response(Error(ErrorCode::not_found, "No such container: x"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.message, "No such container: x");
  EXPECT_EQ(error_body("say \"no\""), "{\"message\":\"say \\\"no\\\"\"}\n");
}

}  // namespace
}  // namespace stack::engine::http
