#include "engine/shim/json_log.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/shim/log_writer.hpp"
#include "tests/support/temp_dir.hpp"

namespace stack::engine::shim {
namespace {

using nlohmann::json;
using stack::test::read_file;

std::string line(std::string_view text, std::string_view attributes = "") {
  std::string out;
  append_json_line(out, LogStream::out, text, attributes, "T");
  return out;
}

TEST(JsonLog, LinesAreDockers) {
  EXPECT_EQ(line("out\n"), "{\"log\":\"out\\n\",\"stream\":\"stdout\",\"time\":\"T\"}\n");
  EXPECT_EQ(line("a", "\"attrs\":{\"k\":\"v\"},"),
            "{\"log\":\"a\",\"stream\":\"stdout\",\"attrs\":{\"k\":\"v\"},\"time\":\"T\"}\n");
  EXPECT_EQ(json_log_time(1'700'000'000'000'000'005), "2023-11-14T22:13:20.000000005Z");
}

TEST(JsonLog, WhateverAContainerPrintsIsJsonThatReadsBack) {
  const std::string text = "\"q\" \\ \r\t\x01<b>&\xc3\xa9\xf0\x9f\x98\x80";
  EXPECT_EQ(json::parse(line(text))["log"], text);
  for (const char* broken : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"})
    EXPECT_EQ(json::parse(line(std::string("a") + broken))["log"].get<std::string>().substr(0, 4), "a\xef\xbf\xbd") << broken;
}

TEST(JsonLog, KnowsTheBeginningOfACharacter) {
  EXPECT_EQ(unfinished_character("a"), 0U);
  EXPECT_EQ(unfinished_character("a\xc3"), 1U);
  EXPECT_EQ(unfinished_character("\xc3\xa9"), 0U);
  EXPECT_EQ(unfinished_character("a\xf0\x9f\x98"), 3U);
  EXPECT_EQ(unfinished_character("\x80\x80\x80\x80"), 0U);
  EXPECT_EQ(unfinished_character(""), 0U);
}

struct JsonLogFile : testing::Test {
  LogSettings settings(std::uint64_t max_size = 0, std::uint32_t max_files = 1) {
    return {.directory = directory.path(),
            .file_name = "c-json.log",
            .format = LogFormat::json,
            .attributes = {},
            .max_size = max_size,
            .max_files = max_files};
  }
  std::string text(const std::string& name = "c-json.log") {
    std::string all;
    std::istringstream lines(read_file(directory / name));
    for (std::string one; std::getline(lines, one);) all += json::parse(one)["log"].get<std::string>();
    return all;
  }
  test::TempDir directory;
};

TEST_F(JsonLogFile, ACharacterInTwoReadsStaysOne) {
  {
    LogWriter log(settings());
    log.write(LogStream::out, "\xf0\x9f");
    log.write(LogStream::err, "other\n");
    log.write(LogStream::out, "\x98\x80\n");
    log.write(LogStream::out, "end\xc3");
  }
  EXPECT_EQ(text(), "other\n\xf0\x9f\x98\x80\nend\xef\xbf\xbd");
}

TEST_F(JsonLogFile, LongLinesAreSeveralObjectsAndRotationKeepsTheNewest) {
  LogWriter log(settings(2000, 2));
  log.write(LogStream::out, std::string(40'000, 'x') + "\n");
  EXPECT_LE(json::parse(read_file(directory / "c-json.log"))["log"].get<std::string>().size(), json_log_longest_text);
  for (int i = 0; i < 100; ++i) log.write(LogStream::out, "line " + std::to_string(i) + "\n");
  EXPECT_FALSE(std::filesystem::exists(directory / "c-json.log.2"));
  const std::string kept = text("c-json.log.1") + text();
  EXPECT_TRUE(kept.ends_with("line 98\nline 99\n"));
  EXPECT_LT(std::filesystem::file_size(directory / "c-json.log.1"), 2200U);
}

TEST_F(JsonLogFile, ATornLineIsCutOff) {
  { LogWriter(settings()).write(LogStream::out, "one\n"); }
  test::write_file(directory / "c-json.log", read_file(directory / "c-json.log") + "{\"log\":\"torn");
  { LogWriter(settings()).write(LogStream::out, "two\n"); }
  EXPECT_EQ(text(), "one\ntwo\n");
}

}  // namespace
}  // namespace stack::engine::shim
