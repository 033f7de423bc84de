#include "cli/render/progress.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace stack::cli::render {
namespace {

class ProgressTest : public testing::Test {
protected:
  std::unique_ptr<Progress> make(ProgressMode mode) { return make_progress({.mode = mode, .fd = file_.get()}); }
  std::string text() {
    std::string all(static_cast<std::size_t>(::lseek(file_.get(), 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(file_.get(), all.data(), all.size(), 0), static_cast<ssize_t>(all.size()));
    return all;
  }
  static Progress::Clock::time_point at(int milliseconds) {
    return Progress::Clock::time_point(std::chrono::milliseconds(milliseconds));
  }

private:
  UniqueFd file_{::memfd_create("progress", MFD_CLOEXEC)};
};

TEST_F(ProgressTest, PlainPrintsALinePerChange) {
  auto progress = make(ProgressMode::plain);
  progress->update({.id = "Container p-web-1", .status = "Creating"}, at(0));
  progress->update({.id = "Container p-web-1", .status = "Error", .detail = "no such image", .phase = Phase::error}, at(1));
  EXPECT_EQ(text(), " Container p-web-1  Creating\n Container p-web-1  Error no such image\n");
}

TEST_F(ProgressTest, AutomaticWithoutATerminalIsPlain) {
  make(ProgressMode::automatic)->update({.id = "Network p_default", .status = "Created", .phase = Phase::done}, at(0));
  EXPECT_EQ(text(), " Network p_default  Created\n");
}

TEST_F(ProgressTest, JsonPrintsAnObjectPerLine) {
  auto progress = make(ProgressMode::json);
  progress->update({.id = "Volume \"x\"", .status = "Created", .phase = Phase::done}, at(0));
  EXPECT_EQ(text(), "{\"id\":\"Volume \\\"x\\\"\",\"status\":\"Created\"}\n");
}

TEST_F(ProgressTest, QuietPrintsNothing) {
  make(ProgressMode::quiet)->update({.id = "Volume x", .status = "Created"}, at(0));
  EXPECT_EQ(text(), "");
}

TEST_F(ProgressTest, TerminalRedrawsItsLinesInPlace) {
  auto progress = make(ProgressMode::tty);
  progress->update({.id = "Network n", .status = "Created", .phase = Phase::done}, at(0));
  progress->update({.id = "Container c", .status = "Starting"}, at(0));
  EXPECT_EQ(text(), "") << "nothing is drawn before the first tick";
  progress->tick(at(100));
  const std::string first = text();
  EXPECT_NE(first.find("[+] Running 1/2"), std::string::npos);
  EXPECT_NE(first.find("Starting"), std::string::npos);
  EXPECT_NE(first.find("0.1s"), std::string::npos);
  progress->update({.id = "Container c", .status = "Started", .phase = Phase::done}, at(300));
  progress->finish(at(500));
  const std::string second = text().substr(first.size());
  EXPECT_EQ(second.find("\r\x1b[3A"), 0U) << "back over the header and two lines";
  EXPECT_NE(second.find("[+] Running 2/2"), std::string::npos);
  EXPECT_NE(second.find("0.3s"), std::string::npos);
  EXPECT_EQ(text().find("\x1b[?25l"), std::string::npos) << "the cursor is never hidden: a kill -9 would leave it so";
}

TEST_F(ProgressTest, TerminalShowsNoMoreLinesThanFit) {
  auto progress = make(ProgressMode::tty);  // no terminal: 24 rows are assumed
  for (int i = 0; i < 50; ++i)
    progress->update({.id = "Container c" + std::to_string(i), .status = "x", .phase = i == 0 ? Phase::working : Phase::done},
                     at(0));
  progress->tick(at(100));
  const std::string drawn = text();
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), '\n'), 23);
  EXPECT_NE(drawn.find("Container c0 "), std::string::npos) << "what is still being worked on stays visible";
  progress->finish(at(200));
  const std::string last = text().substr(drawn.size());
  EXPECT_EQ(std::count(last.begin(), last.end(), '\n'), 51) << "at the end everything is listed";
}

TEST(ProgressMode, RefusesAnUnknownName) { EXPECT_THROW(parse_progress_mode("fancy"), Error); }

}  // namespace
}  // namespace stack::cli::render
