#include "cli/render/message_lines.hpp"

#include <gtest/gtest.h>

namespace stack::cli::render {
namespace {

using Message = engine::api::ProgressMessage;

Message layer(const std::string& id, const std::string& status, std::int64_t current = 0, std::int64_t total = 0) {
  Message message;
  message.id = id;
  message.status = status;
  if (total > 0) message.progress_detail = Message::Detail{current, total};
  return message;
}

TEST(MessageLines, ElsewhereThanOnATerminalEveryChangeIsALine) {
  MessageLines lines(false);
  EXPECT_EQ(lines.add(layer("1", "Pulling from app")), "1: Pulling from app\n");
  EXPECT_EQ(lines.add(layer("a1b2", "Downloading", 5, 10)), "");
  EXPECT_EQ(lines.add(layer("a1b2", "Pull complete")), "a1b2: Pull complete\n");
  EXPECT_EQ(lines.add(layer("", "Status: done")), "Status: done\n");
  Message loaded;
  loaded.stream = "Loaded image: app:1\n";
  EXPECT_EQ(lines.add(loaded), "Loaded image: app:1\n");
}

TEST(MessageLines, OnATerminalALayerHasALineOfItsOwn) {
  MessageLines lines(true);
  EXPECT_EQ(lines.add(layer("aa", "Waiting")), "aa: Waiting\n");
  EXPECT_EQ(lines.add(layer("bb", "Waiting")), "bb: Waiting\n");
  EXPECT_EQ(lines.add(layer("aa", "Downloading", 500, 1000)),
            "\x1b[2A\x1b[2K\raa: Downloading [=========================>                        ]  500B/1kB\x1b[2B\r");
  EXPECT_EQ(lines.add(layer("bb", "Pull complete")), "\x1b[1A\x1b[2K\rbb: Pull complete\x1b[1B\r");
  EXPECT_EQ(lines.add(layer("", "Status: done")), "Status: done\n");
}

}  // namespace
}  // namespace stack::cli::render
