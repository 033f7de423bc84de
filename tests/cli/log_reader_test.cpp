#include "cli/log_reader.hpp"

#include <gtest/gtest.h>

namespace stack::cli {
namespace {

std::string drain(TimestampedLines& lines) {
  std::string text;
  while (!lines.empty()) {
    const TimestampedLines::Line line = lines.take();
    text += (line.stream == render::Stream::out ? "out " : "err ") + std::string(line.timestamp()) + "|" +
            std::string(line.message());
  }
  return text;
}

TEST(TimestampedLines, CutsAtLineEndsWhereverTheInputIsCut) {
  const std::string input = "t1 one\nt2 two words\n";
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    TimestampedLines lines;
    lines.feed(render::Stream::out, std::string_view(input).substr(0, cut));
    lines.feed(render::Stream::out, std::string_view(input).substr(cut));
    EXPECT_EQ(drain(lines), "out t1|one\nout t2|two words\n") << "cut at " << cut;
  }
}

TEST(TimestampedLines, KeepsTheStreamsApart) {
  TimestampedLines lines;
  lines.feed(render::Stream::out, "t1 be");
  lines.feed(render::Stream::err, "t2 oops\n");
  lines.feed(render::Stream::out, "gun\n");
  EXPECT_EQ(drain(lines), "err t2|oops\nout t1|begun\n");
}

TEST(TimestampedLines, EndsAnUnfinishedLine) {
  TimestampedLines lines;
  lines.feed(render::Stream::out, "t1 prompt> ");
  EXPECT_TRUE(lines.empty());
  lines.end();
  EXPECT_EQ(drain(lines), "out t1|prompt> \n");
}

}  // namespace
}  // namespace stack::cli
