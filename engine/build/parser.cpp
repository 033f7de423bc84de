#include "engine/build/parser.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/build/shell_words.hpp"

namespace stack::engine::build {

namespace {

using Kind = Instruction::Kind;

struct Keyword {
  std::string_view text;
  Kind kind;
  std::array<std::string_view, 4> flags;  ///< accepted "--" flags
};

constexpr std::array keywords{
    Keyword{"ADD", Kind::add, {"chown", "chmod", "link"}},
    Keyword{"ARG", Kind::arg, {}},
    Keyword{"CMD", Kind::cmd, {}},
    Keyword{"COPY", Kind::copy, {"from", "chown", "chmod", "link"}},
    Keyword{"ENTRYPOINT", Kind::entrypoint, {}},
    Keyword{"ENV", Kind::env, {}},
    Keyword{"EXPOSE", Kind::expose, {}},
    Keyword{"FROM", Kind::from, {"platform"}},
    Keyword{"HEALTHCHECK", Kind::healthcheck, {}},  // its own five, see below
    Keyword{"LABEL", Kind::label, {}},
    Keyword{"MAINTAINER", Kind::maintainer, {}},
    Keyword{"ONBUILD", Kind::onbuild, {}},
    Keyword{"RUN", Kind::run, {"network", "mount", "security"}},
    Keyword{"SHELL", Kind::shell, {}},
    Keyword{"STOPSIGNAL", Kind::stopsignal, {}},
    Keyword{"USER", Kind::user, {}},
    Keyword{"VOLUME", Kind::volume, {}},
    Keyword{"WORKDIR", Kind::workdir, {}},
};
constexpr std::array<std::string_view, 5> health_flags{"interval", "timeout", "start-period", "start-interval", "retries"};

[[noreturn]] void fail(int line, const std::string& reason) {
  throw Error(ErrorCode::invalid_argument, "dockerfile parse error on line " + std::to_string(line) + ": " + reason);
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f'; }

std::string_view trim_left(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}
std::string_view trim_right(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}
std::string_view trim(std::string_view text) { return trim_left(trim_right(text)); }

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return result;
}
std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

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

/// A JSON array of strings, or nothing (then the shell form is meant).
std::optional<std::vector<std::string>> json_words(std::string_view text) {
  if (!text.starts_with('[')) return std::nullopt;
  const nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> words;
  for (const auto& item : value) {
    if (!item.is_string()) return std::nullopt;
    words.push_back(item.get<std::string>());
  }
  return words;
}

/// "--name=value --flag rest": takes the flags off the front.
void take_flags(Instruction& instruction, const Keyword& keyword, std::string_view& rest, char escape) {
  while (rest.starts_with("--")) {
    std::size_t end = 0;
    while (end < rest.size() && !is_blank(rest[end])) end += rest[end] == escape && end + 1 < rest.size() ? 2 : 1;
    const std::string_view text = rest.substr(2, end - 2);
    if (text.empty()) return;  // "--" ends the flags
    const std::size_t equals = text.find('=');
    const std::string name(text.substr(0, equals));
    const bool known = keyword.kind == Kind::healthcheck
                           ? std::find(health_flags.begin(), health_flags.end(), name) != health_flags.end()
                           : std::find(keyword.flags.begin(), keyword.flags.end(), name) != keyword.flags.end();
    if (!known) fail(instruction.line, "unknown flag: --" + name);
    instruction.flags.emplace_back(name, equals == std::string_view::npos ? "true" : std::string(text.substr(equals + 1)));
    rest = trim_left(rest.substr(std::min(end, rest.size())));
  }
}

/// ENV and LABEL: "k=v k2=v2", or the old "k rest of the line".
void parse_pairs(Instruction& instruction, char escape) {
  const std::string name(keyword(instruction.kind));
  const std::vector<std::string> words = split_words(instruction.rest, escape);
  if (words.empty()) fail(instruction.line, name + " requires at least one argument");
  if (words.front().find('=') == std::string::npos) {
    const std::string& key = words.front();
    const std::string_view value = trim(std::string_view(instruction.rest).substr(key.size()));
    if (value.empty()) fail(instruction.line, name + " must have two arguments");
    instruction.words = {key, std::string(value)};
    return;
  }
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos)
      fail(instruction.line, "Syntax error - can't find = in \"" + word + "\". Must be of the form: name=value");
    if (equals == 0) fail(instruction.line, name + " names can not be blank");
    instruction.words.push_back(word.substr(0, equals));
    instruction.words.push_back(word.substr(equals + 1));
  }
}

