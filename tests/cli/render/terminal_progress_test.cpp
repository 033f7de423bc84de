// What is on the screen while a command works and containers write.
#include "cli/render/terminal_progress.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "base/unique_fd.hpp"
#include "tests/support/screen.hpp"

namespace stack::cli::render {
namespace {

class TerminalProgressTest : public testing::Test {
protected:
  ProgressOptions options(bool color = false) {
    return {.mode = ProgressMode::tty, .cursor = true, .color = color, .fd = file_.get(), .size = [this] { return size_; }};
  }
  /// What the progress has written since the last call.
  std::string written() {
    std::string all(static_cast<std::size_t>(::lseek(file_.get(), 0, SEEK_END)) - seen_, '\0');
    EXPECT_EQ(::pread(file_.get(), all.data(), all.size(), static_cast<off_t>(seen_)), static_cast<ssize_t>(all.size()));
    seen_ += all.size();
    return all;
  }
  std::string seen() {
    screen_.write(written());
    return screen_.text();
  }
  void resize(unsigned rows, unsigned columns) {
    seen();
    screen_.resize(rows, columns);
    size_ = {.rows = rows, .columns = columns};
  }
  static Progress::Clock::time_point at(int milliseconds) {
    return Progress::Clock::time_point(std::chrono::milliseconds(milliseconds));
  }
  static ProgressLine line(const std::string& id, const std::string& status, Phase phase = Phase::working) {
    return {.id = id, .status = status, .detail = {}, .phase = phase};
  }

  UniqueFd file_{::memfd_create("progress", MFD_CLOEXEC)};
  TerminalSize size_{.rows = 24, .columns = 40};
  test::Screen screen_{24, 40};
  std::size_t seen_ = 0;
};

TEST_F(TerminalProgressTest, WhatContainersWriteAppearsAboveTheBlock) {
  TerminalProgress progress(options());
  progress.update(line("Container a", "Started", Phase::done), at(0));
  progress.update(line("Container b", "Starting"), at(0));
  progress.tick(at(100));
  EXPECT_EQ(seen(),
            "[+] Running 1/2\n"
            " ✔ Container a  Started            0.0s\n"
            " ⠙ Container b  Starting           0.1s\n");
  EXPECT_TRUE(progress.output(file_.get(), "a-1  | one\na-1  | two\n"));
  EXPECT_EQ(seen(),
            "a-1  | one\n"
            "a-1  | two\n"
            "[+] Running 1/2\n"
            " ✔ Container a  Started            0.0s\n"
            " ⠙ Container b  Starting           0.1s\n");
  progress.update(line("Container b", "Started", Phase::done), at(300));
  progress.finish(at(300));
  progress.output(file_.get(), "b-1  | three\n");
  EXPECT_EQ(seen(),
            "a-1  | one\n"
            "a-1  | two\n"
            "[+] Running 2/2\n"
            " ✔ Container a  Started            0.0s\n"
            " ✔ Container b  Started            0.3s\n"
            "b-1  | three\n");
}

TEST_F(TerminalProgressTest, WhatGoesElsewhereIsLeftAlone) {
  TerminalProgress progress(options());
  progress.update(line("Container a", "Starting"), at(0));
  progress.tick(at(100));
  written();
  const UniqueFd other(::memfd_create("elsewhere", MFD_CLOEXEC));
  progress.output(other.get(), "line\n");
  EXPECT_EQ(written(), "");
  EXPECT_EQ(::lseek(other.get(), 0, SEEK_END), 5);
}

TEST_F(TerminalProgressTest, MoreObjectsThanRowsLeaveNothingHalfDrawn) {
  TerminalProgress progress(options());
  const auto name = [](int i) { return "Container " + std::to_string(100 + i); };
  for (int step = 0; step < 3; ++step)
    for (int i = 0; i < 30; ++i) {
      progress.update(line(name(i), step == 2 ? "Started" : "Working", step == 2 ? Phase::done : Phase::working),
                      at(step * 100));
      if (i % 7 == 0) progress.tick(at(step * 100 + i));
      if (i % 10 == 0) progress.output(file_.get(), "output\n");
    }
  progress.finish(at(400));
  const std::string all = seen();
  for (int i = 0; i < 30; ++i) {
    const std::size_t first = all.find(name(i));
    ASSERT_NE(first, std::string::npos);
    EXPECT_EQ(all.find(name(i), first + 1), std::string::npos) << name(i) << " is there twice:\n" << all;
  }
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 9 + 1 + 30) << all;
  EXPECT_EQ(all.find("Working"), std::string::npos);
}

TEST_F(TerminalProgressTest, ABlockThatFillsTheScreenMakesRoomForOutput) {
  TerminalProgress progress(options());
  for (int i = 0; i < 30; ++i) progress.update(line("Container " + std::to_string(i), "Starting"), at(0));
  progress.tick(at(100));
  const std::string full = seen();
  EXPECT_EQ(std::count(full.begin(), full.end(), '\n'), 23);
  progress.output(file_.get(), "a-1  | one\n");
  const std::string all = seen();
  EXPECT_EQ(all.find("a-1  | one\n[+] Running 0/30\n"), 0U) << all;
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 1 + 11);
}

TEST_F(TerminalProgressTest, ATerminalThatBecomesNarrowerOrWiderIsDrawnAnew) {
  TerminalProgress progress(options());
  progress.update(line("Container a", "Starting"), at(0));
  progress.update(line("Container with-a-long-name", "Starting"), at(0));
  for (const unsigned columns : {25U, 80U, 30U, 200U, 40U}) {
    progress.tick(at(100));
    resize(24, columns);
  }
  progress.finish(at(200));
  EXPECT_EQ(seen(),
            "[+] Running 0/2\n"
            " - Container a           Starting  0.2s\n"
            " - Container with-a-lo…  Starting  0.2s\n");
}

TEST_F(TerminalProgressTest, NothingIsWiderThanANarrowTerminal) {
  size_ = {.rows = 5, .columns = 16};
  TerminalProgress progress(options());
  progress.update(line("Container with-a-long-name", "Starting"), at(0));
  progress.tick(at(100));
  screen_.resize(5, 16);
  const std::string all = seen();
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 2) << all;
}

TEST_F(TerminalProgressTest, ColoursCanBeOffWithoutLosingTheBlock) {
  TerminalProgress plain(options());
  plain.update(line("Container a", "Error", Phase::error), at(0));
  plain.finish(at(0));
  EXPECT_EQ(written().find("\x1b[3"), std::string::npos);
  TerminalProgress colored(options(true));
  colored.update(line("Container a", "Error", Phase::error), at(0));
  colored.finish(at(0));
  EXPECT_NE(written().find("\x1b[31mError"), std::string::npos);
}

TEST_F(TerminalProgressTest, ASecondBlockHasItsOwnTitle) {
  TerminalProgress progress(options());
  progress.update(line("Container a", "Started", Phase::done), at(0));
  progress.finish(at(0));
  progress.message("Gracefully stopping...");
  progress.title("Stopping");
  progress.update(line("Container a", "Stopped", Phase::done), at(100));
  progress.finish(at(100));
  EXPECT_EQ(seen(),
            "[+] Running 1/1\n"
            " ✔ Container a  Started            0.0s\n"
            "Gracefully stopping...\n"
            "[+] Stopping 1/1\n"
            " ✔ Container a  Stopped            0.0s\n");
}

}  // namespace
}  // namespace stack::cli::render
