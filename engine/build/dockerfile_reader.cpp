#include "engine/build/dockerfile_reader.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "engine/build/shell_words.hpp"
#include "engine/build/text.hpp"

namespace stack::engine::build {

namespace {

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return lines;
}

bool is_comment(std::string_view line) { return trim_left(line).starts_with('#'); }
bool is_empty_or_comment(std::string_view line) { return trim(line).empty() || is_comment(line); }

/// "<<EOF", "<<-'EOF'", "3<<EOF": the whole of a word, or its begin before one of the shell's own signs.
std::optional<HereDocument> heredoc_of(const std::string& word) {
  std::string_view rest = word;
  while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') rest.remove_prefix(1);
  if (!rest.starts_with("<<") || rest.starts_with("<<<")) return std::nullopt;
  rest.remove_prefix(2);
  if (rest.starts_with('-')) rest.remove_prefix(1);
  HereDocument document;
  document.word = word;
  const char quote = !rest.empty() && (rest.front() == '"' || rest.front() == '\'') ? rest.front() : '\0';
  if (quote != '\0') {
    rest.remove_prefix(1);
    document.expand = false;
    const std::size_t end = rest.find(quote);
    if (end == std::string_view::npos) return std::nullopt;
    document.name = rest.substr(0, end);
  } else {
    document.name = rest.substr(0, rest.find_first_of("<>|&;()'\"`$\\"));
  }
  return document.name.empty() ? std::nullopt : std::optional(document);
}

bool strips_tabs(const HereDocument& document) { return document.word.find("<<-") != std::string::npos; }

}  // namespace

void fail_at(Place at, const std::string& reason) {
  std::string where = "line " + std::to_string(at.line);
  if (at.column > 0) where += ", column " + std::to_string(at.column);
  throw Error(ErrorCode::invalid_argument, "dockerfile parse error on " + where + ": " + reason);
}

// ── LogicalLine ──

void LogicalLine::append(std::string_view piece, Place at) {
  pieces_.push_back({text_.size(), at});
  text_ += piece;
}

void LogicalLine::drop_mark() { text_.resize(trim_right(text_).size() - 1); }

Place LogicalLine::place(std::size_t offset) const {
  Place place;
  for (const Piece& piece : pieces_) {
    if (piece.offset > offset && place.line != 0) break;
    place = piece.at;
    if (offset > piece.offset) place.column += static_cast<int>(offset - piece.offset);
  }
  return place;
}

LogicalLine LogicalLine::tail(std::size_t offset) const {
  LogicalLine rest;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const std::size_t end = i + 1 < pieces_.size() ? pieces_[i + 1].offset : text_.size();
    const std::size_t begin = std::max(offset, pieces_[i].offset);
    if (begin < end) rest.append(std::string_view(text_).substr(begin, end - begin), place(begin));
  }
  if (rest.pieces_.empty()) rest.append("", place(text_.size()));
  return rest;
}

// ── DockerfileReader ──

DockerfileReader::DockerfileReader(std::string_view text) : lines_(split_lines(text)) { read_directives(); }

/// "# escape=`", "# syntax=…", "# check=…": only before everything else.
void DockerfileReader::read_directives() {
  for (; at_ < lines_.size(); ++at_) {
    std::string_view line = trim(lines_[at_]);
    if (!line.starts_with('#')) return;
    line = trim(line.substr(1));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return;
    const std::string name = lower(trim(line.substr(0, equals)));
    if (name != "escape" && name != "syntax" && name != "check") return;
    const Place at{static_cast<int>(at_) + 1, 0};
    if (std::find(directives_.begin(), directives_.end(), name) != directives_.end())
      fail_at(at, "only one " + name + " parser directive can be used");
    directives_.push_back(name);
    apply_directive(name, trim(line.substr(equals + 1)), at);
  }
}

void DockerfileReader::apply_directive(const std::string& name, std::string_view value, Place at) {
  if (name == "escape") {
    if (value != "\\" && value != "`") fail_at(at, "invalid escape token '" + std::string(value) + "' does not match ` or \\");
    escape_ = value.front();
  } else if (name == "syntax") {
    // what Docker's own front ends understand is built in, another one is a program that is not
    std::string_view image = value;
    for (const std::string_view prefix : {"docker.io/", "docker/"})
      if (image.starts_with(prefix)) image.remove_prefix(prefix.size());
    if (!value.empty() && !image.starts_with("dockerfile"))
      fail_at(at, "the front end " + std::string(value) + " is not supported: only docker/dockerfile is");
  }
}

std::optional<LogicalLine> DockerfileReader::next() {
  while (at_ < lines_.size() && is_empty_or_comment(lines_[at_])) ++at_;
  if (at_ >= lines_.size()) return std::nullopt;
  return instruction();
}

LogicalLine DockerfileReader::instruction() {
  const std::string_view first = trim_left(lines_[at_]);
  const int column = static_cast<int>(lines_[at_].size() - first.size()) + 1;
  LogicalLine line(first, {static_cast<int>(at_) + 1, column});
  ++at_;
  while (take_continuation(line)) {
    // comments and empty lines between continuation lines are left out
    while (at_ < lines_.size() && is_empty_or_comment(lines_[at_])) ++at_;
    if (at_ >= lines_.size()) break;
    line.append(lines_[at_], {static_cast<int>(at_) + 1, 1});
    ++at_;
  }
  read_heredocs(line);
  return line;
}

bool DockerfileReader::take_continuation(LogicalLine& line) const {
  const std::string_view text = trim_right(line.text());
  if (text.empty() || text.back() != escape_) return false;
  line.drop_mark();
  return true;
}

void DockerfileReader::read_heredocs(LogicalLine& line) {
  const std::vector<std::string> words = split_words(line.text(), escape_);
  const std::string name = words.empty() ? "" : upper(words.front());
  const bool trigger = name == "ONBUILD";
  if (name != "RUN" && name != "COPY" && name != "ADD" && !trigger) return;
  for (const std::string& word : words) {
    auto document = heredoc_of(word);
    if (!document) continue;
    if (trigger) fail_at({line.place().line, 0}, "here-documents are not supported in ONBUILD");
    document->content = heredoc_body(*document, line.place());
    line.heredocs.push_back(std::move(*document));
  }
}

std::string DockerfileReader::heredoc_body(const HereDocument& document, Place at) {
  std::string body;
  while (at_ < lines_.size()) {
    std::string_view line = lines_[at_++];
    if (strips_tabs(document))
      while (line.starts_with('\t')) line.remove_prefix(1);
    if (line == document.name) return body;
    body += line;
    body += '\n';
  }
  fail_at({at.line, 0}, "unterminated heredoc: no line \"" + document.name + "\"");
}

}  // namespace stack::engine::build
