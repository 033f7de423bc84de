#pragma once
// Physical lines of a Dockerfile -> one logical line per instruction: directives, comments, continuation lines and
// here-documents are taken care of here.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stack::engine::build {

/// Where something is written; both from 1.
struct Place {
  int line = 0;
  int column = 0;
};

/// Throws invalid_argument "dockerfile parse error on line N: …", or "… on line N, column M: …" when the column is known.
[[noreturn]] void fail_at(Place at, const std::string& reason);

/// <<NAME of RUN, COPY or ADD.
struct HereDocument {
  std::string word;  ///< as written: "<<-'EOF'"
  std::string name;
  std::string content;  ///< with its final newline; tabs taken off for "<<-"
  bool expand = true;   ///< not when the name was quoted
};

/// One instruction's text, its continuation lines joined, that still knows where each byte was written.
class LogicalLine {
public:
  LogicalLine() = default;
  LogicalLine(std::string_view text, Place at) { append(text, at); }

  void append(std::string_view piece, Place at);
  /// Without its last byte and the blanks behind it: a continuation mark.
  void drop_mark();
  std::string_view text() const { return text_; }
  Place place(std::size_t offset) const;
  Place place() const { return place(0); }
  /// What begins at `offset`, with the same places.
  LogicalLine tail(std::size_t offset) const;

  std::vector<HereDocument> heredocs;

private:
  struct Piece {
    std::size_t offset;
    Place at;
  };
  std::string text_;
  std::vector<Piece> pieces_;
};

class DockerfileReader {
public:
  explicit DockerfileReader(std::string_view text);

  char escape() const { return escape_; }
  /// The next instruction. Throws invalid_argument for a here-document without an end.
  std::optional<LogicalLine> next();

private:
  void read_directives();
  void apply_directive(const std::string& name, std::string_view value, Place at);
  LogicalLine instruction();
  bool take_continuation(LogicalLine& line) const;
  void read_heredocs(LogicalLine& line);
  std::string heredoc_body(const HereDocument& document, Place at);

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  char escape_ = '\\';
  std::vector<std::string> directives_;  ///< seen so far
};

}  // namespace stack::engine::build
