#include "engine/container/logs.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "engine/container/log_output.hpp"
#include "engine/container/log_tail.hpp"
#include "engine/shim/log_compress.hpp"
#include "engine/shim/log_writer.hpp"

namespace stack::engine::container {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t base_time = 1'700'000'000'000'000'000;  // 2023-11-14T22:13:20Z

/// Writes a log as the shim does: whole records, rotation by renaming.
class LogWriter {
public:
  explicit LogWriter(fs::path directory) : directory_(std::move(directory)) { open(); }
  void write(std::string_view payload, int stream = 1, std::int64_t time = base_time) {
    shim::LogHeader header{.length = static_cast<std::uint32_t>(payload.size()),
                           .stream = static_cast<shim::LogStream>(stream),
                           .flags = static_cast<std::uint8_t>(payload.ends_with('\n') ? 0 : shim::log_partial),
                           .time = time};
    std::string record(reinterpret_cast<const char*>(&header), sizeof header);
    record += payload;
    record.append(reinterpret_cast<const char*>(&header.length), sizeof header.length);
    write_raw(record);
  }
  void write_raw(std::string_view bytes) {
    if (::write(fd_.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) throw errno_error("write");
  }
  void rotate(int keep = 5) {
    const std::string base = directory_ / shim::log_file_name;
    for (int number = keep - 1; number > 0; --number)
      ::rename((base + "." + std::to_string(number)).c_str(), (base + "." + std::to_string(number + 1)).c_str());
    ::rename(base.c_str(), (base + ".1").c_str());
    open();
  }

private:
  void open() {
    fd_ = UniqueFd(::open((directory_ / shim::log_file_name).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    if (!fd_) throw errno_error("open");
  }
  fs::path directory_;
  UniqueFd fd_;
};

asio::awaitable<void> collect(LogReader& reader, std::string& all) {
  for (;;) {
    const std::string_view chunk = co_await reader.next();
    if (chunk.empty()) co_return;
    all += chunk;
  }
}

struct Logs : testing::Test {
  Logs() {
    std::string pattern = testing::TempDir() + "stack-logs-XXXXXX";
    directory = ::mkdtemp(pattern.data());
  }
  ~Logs() override { fs::remove_all(directory); }

  std::string read(LogOptions options = {.raw = true}) {
    asio::io_context loop;
    LogReader reader(loop.get_executor(), directory, options);
    std::string all;
    auto done = asio::co_spawn(loop, collect(reader, all), asio::use_future);
    loop.run();
    done.get();
    return all;
  }
  std::string tail(std::uint64_t lines, LogOptions options = {.raw = true}) {
    options.tail = lines;
    return read(options);
  }

  fs::path directory;
};

TEST_F(Logs, AMissingLogIsEmpty) {
  EXPECT_EQ(read(), "");
  directory /= "missing";
  EXPECT_EQ(read(), "");
  EXPECT_EQ(read({.raw = true, .follow = true}), "");
}

TEST_F(Logs, ReadsAllFilesOldestFirst) {
  LogWriter writer(directory);
  for (int i = 0; i < 4; ++i) {
    writer.write("line " + std::to_string(i) + "\n");
    if (i < 3) writer.rotate();
  }
  EXPECT_EQ(read(), "line 0\nline 1\nline 2\nline 3\n");
}

TEST_F(Logs, SelectsStreams) {
  LogWriter writer(directory);
  writer.write("out\n");
  writer.write("err\n", 2);
  EXPECT_EQ(read({.err = false, .raw = true}), "out\n");
  EXPECT_EQ(read({.out = false, .raw = true}), "err\n");
}

TEST_F(Logs, FramesEveryLineAsDockerDoes) {
  LogWriter writer(directory);
  writer.write("a\nbc\n");
  writer.write("x", 2);
  EXPECT_EQ(read({}), std::string("\1\0\0\0\0\0\0\2a\n\1\0\0\0\0\0\0\3bc\n\2\0\0\0\0\0\0\1x", 10 + 11 + 9));
}

TEST_F(Logs, MergesLinesOfOneStreamWhenAsked) {
  LogWriter writer(directory);
  writer.write("a\nbc\n");
  writer.write("d\n");
  writer.write("x", 2);
  EXPECT_EQ(read({.merge_lines = true}), std::string("\1\0\0\0\0\0\0\7a\nbc\nd\n\2\0\0\0\0\0\0\1x", 15 + 9));
}

TEST_F(Logs, PutsATimestampOnceBeforeEveryLine) {
  LogWriter writer(directory);
  writer.write("a\nb", 1, base_time + 5);
  writer.write("err\n", 2, base_time + 6);
  writer.write("bb\nc\n", 1, base_time + 7);
  EXPECT_EQ(read({.timestamps = true, .raw = true}),
            "2023-11-14T22:13:20.000000005Z a\n"
            "2023-11-14T22:13:20.000000005Z b"
            "2023-11-14T22:13:20.000000006Z err\n"
            "bb\n"
            "2023-11-14T22:13:20.000000007Z c\n");
}

TEST_F(Logs, TimestampsKeepUpWithTheClock) {
  LogWriter writer(directory);
  std::string expected;
  for (const std::int64_t after : {0ll, 1ll, 999'999'999ll, 1'000'000'000ll, 60'000'000'001ll, 12ll}) {
    writer.write("x\n", 1, base_time + after);
    expected += log_timestamp(base_time + after) + "x\n";
  }
  EXPECT_EQ(read({.timestamps = true, .raw = true}), expected);
  EXPECT_EQ(log_timestamp(base_time + 60'000'000'001), "2023-11-14T22:14:20.000000001Z ");
}

TEST_F(Logs, TakesTheLastLines) {
  LogWriter writer(directory);
  writer.write("1\n2\n3\n");
  writer.write("4\n5");
  writer.rotate();
  writer.write("5\n6\n");
  EXPECT_EQ(tail(0), "");
  EXPECT_EQ(tail(1), "6\n");
  EXPECT_EQ(tail(2), "55\n6\n");
  EXPECT_EQ(tail(3), "4\n55\n6\n");
  EXPECT_EQ(tail(4), "3\n4\n55\n6\n");
  EXPECT_EQ(tail(6), "1\n2\n3\n4\n55\n6\n");
  EXPECT_EQ(tail(100), "1\n2\n3\n4\n55\n6\n");
}

TEST_F(Logs, CountsAnUnfinishedLastLine) {
  LogWriter writer(directory);
  writer.write("1\n2\nunfinished");
  EXPECT_EQ(tail(1), "unfinished");
  EXPECT_EQ(tail(2), "2\nunfinished");
}

TEST_F(Logs, TailCountsTheLinesOfBothStreams) {
  LogWriter writer(directory);
  writer.write("o1\n");
  writer.write("e1\n", 2);
  writer.write("o2\n");
  writer.write("e2\n", 2);
  EXPECT_EQ(tail(3), "e1\no2\ne2\n");
  EXPECT_EQ(tail(2, {.err = false, .raw = true}), "o1\no2\n");
  EXPECT_EQ(tail(1, {.out = false, .raw = true}), "e2\n");
}

TEST_F(Logs, TailKeepsTheBeginningOfALineThatAnotherStreamInterrupts) {
  LogWriter writer(directory);
  writer.write("old\nfirst ");
  writer.write("e1\ne2\n", 2);
  writer.write("half\n");
  EXPECT_EQ(tail(2), "first e2\nhalf\n");
}

TEST_F(Logs, HonoursSinceAndUntil) {
  LogWriter writer(directory);
  for (int i = 0; i < 5; ++i) writer.write(std::to_string(i) + "\n", 1, base_time + i);
  EXPECT_EQ(read({.raw = true, .since = base_time + 2}), "2\n3\n4\n");
  EXPECT_EQ(read({.raw = true, .until = base_time + 2}), "0\n1\n2\n");
  EXPECT_EQ(tail(10, {.raw = true, .since = base_time + 1, .until = base_time + 3}), "1\n2\n3\n");
  EXPECT_EQ(tail(2, {.raw = true, .until = base_time + 3}), "2\n3\n");
}

TEST_F(Logs, IgnoresATornRecordAtTheEnd) {
  LogWriter writer(directory);
  writer.write("1\n2\n");
  const std::string whole = "3\n";
  shim::LogHeader header{.length = 100, .time = base_time};
  const std::string torn = std::string(reinterpret_cast<const char*>(&header), sizeof header) + "torn off\n";
  for (std::size_t size = 1; size <= torn.size(); ++size) {
    const auto length = fs::file_size(directory / shim::log_file_name);
    writer.write_raw(torn.substr(0, size));
    EXPECT_EQ(read(), "1\n2\n") << size;
    EXPECT_EQ(tail(1), "2\n") << size;
    fs::resize_file(directory / shim::log_file_name, length);
  }
}

TEST_F(Logs, GarbageIsNoLog) {
  LogWriter writer(directory);
  writer.write_raw(std::string(5000, '\xff'));
  EXPECT_EQ(read(), "");
  EXPECT_EQ(tail(3), "");
}

TEST_F(Logs, ReadsRecordsOfEverySize) {
  LogWriter writer(directory);
  std::string expected;
  for (const std::size_t size : {1u, 100u, 65536u, 524288u, 1048576u, 7u}) {
    const std::string line = std::string(size - 1, 'x') + "\n";
    writer.write(line);
    expected += line;
  }
  EXPECT_EQ(read(), expected);
  EXPECT_EQ(tail(2), std::string(1048575, 'x') + "\nxxxxxx\n");
}

TEST_F(Logs, FollowsOverRotationsWithoutGapOrDuplicate) {
  auto writer = std::make_unique<LogWriter>(directory);
  writer->write("0\n");
  asio::io_context loop;
  LogReader reader(loop.get_executor(), directory, {.raw = true, .follow = true});
  std::string all;
  constexpr int lines = 200'000;
  std::string expected;
  for (int i = 0; i < lines; ++i) expected += std::to_string(i) + "\n";
  std::thread thread([&] {
    for (int i = 1; i < lines; ++i) {
      writer->write(std::to_string(i) + "\n");
      if (i % 10'000 == 0) {
        // The oldest file goes for good: stay within what a reader that keeps up has open.
        writer->rotate(100);
      }
    }
    asio::post(loop, [&] { reader.end_follow(); });
  });
  auto work = asio::make_work_guard(loop);
  std::exception_ptr failure;
  asio::co_spawn(loop, collect(reader, all), [&](std::exception_ptr error) {
    failure = error;
    work.reset();
  });
  loop.run();
  thread.join();
  EXPECT_FALSE(failure);
  EXPECT_EQ(all.size(), expected.size());
  EXPECT_TRUE(all == expected);
}

TEST_F(Logs, CompressedFilesAreReadAndFollowedWithoutGapOrDuplicate) {
  std::string expected;
  constexpr int lines = 20'000;
  for (int i = 0; i < lines; ++i) expected += std::to_string(i) + "\n";
  asio::io_context loop;
  LogReader reader(loop.get_executor(), directory, {.raw = true, .follow = true});
  std::string followed;
  std::thread thread([&] {
    shim::LogWriter writer(
        shim::LogSettings{.directory = directory, .max_size = 16 * 1024, .max_files = 100, .compress = true});
    for (int i = 0; i < lines; ++i) writer.write(shim::LogStream::out, std::to_string(i) + "\n");
    asio::post(loop, [&] { reader.end_follow(); });
  });
  auto work = asio::make_work_guard(loop);
  asio::co_spawn(loop, collect(reader, followed), [&](std::exception_ptr) { work.reset(); });
  loop.run();
  thread.join();
  EXPECT_TRUE(followed == expected) << followed.size() << " of " << expected.size();
  shim::wait_for_compression(directory / "container.log.1");
  EXPECT_TRUE(read() == expected);
  EXPECT_EQ(tail(2), "19998\n19999\n");
  int compressed = 0, plain = 0;
  for (const auto& entry : fs::directory_iterator(directory)) ++(entry.path().extension() == ".gz" ? compressed : plain);
  EXPECT_GT(compressed, 10);
  EXPECT_EQ(plain, 1) << "the one being written";
}

TEST_F(Logs, ACompressedFileThatIsTornIsReadAsFarAsItGoes) {
  {
    shim::LogWriter writer(
        shim::LogSettings{.directory = directory, .max_size = 16 * 1024, .max_files = 100, .compress = true});
    for (int i = 0; i < 1000; ++i) writer.write(shim::LogStream::out, std::to_string(i) + "\n");
  }
  shim::wait_for_compression(directory / "container.log.1");
  const fs::path archive = directory / "container.log.1.gz";
  fs::resize_file(archive, fs::file_size(archive) / 2);
  const std::string text = read();
  EXPECT_TRUE(text.starts_with("0\n1\n2\n")) << text.substr(0, 40);
  EXPECT_TRUE(text.ends_with("998\n999\n"));
  std::ofstream(archive, std::ios::trunc) << "no archive";
  EXPECT_TRUE(read().ends_with("998\n999\n"));
}

TEST_F(Logs, FollowStartsAfterTheTail) {
  LogWriter writer(directory);
  writer.write("1\n2\n");
  asio::io_context loop;
  LogReader reader(loop.get_executor(), directory, {.raw = true, .follow = true, .tail = 1});
  std::string all;
  auto done = asio::co_spawn(loop, collect(reader, all), asio::use_future);
  asio::post(loop, [&] {
    writer.write("3\n");
    writer.rotate();
    writer.write("4\n");
    reader.end_follow();
  });
  loop.run();
  done.get();
  EXPECT_EQ(all, "2\n3\n4\n");
}

TEST_F(Logs, FollowEndsAtUntil) {
  LogWriter writer(directory);
  writer.write("1\n");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_EQ(read({.raw = true, .follow = true, .until = std::chrono::nanoseconds(now + std::chrono::milliseconds(20)).count()}),
            "1\n");
}

TEST_F(Logs, AWriterThatKeepsWritingDoesNotKeepAPlainReadGoing) {
  LogWriter writer(directory);
  writer.write("1\n");
  asio::io_context loop;
  LogReader reader(loop.get_executor(), directory, {.raw = true});
  std::string all;
  auto done = asio::co_spawn(
      loop,
      [](LogReader& log, LogWriter& out, std::string& text) -> asio::awaitable<void> {
        for (;;) {
          const std::string_view chunk = co_await log.next();
          if (chunk.empty()) co_return;
          text += chunk;
          out.write("more\n");
        }
      }(reader, writer, all),
      asio::use_future);
  loop.run();
  done.get();
  EXPECT_EQ(all, "1\n");
}

TEST(LogTime, ReadsWhatClientsSend) {
  EXPECT_EQ(parse_log_time(""), std::nullopt);
  EXPECT_EQ(parse_log_time("0"), std::nullopt);
  EXPECT_EQ(parse_log_time("1700000000"), base_time);
  EXPECT_EQ(parse_log_time("1700000000.000000005"), base_time + 5);
  EXPECT_EQ(parse_log_time("1700000000.5"), base_time + 500'000'000);
  EXPECT_EQ(parse_log_time("2023-11-14T22:13:20Z"), base_time);
  EXPECT_THROW(parse_log_time("yesterday"), Error);
  EXPECT_GT(parse_log_time("99999999999"), base_time);  // later than 64 bits of nanoseconds reach: as late as they do
  EXPECT_LT(parse_log_time("-99999999999"), 0);
}

}  // namespace
}  // namespace stack::engine::container
