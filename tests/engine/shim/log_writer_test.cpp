#include "engine/shim/log_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/digest.hpp"

namespace stack::engine::shim {
namespace {

class Log : public ::testing::Test {
protected:
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string text(const std::string& name = log_file_name) const {
    std::ifstream file(directory_ / name, std::ios::binary);
    std::stringstream content;
    content << file.rdbuf();
    std::string payloads;
    const std::string bytes = content.str();
    for (std::size_t at = 0; at + log_overhead <= bytes.size();) {
      LogHeader header;
      std::memcpy(&header, bytes.data() + at, sizeof header);
      payloads += bytes.substr(at + sizeof header, header.length);
      at += log_overhead + header.length;
    }
    return payloads;
  }
  std::filesystem::path directory_ = std::filesystem::temp_directory_path() / ("log" + random_hex(10));
};

TEST_F(Log, AppendsAcrossRestarts) {
  LogWriter(directory_, 1 << 20, 3).write(LogStream::out, "one\n");
  LogWriter(directory_, 1 << 20, 3).write(LogStream::err, "two");
  EXPECT_EQ(text(), "one\ntwo");
}

TEST_F(Log, CutsATornRecordOffWhenItOpens) {
  {
    LogWriter log(directory_, 1 << 20, 3);
    log.write(LogStream::out, "whole\n");
    log.write(LogStream::out, "torn by a power failure\n");
  }
  const auto file = directory_ / log_file_name;
  for (const std::uintmax_t cut : {1, 5, 20, 40}) {
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - cut);
    LogWriter(directory_, 1 << 20, 3).write(LogStream::out, "torn by a power failure\n");
    EXPECT_EQ(text(), "whole\ntorn by a power failure\n") << cut;
  }
}

TEST_F(Log, SaysWhereOutputIsMissingThatCouldNotBeWritten) {
  std::filesystem::create_directory(directory_);
  LogWriter log(directory_ / "none", 1 << 20, 3);
  std::filesystem::remove_all(directory_ / "none");
  std::ofstream(directory_ / "none") << "a file where the directory should be";
  log.set_limits(1, 1);  // the file that is open is full, and a next one cannot be made
  log.write(LogStream::out, "first\n");
  log.write(LogStream::out, "lost\n");
  log.write(LogStream::err, "lost, too\n");
  std::filesystem::remove(directory_ / "none");
  std::filesystem::create_directory(directory_ / "none");
  log.set_limits(1 << 20, 1);
  log.write(LogStream::out, "last\n");
  EXPECT_EQ(text("none/" + std::string(log_file_name)),
            "stack: 15 bytes of output could not be recorded here: Not a directory\nlast\n");
}

TEST_F(Log, KeepsTheNumberOfFilesAskedFor) {
  LogWriter log(directory_, 100, 3);
  for (int i = 0; i < 10; ++i) log.write(LogStream::out, std::string(60, static_cast<char>('0' + i)));
  EXPECT_EQ(text(), std::string(60, '9'));
  EXPECT_EQ(text("container.log.1"), std::string(60, '8'));
  EXPECT_EQ(text("container.log.2"), std::string(60, '7'));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "container.log.3"));
  log.set_limits(100, 1);
  log.write(LogStream::out, std::string(60, 'x'));
  EXPECT_EQ(text(), std::string(60, 'x'));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "container.log.1"));
}

TEST_F(Log, ARecordLargerThanTheLimitIsStillKeptWhole) {
  LogWriter log(directory_, 100, 2);
  log.write(LogStream::out, std::string(4000, 'a'));
  EXPECT_EQ(text(), std::string(4000, 'a'));
}

TEST_F(Log, AFileStaysWithinTheLimitHoweverMuchIsReadAtOnce) {
  LogWriter log(directory_, 10'000, 5);
  log.write(LogStream::out, std::string(25'000, 'b'));
  for (const auto& file : std::filesystem::directory_iterator(directory_)) EXPECT_LE(file.file_size(), 10'000u) << file.path();
  EXPECT_EQ(text("container.log.2") + text("container.log.1") + text(), std::string(25'000, 'b'));
}

}  // namespace
}  // namespace stack::engine::shim
