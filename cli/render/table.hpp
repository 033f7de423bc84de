#pragma once
// Text tables as the docker tools print them: cells at least ten wide, three blanks between, the last column as it is.
#include <string>
#include <string_view>
#include <vector>

namespace stack::cli::render {

class Table {
public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;

private:
  std::vector<std::vector<std::string>> rows_;
};

/// Number of terminal cells of UTF-8 text, one per code point (wide East Asian characters count as one).
std::size_t display_width(std::string_view text);

/// At most `width` code points; what was longer ends in "…".
std::string ellipsis(std::string_view text, std::size_t width);

}  // namespace stack::cli::render
