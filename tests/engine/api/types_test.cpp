#include "engine/api/types.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "tests/engine/api/captured_bodies.hpp"

namespace stack::engine::api {
namespace {

using nlohmann::json;

/// Reads the body into T, writes it again, and says where the two differ.
template <class T>
json changed_by(const char* captured) {
  const json before = json::parse(captured);
  const json after = before.get<T>();
  return json::diff(before, after);
}

std::string message_of(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    return error.what();
  }
  return "no error";
}

TEST(ApiTypes, ContainerInspectIsWrittenAsTheReferenceWritesIt) {
  EXPECT_EQ(changed_by<ContainerInspect>(captured::web_inspect), json::array());
  EXPECT_EQ(changed_by<ContainerInspect>(captured::db_inspect), json::array());
  EXPECT_EQ(changed_by<ContainerInspect>(captured::host_inspect), json::array());
}

TEST(ApiTypes, ContainerListIsWrittenAsTheReferenceWritesIt) {
  EXPECT_EQ(changed_by<std::vector<ContainerSummary>>(captured::container_list), json::array());
}

TEST(ApiTypes, NetworksAndVolumesAreWrittenAsTheReferenceWritesThem) {
  EXPECT_EQ(changed_by<NetworkResource>(captured::network_inspect), json::array());
  EXPECT_EQ(changed_by<std::vector<NetworkResource>>(captured::network_list), json::array());
  EXPECT_EQ(changed_by<Volume>(captured::volume_inspect), json::array());
  EXPECT_EQ(changed_by<VolumeList>(captured::no_volumes), json::array());
}

TEST(ApiTypes, ImagesAreWrittenAsTheReferenceWritesThem) {
  EXPECT_EQ(changed_by<ImageInspect>(captured::image_inspect), json::array());
  EXPECT_EQ(changed_by<std::vector<ImageSummary>>(captured::image_list), json::array());
  EXPECT_EQ(changed_by<std::vector<ImageHistory>>(captured::image_history), json::array());
}

TEST(ApiTypes, ExecEventsAndVersionAreWrittenAsTheReferenceWritesThem) {
  EXPECT_EQ(changed_by<ExecInspect>(captured::exec_before), json::array());
  EXPECT_EQ(changed_by<ExecInspect>(captured::exec_after), json::array());
  EXPECT_EQ(changed_by<Event>(captured::container_event), json::array());
  EXPECT_EQ(changed_by<Event>(captured::network_event), json::array());
  EXPECT_EQ(changed_by<VersionInfo>(captured::version), json::array());
}

TEST(ApiTypes, NullAndUnknownKeysAreLeftOut) {
  const auto request = json::parse(R"({"Image": "a", "Cmd": null, "Env": null, "Surprise": {"x": [1]}, "HostConfig": null,
                                       "NetworkingConfig": {"EndpointsConfig": {"n": null}}})")
                           .get<ContainerCreateRequest>();
  EXPECT_EQ(request.config.image, "a");
  EXPECT_FALSE(request.config.cmd.has_value());
  EXPECT_TRUE(request.endpoints_config.contains("n"));
}

TEST(ApiTypes, AnEmptyCommandIsNotTheSameAsNone) {
  const auto config = json::parse(R"({"Cmd": [], "Entrypoint": "sh"})").get<ContainerConfig>();
  EXPECT_EQ(config.cmd, std::vector<std::string>{});
  EXPECT_EQ(config.entrypoint, std::vector<std::string>{"sh"}) << "one string is accepted for a list";
  EXPECT_EQ(json(config)["Cmd"], json::array());
}

TEST(ApiTypes, AWrongTypeIsAnErrorThatNamesTheField) {
  const auto read = [](const char* text) { return message_of([&] { json::parse(text).get<ContainerCreateRequest>(); }); };
  EXPECT_EQ(read(R"({"HostConfig": {"Memory": "1g"}})"), "invalid JSON: HostConfig.Memory must be an integer, not string");
  EXPECT_EQ(read(R"({"HostConfig": {"Memory": 1.5}})"), "invalid JSON: HostConfig.Memory must be an integer, not 1.5");
  EXPECT_EQ(read(R"({"HostConfig": {"Mounts": [{}, {"ReadOnly": 1}]}})"),
            "invalid JSON: HostConfig.Mounts[1].ReadOnly must be a boolean, not 1");
  EXPECT_EQ(read(R"({"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": 80}]}}})"),
            "invalid JSON: HostConfig.PortBindings.80/tcp[0].HostPort must be a string, not 80");
  EXPECT_EQ(read(R"({"HostConfig": {"BlkioWeight": 70000}})"),
            "invalid JSON: HostConfig.BlkioWeight must be an integer up to 65535, not 70000");
  EXPECT_EQ(read(R"({"Env": "A=b"})"), "invalid JSON: Env must be a list, not string");
  EXPECT_EQ(read("[]"), "invalid JSON: the body must be an object, not array");
}

TEST(ApiTypes, BytesThatAreNoJsonAreAnErrorWithThePosition) {
  EXPECT_EQ(message_of([] { parse_body("{\"a\": }"); }), "invalid JSON: syntax error at byte 7");
  EXPECT_EQ(print_body(json("caf\xe9")), "\"caf\xEF\xBF\xBD\"");
}

TEST(ApiTypes, TimesKeepNanosecondsAndUnderstandOffsets) {
  const auto time = parse_timestamp("2026-11-23T11:43:25.05975614Z");
  EXPECT_EQ(format_timestamp(time), "2026-11-23T11:43:25.05975614Z");
  EXPECT_EQ(format_timestamp(parse_timestamp("2026-11-23T13:43:25.5+02:00")), "2026-11-23T11:43:25.5Z");
  EXPECT_EQ(format_timestamp(parse_timestamp("1969-12-31T23:59:59.25Z")), "1969-12-31T23:59:59.25Z");
  EXPECT_EQ(parse_timestamp("0001-01-01T00:00:00Z"), std::nullopt);
  for (const char* bad : {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-23T25:00:00Z",
                          "2026-11-23T11:43:25", "2026-11-23T11:43:25.Z", "2026-11-23T11:43:25Zx", "2026-11-23T-1:43:25Z"})
    EXPECT_THROW(parse_timestamp(bad), Error) << bad;
}

}  // namespace
}  // namespace stack::engine::api
