#pragma once
// A terminal for tests: what is seen after some bytes were written to it. It knows what our renderers write (text, newline,
// carriage return, cursor up and down, erasing, colours), scrolls into a history, and wraps lines anew when it is resized, as
// most terminals do.
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace stack::test {

class Screen {
public:
  Screen(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns) {}

  void write(std::string_view bytes) {
    while (!bytes.empty()) bytes.remove_prefix(bytes.starts_with("\x1b[") ? control(bytes) : character(bytes));
  }

  void resize(std::size_t rows, std::size_t columns) {
    std::vector<Line> old;
    old.swap(lines_);
    lines_.push_back({});
    std::size_t row = 0;
    for (std::size_t i = 0; i < old.size(); ++i) {
      if (i == row_) row = lines_.size() - 1;
      for (const std::string& cell : old[i].cells) {
        if (lines_.back().cells.size() == columns) {
          lines_.back().wrapped = true;
          lines_.push_back({});
        }
        lines_.back().cells.push_back(cell);
      }
      if (i + 1 < old.size() && !old[i].wrapped) lines_.push_back({});
    }
    row_ = row;
    rows_ = rows;
    columns_ = columns;
  }

  /// Everything from the first line of the history on, blanks at the ends of lines left out.
  std::string text() const {
    std::string all;
    for (const Line& line : lines_) {
      std::string text;
      for (const std::string& cell : line.cells) text += cell;
      text.erase(text.find_last_not_of(' ') + 1);
      all += text + "\n";
    }
    while (all.ends_with("\n\n")) all.pop_back();
    return all;
  }

private:
  struct Line {
    std::vector<std::string> cells;
    bool wrapped = false;  ///< goes on in the next one
  };

  std::size_t top() const { return lines_.size() > rows_ ? lines_.size() - rows_ : 0; }

  void down(bool wrapped) {
    lines_[row_].wrapped = wrapped;
    if (++row_ == lines_.size()) lines_.push_back({});
  }

  std::size_t character(std::string_view bytes) {
    if (bytes[0] == '\n') {
      down(false);
      column_ = 0;
      return 1;
    }
    if (bytes[0] == '\r') {
      column_ = 0;
      return 1;
    }
    std::size_t size = 1;
    while (size < bytes.size() && (static_cast<unsigned char>(bytes[size]) & 0xC0) == 0x80) ++size;
    if (column_ == columns_) {
      down(true);
      column_ = 0;
    }
    auto& cells = lines_[row_].cells;
    if (cells.size() <= column_) cells.resize(column_ + 1, " ");
    cells[column_++] = bytes.substr(0, size);
    return size;
  }

  std::size_t control(std::string_view bytes) {
    const std::size_t end = bytes.find_first_not_of("0123456789;?", 2);
    const std::size_t count = std::strtoul(std::string(bytes.substr(2, end - 2)).c_str(), nullptr, 10);
    if (bytes[end] == 'B') row_ = std::min(lines_.size() - 1, row_ + std::max<std::size_t>(count, 1));
    if (bytes[end] == 'A') row_ = std::max(top(), row_ - std::min(row_, std::max<std::size_t>(count, 1)));
    if (bytes[end] == 'K' || bytes[end] == 'J') lines_[row_].cells.resize(std::min(lines_[row_].cells.size(), column_));
    if (bytes[end] == 'J') lines_.resize(row_ + 1);
    return end + 1;
  }

  std::size_t rows_, columns_;
  std::vector<Line> lines_ = std::vector<Line>(1);
  std::size_t row_ = 0, column_ = 0;
};

}  // namespace stack::test