void require_one(const Instruction& instruction) {
  if (instruction.rest.empty())
    fail(instruction.line, std::string(keyword(instruction.kind)) + " requires exactly one argument");
}

void parse_copy(Instruction& instruction) {
  const std::string name(keyword(instruction.kind));
  if (instruction.words.empty())
    fail(instruction.line,
         name + " requires at least two arguments, but none were provided. Source and destination are missing");
  if (instruction.words.size() < 2)
    fail(instruction.line,
         name + " requires at least two arguments, but only one was provided. Destination could not be determined");
  if (instruction.rest.starts_with("<<"))
    fail(instruction.line, "here-documents are not supported in " + name + ": put the file into the context");
}

void parse_healthcheck(Instruction& instruction) {
  const std::string_view rest = instruction.rest;
  const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
  const std::string type = upper(rest.substr(0, end));
  const std::string_view command = trim(rest.substr(end));
  if (type.empty()) fail(instruction.line, "HEALTHCHECK requires at least one argument");
  if (type == "NONE") {
    if (!command.empty()) fail(instruction.line, "HEALTHCHECK NONE takes no arguments");
    instruction.words = {"NONE"};
    return;
  }
  if (type != "CMD") fail(instruction.line, "Unknown type \"" + type + "\" in HEALTHCHECK (try CMD)");
  if (command.empty()) fail(instruction.line, "Missing command after HEALTHCHECK CMD");
  if (auto words = json_words(command)) {
    instruction.words = {"CMD"};
    instruction.words.insert(instruction.words.end(), words->begin(), words->end());
  } else {
    instruction.words = {"CMD-SHELL", std::string(command)};
  }
}

