#pragma once
// Text tables as the docker tools print them: cells of a least width, blanks between, the last column as it is.
#include <string>
#include <string_view>
#include <vector>

namespace stack::cli::render {

struct TableLayout {
  std::size_t minimum = 10;  ///< width of a cell, padding included
  std::size_t padding = 3;   ///< blanks between columns
};
/// The layout of the lists that docker compose draws itself (`ls`, `images`).
inline constexpr TableLayout wide_layout{.minimum = 20, .padding = 3};

class Table {
public:
  explicit Table(std::vector<std::string> header, TableLayout layout = {}) : layout_(layout) {
    rows_.push_back(std::move(header));
  }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;

private:
  TableLayout layout_;
  std::vector<std::vector<std::string>> rows_;
};

/// Number of terminal cells of UTF-8 text, one per code point (wide East Asian characters count as one).
std::size_t display_width(std::string_view text);

/// At most `width` code points; what was longer ends in "…".
std::string ellipsis(std::string_view text, std::size_t width);

}  // namespace stack::cli::render
