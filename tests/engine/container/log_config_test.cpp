#include "engine/container/log_config.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/container/logs.hpp"
#include "engine/shim/log_writer.hpp"
#include "tests/support/temp_dir.hpp"

namespace stack::engine::container {
namespace {

Record record_with(const std::string& type, const api::StringMap& options) {
  Record record;
  record.id = std::string(64, 'a');
  record.name = "web";
  record.image_id = "sha256:" + std::string(64, 'b');
  record.config.image = "app:1";
  record.config.labels = {{"team", "blue"}, {"other", "x"}};
  record.config.env = {"STAGE=test", "EMPTY="};
  record.host_config.log_config = {.type = type, .config = options};
  return record;
}

std::string refusal(const std::string& type, const api::StringMap& options) {
  try {
    check_log_config({.type = type, .config = options});
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(LogConfig, RefusalsAreDockers) {
  EXPECT_EQ(refusal("bogus", {}), "error looking up logging plugin bogus: plugin \"bogus\" not found");
  EXPECT_EQ(refusal("json-file", {{"bogus", "1"}}), "unknown log opt 'bogus' for json-file log driver");
  EXPECT_EQ(refusal("local", {{"labels", "x"}}), "unknown log opt 'labels' for log driver local");
  EXPECT_EQ(refusal("none", {{"a", "b"}}), "invalid logging opts for driver none");
  EXPECT_EQ(refusal("json-file", {{"max-size", "-1"}}), "invalid size: '-1'");
  EXPECT_EQ(refusal("json-file", {{"max-size", "10kk"}}), "invalid size: '10kk'");
  EXPECT_EQ(refusal("json-file", {{"max-size", "0.0001"}}), "invalid size: '0.0001'");
  for (const char* size : {"10m", "10MB", "1.5m", "10 KB", "64KiB", "100"})
    EXPECT_EQ(refusal("json-file", {{"max-size", size}}), "accepted") << size;
  EXPECT_EQ(refusal("json-file", {{"max-file", "0"}}), "max-file cannot be less than 1");
  EXPECT_EQ(refusal("json-file", {{"compress", "true"}}),
            "compress cannot be true when max-file is less than 2 or max-size is not set");
  EXPECT_EQ(refusal("json-file", {{"mode", "x"}}), "logger: logging mode not supported: x");
  EXPECT_EQ(refusal("gelf", {}), "log driver \"gelf\" is not supported: json-file, local, journald, syslog and none are");
  EXPECT_EQ(refusal("local", {{"max-buffer-size", "1m"}}),
            "logger: max-buffer-size option is only supported with 'mode=non-blocking'");
  EXPECT_EQ(refusal("json-file", {{"tag", "{{.Name"}}), "tag: \"{{.Name\": a \"}}\" is missing");
  EXPECT_EQ(refusal("json-file", {{"labels-regex", "("}}).substr(0, 17), "labels-regex: \"(\"");
  EXPECT_EQ(refusal("local", {{"max-size", "10m"}, {"max-file", "3"}, {"mode", "non-blocking"}}), "accepted");
}

TEST(LogConfig, RefusalsOfServicesAreDockers) {
  EXPECT_EQ(refusal("syslog", {{"bogus", "1"}}), "unknown log opt 'bogus' for syslog log driver");
  EXPECT_EQ(refusal("syslog", {{"syslog-facility", "bogus"}}), "invalid syslog facility");
  EXPECT_EQ(refusal("syslog", {{"syslog-address", "bogus"}}), "unsupported scheme: ''");
  EXPECT_EQ(refusal("syslog", {{"syslog-address", "ftp://x"}}), "unsupported scheme: 'ftp'");
  EXPECT_EQ(refusal("syslog", {{"syslog-address", "unix:///nosuch"}}), "stat /nosuch: no such file or directory");
  EXPECT_EQ(refusal("syslog", {{"syslog-format", "bogus"}}), "Invalid syslog format");
  EXPECT_EQ(refusal("syslog", {{"syslog-address", "tcp+tls://x"}}),
            "syslog-address: tcp+tls is not supported: udp, tcp, unix and unixgram are");
  EXPECT_EQ(refusal("syslog", {{"syslog-address", "udp://:1"}}), "syslog-address: \":1\" is not like host:port");
  EXPECT_EQ(refusal("syslog", {{"syslog-address", "udp://[::1]:70000"}}),
            "syslog-address: \"[::1]:70000\" is not like host:port");
  EXPECT_EQ(refusal("syslog", {{"syslog-address", "udp://[::1]"}, {"cache-disabled", "true"}, {"tag", "{{.Name}}"}}),
            "accepted");
  EXPECT_EQ(refusal("journald", {{"max-size", "1m"}}), "unknown log opt 'max-size' for journald log driver");
  EXPECT_EQ(refusal("journald", {{"labels", "a"}, {"mode", "non-blocking"}, {"max-buffer-size", "2m"}}), "accepted");
}

TEST(LogConfig, AServiceIsToldWhatItsMessagesSay) {
  const Record record = record_with("journald", {{"labels-regex", "."}, {"env", "STAGE"}, {"tag", "{{.Name}}/{{.ImageName}}"}});
  const runtime::LogOptions options = log_options(record, "/c");
  EXPECT_EQ(options.directory, "/c/logs") << "kept beside, for `logs`";
  const shim::LogShipping shipping = shim::LogShipping::from_words(options.shipping.to_words());
  EXPECT_EQ(shipping.service, shim::LogService::journal);
  EXPECT_EQ(shipping.address, "/run/systemd/journal/socket");
  const std::vector<std::pair<std::string, std::string>> expected{{"CONTAINER_ID", std::string(12, 'a')},
                                                                  {"CONTAINER_ID_FULL", std::string(64, 'a')},
                                                                  {"CONTAINER_NAME", "web"},
                                                                  {"CONTAINER_TAG", "web/app:1"},
                                                                  {"IMAGE_NAME", "app:1"},
                                                                  {"SYSLOG_IDENTIFIER", "web/app:1"},
                                                                  {"STAGE", "test"},
                                                                  {"OTHER", "x"},
                                                                  {"TEAM", "blue"}};
  EXPECT_EQ(shipping.fields, expected);
}

TEST(LogConfig, ASyslogServerIsFound) {
  const Record record = record_with("syslog", {{"syslog-address", "tcp://[::1]:1514"},
                                               {"syslog-facility", "local3"},
                                               {"syslog-format", "rfc5424micro"},
                                               {"cache-disabled", "true"},
                                               {"mode", "non-blocking"},
                                               {"max-buffer-size", "2m"}});
  const runtime::LogOptions options = log_options(record, "/c");
  EXPECT_EQ(options.directory, "");
  EXPECT_FALSE(can_read_log(record));
  const shim::LogShipping shipping = shim::LogShipping::from_words(options.shipping.to_words());
  EXPECT_EQ(shipping.transport, shim::LogTransport::tcp);
  EXPECT_EQ(shipping.address + " " + shipping.port, "::1 1514");
  EXPECT_EQ(shipping.facility, 19);
  EXPECT_EQ(shipping.format, shim::SyslogFormat::rfc5424_micro);
  EXPECT_EQ(shipping.tag, std::string(12, 'a'));
  EXPECT_TRUE(shipping.drops_when_full);
  EXPECT_EQ(shipping.buffer, std::uint64_t{2} << 20);
}

TEST(LogConfig, OptionsWithoutADriverAreOfDockersDefault) {
  EXPECT_EQ(log_driver({}), "local");
  EXPECT_EQ(log_driver({.type = {}, .config = {{"max-size", "1m"}}}), "json-file");
  EXPECT_EQ(refusal("", {{"tag", "x"}}), "accepted");
}

TEST(LogConfig, JsonFileHasDockersDefaultsAndAttributes) {
  const Record plain = record_with("json-file", {});
  const runtime::LogOptions options = log_options(plain, "/c");
  EXPECT_EQ(options.directory + "/" + options.file_name, "/c/logs/" + plain.id + "-json.log");
  EXPECT_EQ(log_path(plain, "/c"), "/c/logs/" + plain.id + "-json.log");
  EXPECT_EQ(options.max_size, 0U);
  EXPECT_EQ(options.max_files, 1U);
  EXPECT_EQ(options.attributes, "");
  EXPECT_EQ(
      log_options(record_with("json-file", {{"labels", "team"}, {"env", "STAGE,NONE"}, {"tag", "{{ .Name }}/{{.ID}}"}}), "/c")
          .attributes,
      "\"attrs\":{\"STAGE\":\"test\",\"tag\":\"web/aaaaaaaaaaaa\",\"team\":\"blue\"},");
  EXPECT_EQ(log_options(record_with("json-file", {{"labels-regex", "^o"}, {"env-regex", "EMP"}}), "/c").attributes,
            "\"attrs\":{\"EMPTY\":\"\",\"other\":\"x\"},");
}

TEST(LogConfig, LocalIsBoundedByItselfAndHasNoPath) {
  const Record record = record_with("local", {});
  const runtime::LogOptions options = log_options(record, "/c");
  EXPECT_EQ(options.max_size, shim::log_default_max_size);
  EXPECT_EQ(options.max_files, shim::log_default_max_files);
  EXPECT_EQ(log_path(record, "/c"), "");
  EXPECT_EQ(log_options(record_with("local", {{"max-size", "1m"}, {"max-file", "2"}}), "/c").max_size, 1U << 20);
  EXPECT_EQ(log_options(record_with("none", {}), "/c").directory, "");
}

struct JsonLogs : testing::Test {
  JsonLogs() : source(directory.path()) {
    source.file_name = "c-json.log";
    source.format = shim::LogFormat::json;
  }
  shim::LogWriter writer(std::uint64_t max_size = 0, std::uint32_t max_files = 1) {
    return shim::LogWriter({.directory = directory.path(),
                            .file_name = source.file_name,
                            .format = shim::LogFormat::json,
                            .attributes = {},
                            .max_size = max_size,
                            .max_files = max_files});
  }
  static asio::awaitable<void> collect(LogReader& reader, std::string& all) {
    for (;;) {
      const std::string_view chunk = co_await reader.next();
      if (chunk.empty()) co_return;
      all += chunk;
    }
  }
  std::string read(LogOptions options = {.raw = true}) {
    asio::io_context loop;
    LogReader reader(loop.get_executor(), source, options);
    std::string all;
    auto done = asio::co_spawn(loop, collect(reader, all), asio::use_future);
    loop.run();
    done.get();
    return all;
  }
  test::TempDir directory;
  LogSource source;
};

TEST_F(JsonLogs, AreReadOverTheirFilesAndFromTheirEnd) {
  {
    shim::LogWriter log(writer(1000, 10));
    for (int i = 0; i < 50; ++i)
      log.write(i % 2 == 0 ? shim::LogStream::out : shim::LogStream::err, "line " + std::to_string(i) + "\n");
    log.write(shim::LogStream::out, "part");
  }
  std::string expected;
  for (int i = 0; i < 50; ++i) expected += "line " + std::to_string(i) + "\n";
  EXPECT_EQ(read(), expected + "part");
  EXPECT_EQ(read({.raw = true, .tail = 3}), "line 48\nline 49\npart");
  EXPECT_EQ(read({.out = false, .raw = true, .tail = 2}), "line 47\nline 49\n");
  EXPECT_EQ(read({.raw = true, .tail = 0}), "");
  EXPECT_EQ(read({.raw = true, .tail = 1000}), expected + "part");
}

TEST_F(JsonLogs, LinesOfOthersAndTornOnesAreLeftOut) {
  test::write_file(directory / "c-json.log",
                   "garbage\n{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05Z\"}\n{\"log\":1}\n"
                   "{\"log\":\"b\\n\",\"stream\":\"stderr\",\"time\":\"nonsense\"}\n{\"log\":\"torn");
  EXPECT_EQ(read(), "a\nb\n");
  EXPECT_EQ(read({.raw = true, .tail = 1}), "b\n");
  EXPECT_EQ(read({.err = false, .timestamps = true, .raw = true}), "2026-01-02T03:04:05.000000000Z a\n");
}

}  // namespace
}  // namespace stack::engine::container