void parse_onbuild(Instruction& instruction, char escape) {
  if (instruction.rest.empty()) fail(instruction.line, "ONBUILD requires at least one argument");
  const Instruction trigger = parse_instruction(instruction.rest, instruction.line, escape);
  if (trigger.kind == Kind::onbuild) fail(instruction.line, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (trigger.kind == Kind::from || trigger.kind == Kind::maintainer)
    fail(instruction.line, std::string(keyword(trigger.kind)) + " isn't allowed as an ONBUILD trigger");
}

void check_arg(const Instruction& instruction) {
  if (instruction.words.empty()) fail(instruction.line, "ARG requires at least one argument");
  for (const auto& word : instruction.words)
    if (word.starts_with('=')) fail(instruction.line, "ARG names can not be blank");
}

/// Splits what is behind the keyword as this kind of instruction wants it.
void parse_arguments(Instruction& instruction, char escape) {
  switch (instruction.kind) {
    case Kind::env:
    case Kind::label: parse_pairs(instruction, escape); return;
    case Kind::arg:
      instruction.words = split_words(instruction.rest, escape);
      check_arg(instruction);
      return;
    case Kind::workdir:
    case Kind::user:
    case Kind::stopsignal:
    case Kind::maintainer: require_one(instruction); return;
    case Kind::healthcheck: parse_healthcheck(instruction); return;
    case Kind::onbuild: parse_onbuild(instruction, escape); return;
    default: break;
  }
  const auto json =
      instruction.kind == Kind::from || instruction.kind == Kind::expose ? std::nullopt : json_words(instruction.rest);
  instruction.is_json = json.has_value();
  instruction.words = json ? *json : split_blanks(instruction.rest);
  switch (instruction.kind) {
    case Kind::add:
    case Kind::copy: parse_copy(instruction); return;
    case Kind::expose:
    case Kind::volume:
      if (instruction.words.empty())
        fail(instruction.line, std::string(keyword(instruction.kind)) + " requires at least one argument");
      return;
    case Kind::shell:
      if (!instruction.is_json) fail(instruction.line, "SHELL requires the arguments to be in JSON form");
      if (instruction.words.empty()) fail(instruction.line, "SHELL requires at least one argument");
      return;
    case Kind::run:
      if (instruction.words.empty()) fail(instruction.line, "RUN requires at least one argument");
      if (instruction.flag("mount")) fail(instruction.line, "the --mount option of RUN is not supported yet");
      if (instruction.flag("security")) fail(instruction.line, "the --security option of RUN is not supported");
      return;
    default: return;
  }
}

struct HeredocStart {
  std::string terminator;
  bool strip_tabs = false;
  bool whole = false;  ///< nothing but the here-document: its body is the script
};

std::optional<HeredocStart> find_heredoc(std::string_view rest) {
  const std::size_t at = rest.find("<<");
  if (at == std::string_view::npos || rest.substr(at).starts_with("<<<")) return std::nullopt;
  HeredocStart start;
  start.whole = at == 0;
  std::string_view word = rest.substr(at + 2);
  if (word.starts_with('-')) {
    start.strip_tabs = true;
    word.remove_prefix(1);
  }
  const char quote = !word.empty() && (word.front() == '"' || word.front() == '\'') ? word.front() : '\0';
  if (quote != '\0') word.remove_prefix(1);
  std::size_t end = 0;
  while (end < word.size() && ((word[end] >= 'A' && word[end] <= 'Z') || (word[end] >= 'a' && word[end] <= 'z') ||
                               word[end] == '_' || (word[end] >= '0' && word[end] <= '9')))
    ++end;
  if (end == 0 || (quote != '\0' && (end >= word.size() || word[end] != quote))) return std::nullopt;
  start.terminator = word.substr(0, end);
  start.whole = start.whole && trim(word.substr(end + (quote != '\0' ? 1 : 0))).empty();
  return start;
}

/// Reads lines into instructions.
class Reader {
public:
  explicit Reader(std::string_view text) : lines_(split_lines(text)) { read_directives(); }

  char escape() const { return escape_; }
  std::optional<Instruction> next() {
    while (at_ < lines_.size()) {
      const std::string_view line = trim_left(lines_[at_]);
      if (!line.empty() && line.front() != '#') return instruction();
      ++at_;
    }
    return std::nullopt;
  }

private:
  /// "# escape=`" and "# syntax=…": only before everything else.
  void read_directives() {
    for (; at_ < lines_.size(); ++at_) {
      std::string_view line = trim(lines_[at_]);
      if (!line.starts_with('#')) return;
      line = trim(line.substr(1));
      const std::size_t equals = line.find('=');
      if (equals == std::string_view::npos) return;
      const std::string name = lower(trim(line.substr(0, equals)));
      const std::string_view value = trim(line.substr(equals + 1));
      if (name == "escape") {
        if (value != "\\" && value != "`")
          fail(static_cast<int>(at_) + 1, "invalid escape token '" + std::string(value) + "' does not match ` or \\");
        escape_ = value.front();
      } else if (name != "syntax" && name != "check") {
        return;
      }
    }
  }

  Instruction instruction() {
    const int line_number = static_cast<int>(at_) + 1;
    std::string text(trim_left(lines_[at_++]));
    while (take_continuation(text)) {
      // comments and empty lines between continuation lines are left out
      while (at_ < lines_.size() && (trim(lines_[at_]).empty() || trim_left(lines_[at_]).starts_with('#'))) ++at_;
      if (at_ >= lines_.size()) break;
      text += lines_[at_++];
    }
    const std::string first_word = upper(std::string_view(text).substr(0, text.find_first_of(" \t")));
    std::string heredoc;
    bool whole = false;
    if (first_word == "RUN") {
      const std::string_view rest = trim(std::string_view(text).substr(3));
      if (const auto start = find_heredoc(rest)) {
        heredoc = read_heredoc(*start, line_number);
        whole = start->whole;
        if (!whole) text += "\n" + heredoc + start->terminator + "\n";  // the shell's own here-document
      }
    }
    Instruction made = parse_instruction(text, line_number, escape_);
    if (whole) made.heredoc = heredoc;
    if (made.heredoc.starts_with("#!"))
      fail(line_number, "a here-document with #! is not supported: COPY the script and run it");
    return made;
  }

  bool take_continuation(std::string& text) const {
    const std::string_view line = trim_right(text);
    if (line.empty() || line.back() != escape_) return false;
    text.resize(line.size() - 1);
    return true;
  }

  std::string read_heredoc(const HeredocStart& start, int line_number) {
    std::string body;
    while (at_ < lines_.size()) {
      std::string_view line = lines_[at_++];
      if (start.strip_tabs)
        while (line.starts_with('\t')) line.remove_prefix(1);
      if (line == start.terminator) return body;
      body += line;
      body += '\n';
    }
    fail(line_number, "unterminated heredoc");
  }

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  char escape_ = '\\';
};

Stage make_stage(const Instruction& from) {
  const auto& words = from.words;
  if (words.size() != 1 && words.size() != 3) fail(from.line, "FROM requires either one or three arguments");
  Stage stage;
  stage.line = from.line;
  stage.from = from;
  stage.base = words.front();
  if (words.size() == 3) {
    if (upper(words[1]) != "AS") fail(from.line, "FROM requires either one or three arguments");
    stage.name = lower(words[2]);
    const bool valid = stage.name.front() >= 'a' && stage.name.front() <= 'z' &&
                       stage.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
    if (!valid)
      fail(from.line, "invalid name for build stage: \"" + words[2] + "\", name can't start with a number or contain symbols");
    if (stage.name == "scratch" || stage.name == "context")
      fail(from.line, "invalid name for build stage: \"" + words[2] + "\", name is reserved");
  }
  return stage;
}

}  // namespace

