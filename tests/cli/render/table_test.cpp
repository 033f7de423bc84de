#include "cli/render/table.hpp"

#include <gtest/gtest.h>

namespace stack::cli::render {
namespace {

TEST(Table, CellsAreAtLeastTenWideAndTheLastIsNotPadded) {
  Table table({"NAME", "IMAGE", "PORTS"});
  table.add({"p-database-1", "bb:1", ""});
  EXPECT_EQ(table.text(), "NAME           IMAGE     PORTS\np-database-1   bb:1      \n");
}

TEST(Table, CountsCodePointsNotBytes) {
  Table table({"COMMAND", "X"});
  table.add({"\"sh -c 'while true; …\"", "y"});
  EXPECT_EQ(table.text(), "COMMAND                  X\n\"sh -c 'while true; …\"   y\n");
}

TEST(Table, CanBeNarrowOrWide) {
  Table narrow({"SERVICE", "#", "UID"}, {.minimum = 4, .padding = 2});
  narrow.add({"db", "1", "root"});
  EXPECT_EQ(narrow.text(), "SERVICE  #   UID\ndb       1   root\n");
  Table wide({"NAME", "STATUS"}, wide_layout);
  EXPECT_EQ(wide.text(), "NAME                STATUS\n");
}

TEST(Ellipsis, KeepsWhatFitsAndMarksWhatDoesNot) {
  EXPECT_EQ(ellipsis("sleep 1000", 20), "sleep 1000");
  EXPECT_EQ(ellipsis("sh -c 'while true; do echo'", 20), "sh -c 'while true; …");
  EXPECT_EQ(ellipsis("äöüß", 3), "äö…");
  EXPECT_EQ(ellipsis("abc", 0), "");
}

}  // namespace
}  // namespace stack::cli::render
