#include "engine/container/settings.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace stack::engine::container {
namespace {

using namespace std::chrono_literals;

api::ContainerCreateRequest parse(const char* json) { return nlohmann::json::parse(json).get<api::ContainerCreateRequest>(); }

HostFacts host() { return {2, false, "host"}; }

Settings resolve(const char* json, const image::RunConfig& image = {}) { return resolve_settings(parse(json), image, host()); }

std::string refusal(const char* json) {
  try {
    resolve(json);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    return error.what();
  }
  return "accepted";
}

TEST(Settings, RefusalsAreDockers) {
  const std::vector<std::pair<const char*, const char*>> expected{
      {R"({"Image":"a"})", "no command specified"},
      {R"({"Cmd":["a"],"HostConfig":{"Memory":1000000}})", "Minimum memory limit allowed is 6MB"},
      {R"({"Cmd":["a"],"HostConfig":{"Memory":20000000,"MemorySwap":10000000}})",
       "Minimum memoryswap limit should be larger than memory limit, see usage"},
      {R"({"Cmd":["a"],"HostConfig":{"MemorySwap":10000000}})",
       "You should always set the Memory limit when using Memoryswap limit, see usage"},
      {R"({"Cmd":["a"],"HostConfig":{"NanoCpus":99000000000}})",
       "range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"},
      {R"({"Cmd":["a"],"WorkingDir":"x"})", "the working directory 'x' is invalid, it needs to be an absolute path"},
      {R"({"Cmd":["a"],"StopSignal":"x"})", "invalid signal: x"},
      {R"({"Cmd":["a"],"Env":["=x"]})", "invalid environment variable: =x"},
      {R"({"Cmd":["a"],"HostConfig":{"ExtraHosts":["x"]}})", "bad format for add-host: \"x\""},
      {R"({"Cmd":["a"],"HostConfig":{"CapAdd":["zz"]}})", "invalid CapAdd: unknown capability: \"CAP_ZZ\""},
      {R"({"Cmd":["a"],"HostConfig":{"PortBindings":{"zz/tcp":[{}]}}})", "invalid port specification: \"zz\""},
      {R"({"Cmd":["a"],"HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"x"}]}}})", "invalid port specification: \"x\""},
      {R"({"Cmd":["a"],"HostConfig":{"RestartPolicy":{"Name":"always"},"AutoRemove":true}})",
       "can't create 'AutoRemove' container with restart policy"},
      {R"({"Cmd":["a"],"HostConfig":{"OomScoreAdj":-5000}})", "Invalid value -5000, range for oom score adj is [-1000, 1000]"},
      {R"({"Cmd":["a"],"HostConfig":{"Runtime":"zz"}})", "unknown or invalid runtime name: zz"},
      {R"({"Cmd":["a"],"Healthcheck":{"Test":["CMD","x"],"Interval":5}})", "Interval in Healthcheck cannot be less than 1ms"},
  };
  for (const auto& [json, text] : expected) EXPECT_EQ(refusal(json), text) << json;
}

TEST(Settings, DefaultsAreWhatDockerShows) {
  const Settings settings = resolve(R"({"Cmd":["a"],"HostConfig":{"Memory":20000000}})");
  const api::HostConfig& given = settings.host_config;
  EXPECT_EQ(given.network_mode, "bridge");
  EXPECT_EQ(given.restart_policy.name, "no");
  EXPECT_EQ(given.log_config.type, "local");
  EXPECT_EQ(given.shm_size, 64 << 20);
  EXPECT_EQ(given.ipc_mode, "private");
  EXPECT_EQ(given.cgroupns_mode, "host");
  EXPECT_EQ(given.memory_swap, 40000000);
  EXPECT_EQ(given.oom_kill_disable, false);
  EXPECT_FALSE(given.pids_limit);
  ASSERT_TRUE(given.readonly_paths);
  EXPECT_EQ(given.readonly_paths->size(), 5U);
  HostFacts unified = host();
  unified.unified_cgroups = true;
  EXPECT_EQ(resolve_settings(parse(R"({"Cmd":["a"]})"), {}, unified).host_config.cgroupns_mode, "private");
}

