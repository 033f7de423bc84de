#include "cli/render/logs.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/unique_fd.hpp"

namespace stack::cli::render {
namespace {

/// A pipe whose written bytes can be taken out at any time.
class Captured {
public:
  Captured() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    read_.reset(ends[0]);
    write_.reset(ends[1]);
  }
  int fd() const { return write_.get(); }
  void close_reader() { read_.reset(); }
  std::string text() {
    write_.reset();
    std::string all;
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; (n = ::read(read_.get(), buffer.data(), buffer.size())) > 0;)
      all.append(buffer.data(), static_cast<std::size_t>(n));
    return all;
  }

private:
  UniqueFd read_, write_;
};

TEST(LogPrinter, AlignsPrefixesToTheWidestName) {
  Captured out;
  LogPrinter printer({.out_fd = out.fd(), .err_fd = out.fd()});
  const auto web = printer.add("web-1");
  const auto database = printer.add("database-1");
  printer.write(web, Stream::out, "a\n");
  printer.write(database, Stream::err, "b\n");
  printer.flush();
  EXPECT_EQ(out.text(), "web-1       | a\ndatabase-1  | b\n");
}

TEST(LogPrinter, KeepsLinesWholeWhenPiecesInterleave) {
  Captured out;
  LogPrinter printer({.out_fd = out.fd(), .err_fd = out.fd()});
  const auto a = printer.add("a");
  const auto b = printer.add("b");
  printer.write(a, Stream::out, "hel");
  printer.write(b, Stream::out, "one\ntw");
  printer.write(a, Stream::err, "err\n");
  printer.write(a, Stream::out, "lo\n");
  printer.write(b, Stream::out, "o");
  printer.finish(b);
  printer.flush();
  EXPECT_EQ(out.text(), "b  | one\na  | err\na  | hello\nb  | two\n");
}

TEST(LogPrinter, WritesStderrElsewhereWhenAsked) {
  Captured out;
  Captured err;
  LogPrinter printer({.out_fd = out.fd(), .err_fd = err.fd()});
  const auto a = printer.add("a");
  printer.write(a, Stream::out, "1\n");
  printer.write(a, Stream::err, "2\n");
  printer.write(a, Stream::out, "3\n");
  printer.flush();
  EXPECT_EQ(out.text(), "a  | 1\na  | 3\n");
  EXPECT_EQ(err.text(), "a  | 2\n");
}

TEST(LogPrinter, PrintsBareLinesWithoutPrefix) {
  Captured out;
  LogPrinter printer({.prefix = false, .out_fd = out.fd(), .err_fd = out.fd()});
  const auto a = printer.add("a");
  printer.write(a, Stream::out, "x\n\ny\n");
  printer.flush();
  EXPECT_EQ(out.text(), "x\n\ny\n");
}

TEST(LogPrinter, ColoursThePrefixOnly) {
  Captured out;
  LogPrinter printer({.color = true, .out_fd = out.fd(), .err_fd = out.fd()});
  const auto a = printer.add("a");
  printer.write(a, Stream::out, "x\n");
  printer.flush();
  EXPECT_EQ(out.text(), "\x1b[36ma  | \x1b[0mx\n");
}

TEST(LogPrinter, ToldWhenNobodyReads) {
  Captured out;
  LogPrinter printer({.out_fd = out.fd(), .err_fd = out.fd()});
  const auto a = printer.add("a");
  out.close_reader();
  std::signal(SIGPIPE, SIG_IGN);
  printer.write(a, Stream::out, "x\n");
  EXPECT_FALSE(printer.flush());
}

}  // namespace
}  // namespace stack::cli::render