std::optional<std::string> Instruction::flag(std::string_view name) const {
  for (const auto& [key, value] : flags)
    if (key == name) return value;
  return std::nullopt;
}

std::string_view keyword(Instruction::Kind kind) {
  for (const auto& entry : keywords)
    if (entry.kind == kind) return entry.text;
  return "";
}

Instruction parse_instruction(std::string_view text, int line, char escape) {
  text = trim(text);
  Instruction instruction;
  instruction.line = line;
  instruction.original = text;
  const std::size_t end = std::min(text.find_first_of(" \t\n\r\v\f"), text.size());
  const std::string name = upper(text.substr(0, end));
  const auto found = std::find_if(keywords.begin(), keywords.end(), [&](const Keyword& entry) { return entry.text == name; });
  if (found == keywords.end()) fail(line, "unknown instruction: " + std::string(text.substr(0, end)));
  instruction.kind = found->kind;
  std::string_view rest = trim(text.substr(end));
  take_flags(instruction, *found, rest, escape);
  instruction.rest = rest;
  parse_arguments(instruction, escape);
  return instruction;
}

Dockerfile parse_dockerfile(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (text.find('\0') != std::string_view::npos)
    throw Error(ErrorCode::invalid_argument, "dockerfile parse error: the file holds a NUL byte");
  Reader reader(text);
  Dockerfile file;
  file.escape = reader.escape();
  while (auto instruction = reader.next()) {
    if (instruction->kind == Kind::from) {
      file.stages.push_back(make_stage(*instruction));
    } else if (!file.stages.empty()) {
      file.stages.back().instructions.push_back(std::move(*instruction));
    } else if (instruction->kind == Kind::arg) {
      file.meta_args.push_back(std::move(*instruction));
    } else {
      fail(instruction->line,
           "no build stage in current context: " + std::string(keyword(instruction->kind)) + " comes before the first FROM");
    }
  }
  if (file.stages.empty() && file.meta_args.empty()) throw Error(ErrorCode::invalid_argument, "the Dockerfile cannot be empty");
  if (file.stages.empty())
    throw Error(ErrorCode::invalid_argument, "dockerfile parse error: no FROM: no build stage in current context");
  return file;
}

}  // namespace stack::engine::build