TEST(Settings, PrivilegedMasksNothing) {
  const Settings settings = resolve(R"({"Cmd":["a"],"HostConfig":{"Privileged":true}})");
  EXPECT_TRUE(settings.host_config.masked_paths->empty());
  EXPECT_TRUE(settings.host_config.readonly_paths->empty());
}

TEST(Settings, PortsAreDiscardedOnTheHostsNetworkAndSaidSo) {
  const Settings settings = resolve(R"({"Cmd":["a"],"HostConfig":{"NetworkMode":"host","PortBindings":{"80/tcp":[{}]}}})");
  EXPECT_EQ(settings.warnings, std::vector<std::string>{"Published ports are discarded when using host network mode"});
}

image::RunConfig image_config() {
  image::RunConfig image;
  image.entrypoint = {"/entry"};
  image.cmd = {"serve"};
  image.env = {"PATH=/bin", "A=image"};
  image.user = "www";
  image.working_dir = "/srv";
  image.labels = {{"l", "image"}, {"m", "image"}};
  image.volumes = {"/data"};
  image.exposed_ports = {"80/tcp"};
  image.stop_signal = "SIGINT";
  image.healthcheck = image::HealthCheck{{"CMD", "check"}, 5s, 0s, 0s, 0s, 7};
  return image;
}

TEST(Merge, TakesWhatTheRequestLeavesOpen) {
  const api::ContainerConfig merged =
      resolve(R"({"Env":["A=own","B=own"],"Labels":{"l":"own"},"Healthcheck":{"Retries":2}})", image_config()).config;
  EXPECT_EQ(merged.entrypoint, (std::vector<std::string>{"/entry"}));
  EXPECT_EQ(merged.cmd, (std::vector<std::string>{"serve"}));
  EXPECT_EQ(merged.env, (std::vector<std::string>{"A=own", "B=own", "PATH=/bin"}));
  EXPECT_EQ(merged.user, "www");
  EXPECT_EQ(merged.labels, (api::StringMap{{"l", "own"}, {"m", "image"}}));
  EXPECT_EQ(stop_signal(merged), 2);
  EXPECT_EQ(merged.healthcheck->retries, 2);
  EXPECT_EQ(merged.healthcheck->test, (std::vector<std::string>{"CMD", "check"}));
  EXPECT_EQ(merged.healthcheck->interval, 5s);
  EXPECT_EQ(command_line(merged), (std::vector<std::string>{"/entry", "serve"}));
}

TEST(Merge, AnEntrypointOfOnesOwnDropsTheImagesCommand) {
  EXPECT_EQ(command_line(resolve(R"({"Entrypoint":["own"]})", image_config()).config), (std::vector<std::string>{"own"}));
  EXPECT_EQ(command_line(resolve(R"({"Cmd":["own"]})", image_config()).config), (std::vector<std::string>{"/entry", "own"}));
  EXPECT_EQ(command_line(resolve(R"({"Entrypoint":[""],"Cmd":["own"]})", image_config()).config),
            (std::vector<std::string>{"own"}));
  EXPECT_EQ(command_line(resolve(R"({"Entrypoint":[],"Cmd":["own"]})", image_config()).config),
            (std::vector<std::string>{"own"}));
}

TEST(Signals, AreReadByNameAndNumber) {
  EXPECT_EQ(parse_signal("SIGTERM"), 15);
  EXPECT_EQ(parse_signal("kill"), 9);
  EXPECT_EQ(parse_signal("10"), 10);
  EXPECT_EQ(parse_signal("RTMIN+3"), 37);
  EXPECT_EQ(parse_signal("SIGRTMAX"), 64);
  for (const char* bad : {"", "0", "65", "-1", "BOGUS", "RTMIN+99"}) EXPECT_THROW(parse_signal(bad), Error) << bad;
}

}  // namespace
}  // namespace stack::engine::container
