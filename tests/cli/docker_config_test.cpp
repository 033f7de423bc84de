#include "cli/docker_config.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "tests/support/temp_dir.hpp"

namespace stack::cli {
namespace {

nlohmann::json decoded(const std::string& header) { return nlohmann::json::parse(base64_decode(header)); }

class RegistryLoginsTest : public ::testing::Test {
protected:
  std::string write(const std::string& text) {
    const std::string file = dir_.path() + "/config.json";
    std::ofstream(file) << text;
    return file;
  }
  /// docker-credential-NAME, found through PATH.
  void helper(const std::string& name, const std::string& script) {
    const std::string file = dir_.path() + "/docker-credential-" + name;
    std::ofstream(file) << "#!/bin/sh\n" << script;
    ::chmod(file.c_str(), 0755);
    const std::string path = dir_.path() + ":/usr/bin:/bin";
    ::setenv("PATH", path.c_str(), 1);
  }

  test::TempDir dir_;
};

TEST(DockerConfigTest, NamesOfRegistries) {
  EXPECT_EQ(registry_of_image("busybox"), "docker.io");
  EXPECT_EQ(registry_of_image("team/app:1"), "docker.io");
  EXPECT_EQ(registry_of_image("docker.io/library/busybox"), "docker.io");
  EXPECT_EQ(registry_of_image("localhost/app"), "localhost");
  EXPECT_EQ(registry_of_image("host:5000/app@sha256:00"), "host:5000");
  EXPECT_EQ(registry_key("https://index.docker.io/v1/"), "docker.io");
  EXPECT_EQ(registry_key("https://host:5000/v2/"), "host:5000");
}

TEST(DockerConfigTest, ErrorsNameTheField) {
  const auto failure = [](const std::string& text) -> std::string {
    try {
      parse_docker_config(text, "config.json");
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(failure("[1]"), "config.json: not a JSON object");
  EXPECT_EQ(failure(R"({"auths":[]})"), "config.json.auths: must be an object");
  EXPECT_EQ(failure(R"({"auths":{"h":{"auth":"@@"}}})"), "config.json.auths.h.auth: not base64");
  EXPECT_EQ(failure(R"({"auths":{"h":{"auth":"eA=="}}})"), "config.json.auths.h.auth: not user:password in base64");
  EXPECT_EQ(failure(R"({"credsStore":1})"), "config.json.credsStore: a number is not what is expected here");
}

TEST(DockerConfig, SaysHowListsLookAndWhichKeysLeave) {
  const DockerConfig config = parse_docker_config(R"({"psFormat":"{{.Names}}","detachKeys":"ctrl-x"})", "f");
  EXPECT_EQ(config.formats.at("psFormat"), "{{.Names}}");
  EXPECT_EQ(config.formats.at("imagesFormat"), "");
  EXPECT_EQ(config.detach_keys, "ctrl-x");
}

TEST(DockerConfig, HasProxiesForAnEngineOrForAll) {
  const DockerConfig config = parse_docker_config(
      R"({"proxies":{"default":{"httpProxy":"http://p:1","noProxy":""},"tcp://e:2375":{"allProxy":"socks://q"}}})", "f");
  EXPECT_EQ(proxy_variables(config, ""),
            (std::map<std::string, std::string>{{"HTTP_PROXY", "http://p:1"}, {"http_proxy", "http://p:1"}}));
  EXPECT_EQ(proxy_variables(config, "tcp://e:2375"),
            (std::map<std::string, std::string>{{"ALL_PROXY", "socks://q"}, {"all_proxy", "socks://q"}}));
  EXPECT_EQ(proxy_variables({}, "").size(), 0U);
}

TEST_F(RegistryLoginsTest, AreThoseOfTheFile) {
  RegistryLogins logins(
      write(R"({"auths":{"https://index.docker.io/v1/":{"auth":")" + base64_encode("joe:p:w") + R"("},"h:5":{}}})"));
  const nlohmann::json sent = decoded(logins.header_for_image("busybox"));
  EXPECT_EQ(sent, (nlohmann::json{{"username", "joe"}, {"password", "p:w"}, {"serveraddress", "https://index.docker.io/v1/"}}));
  EXPECT_EQ(logins.header_for_image("h:5/app"), "");
  EXPECT_EQ(logins.header_for_image("other:5/app"), "");
  EXPECT_EQ(decoded(logins.header_for_builds()).size(), 1U);
}

TEST_F(RegistryLoginsTest, NobodyIsLoggedInWithoutAFile) {
  RegistryLogins logins(dir_.path() + "/missing.json");
  EXPECT_EQ(logins.header_for_image("busybox"), "");
  EXPECT_EQ(logins.header_for_builds(), "");
}

TEST_F(RegistryLoginsTest, AHelperIsAskedOnceWithTheServersName) {
  helper("test",
         "read server; echo $server >> " + dir_.path() + "/asked; echo '{\"Username\":\"<token>\",\"Secret\":\"t\"}'\n");
  RegistryLogins logins(write(R"({"credHelpers":{"h:5":"test"}})"));
  EXPECT_EQ(decoded(logins.header_for_image("h:5/app"))["identitytoken"], "t");
  logins.header_for_image("h:5/other");
  std::ifstream asked(dir_.path() + "/asked");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(asked), {}), "h:5\n");
}

TEST_F(RegistryLoginsTest, TheStoreIsForAllOthersAndTheFileForWhatItDoesNotHave) {
  helper("store", "echo 'credentials not found in native keychain'; exit 1\n");
  RegistryLogins logins(write(R"({"credsStore":"store","auths":{"h:5":{"auth":")" + base64_encode("a:b") + R"("}}})"));
  EXPECT_EQ(decoded(logins.header_for_image("h:5/app"))["username"], "a");
}

TEST_F(RegistryLoginsTest, AHelperThatIsMissingMeansNobody) {
  RegistryLogins logins(write(R"({"credsStore":"nosuchhelper"})"));
  EXPECT_EQ(logins.header_for_image("busybox"), "");
}

}  // namespace
}  // namespace stack::cli
