#include "cli/render/source_excerpt.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace stack::cli::render {
namespace {

class SourceExcerpt : public testing::Test {
protected:
  SourceExcerpt() {
    std::string pattern = std::filesystem::temp_directory_path() / "stack-excerpt-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    std::ofstream(file()) << "services:\n  é: {imge: x}\n\tb: 1\n" << std::string(500, 'y') << '\n';
  }
  ~SourceExcerpt() override { std::filesystem::remove_all(directory_); }
  std::string file() const { return directory_ + "/c.yaml"; }
  std::string shown(const std::string& place) const { return with_excerpts(file() + place, false); }

private:
  std::string directory_;
};

TEST_F(SourceExcerpt, PutsACaretBelowTheCharacterMeant) {
  EXPECT_EQ(shown(":2:7: no"), file() + ":2:7: no\n  2 |   é: {imge: x}\n    |       ^");
}

TEST_F(SourceExcerpt, ShowsTheLineAloneWithoutAColumn) { EXPECT_EQ(shown(":1: no"), file() + ":1: no\n  1 | services:"); }

TEST_F(SourceExcerpt, ShowsOneForEachLineOfTheError) {
  EXPECT_EQ(shown(":1:1: a\n" + file() + ":2:3: b\nand 3 more"),
            file() + ":1:1: a\n  1 | services:\n    | ^\n" + file() + ":2:3: b\n  2 |   é: {imge: x}\n    |   ^\nand 3 more");
}

TEST_F(SourceExcerpt, KeepsTheCaretInPlaceBehindATab) {
  EXPECT_EQ(shown(":3:1: tab"), file() + ":3:1: tab\n  3 |  b: 1\n    | ^");
}

TEST_F(SourceExcerpt, LeavesAloneWhatNamesNoPlaceOrCannotBeShown) {
  for (const std::string text : {"no place", "http://x:80: no", "/none.yaml:3:1: no", "10:20:30: no", "stdin:1:1: no"})
    EXPECT_EQ(with_excerpts(text, false), text);
  EXPECT_EQ(shown(":4:1: long"), file() + ":4:1: long");
  EXPECT_EQ(shown(":99:1: gone"), file() + ":99:1: gone");
}

}  // namespace
}  // namespace stack::cli::render
