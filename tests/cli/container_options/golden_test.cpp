// The flags of `container create` become the requests that docker's own CLI sends: tests/golden/container_create, recorded by
// `record` there.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/container_options/options.hpp"
#include "compose/shell_words.hpp"

namespace stack::cli::container_options {
namespace {

namespace api = engine::api;

const std::string folder = STACK_SOURCE_DIR "/tests/golden/container_create/";

/// What both sides mean, without what only the spelling of JSON tells.
nlohmann::json normalised(api::ContainerCreateRequest request) {
  std::sort(request.config.env.begin(), request.config.env.end());
  return request;
}

api::ContainerCreateRequest request_from(const std::string& line) {
  std::vector<std::string> words = compose::split_shell_words(line);
  for (std::string& word : words)
    if (word.ends_with(".list")) word.insert(0, folder);
  ContainerOptions options;
  Flags flags("create", "");
  declare(flags, options);
  flags.command_line(options.words, 1);
  EXPECT_TRUE(flags.parse(words)) << line;
  return request_of(options);
}

TEST(ContainerOptionsGolden, RequestsAreDockers) {
  ::setenv("HOME", "/home/me", 1);
  ::unsetenv("NOSUCH_VARIABLE");
  std::ifstream file(folder + "bodies.json");
  const nlohmann::json recorded = nlohmann::json::parse(file);
  EXPECT_GT(recorded.size(), 40U);
  for (const nlohmann::json& entry : recorded) {
    const std::string line = entry.at("arguments").get<std::string>();
    const nlohmann::json wanted = normalised(entry.at("body").get<api::ContainerCreateRequest>());
    const nlohmann::json made = normalised(request_from(line));
    EXPECT_EQ(made, wanted) << line << "\n" << nlohmann::json::diff(wanted, made).dump(1);
  }
}

TEST(ContainerOptions, MistakesNameTheFlag) {
  const auto message = [](const std::string& line) {
    try {
      request_from(line);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_TRUE(message("-m 12x img").starts_with("invalid value \"12x\" for --memory: "));
  EXPECT_EQ(message("--ulimit nofile img"), "invalid value \"nofile\" for --ulimit: NAME=SOFT[:HARD] is needed");
  EXPECT_EQ(message("--mount type=bind,src=/a img"), "invalid value \"type=bind,src=/a\" for --mount: target is missing");
  EXPECT_EQ(message("--mount typ=bind,target=/a img"), "invalid value for --mount: unexpected key \"typ\"");
  EXPECT_EQ(message("--mount type=bind,target=/a,tmpfs-size=1 img"),
            "invalid value for --mount: tmpfs-size cannot be used with type=bind");
  EXPECT_EQ(
      message("--network name=a,nope=1 img"),
      "invalid field \"nope\" of --network: name, alias, ip, ip6, mac-address, link-local-ip, driver-opt and gw-priority are "
      "known");
  EXPECT_EQ(message("--network a --network host img"), "conflicting options: host cannot be combined with other networks");
  EXPECT_EQ(message("--rm --restart always img"), "conflicting options: cannot specify both --restart and --rm");
  EXPECT_EQ(message("--no-healthcheck --health-retries 3 img"), "--no-healthcheck conflicts with --health-* options");
  EXPECT_EQ(message("--expose 80-70 img"), "invalid value \"80-70\" for --expose: the range is empty");
  EXPECT_EQ(message("--add-host name img"), "invalid value \"name\" for --add-host: NAME:IP is needed");
}

}  // namespace
}  // namespace stack::cli::container_options
