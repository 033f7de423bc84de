#include "engine/build/parser.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/build/run_mount.hpp"
#include "engine/build/shell_words.hpp"
#include "engine/build/text.hpp"

namespace stack::engine::build {

namespace {

using Kind = Instruction::Kind;

/// How a "--flag" is written.
enum class FlagForm { value, boolean };

struct FlagRule {
  std::string_view name;
  FlagForm form = FlagForm::value;
};

struct Keyword {
  std::string_view text;
  Kind kind;
  std::vector<FlagRule> flags;  ///< accepted ones
};

const std::vector<Keyword>& keywords() {
  static const std::vector<Keyword> table{
      {"ADD", Kind::add, {{"chown"}, {"chmod"}, {"exclude"}, {"link", FlagForm::boolean}}},
      {"ARG", Kind::arg, {}},
      {"CMD", Kind::cmd, {}},
      {"COPY",
       Kind::copy,
       {{"from"}, {"chown"}, {"chmod"}, {"exclude"}, {"link", FlagForm::boolean}, {"parents", FlagForm::boolean}}},
      {"ENTRYPOINT", Kind::entrypoint, {}},
      {"ENV", Kind::env, {}},
      {"EXPOSE", Kind::expose, {}},
      {"FROM", Kind::from, {{"platform"}}},
      {"HEALTHCHECK", Kind::healthcheck, {{"interval"}, {"timeout"}, {"start-period"}, {"start-interval"}, {"retries"}}},
      {"LABEL", Kind::label, {}},
      {"MAINTAINER", Kind::maintainer, {}},
      {"ONBUILD", Kind::onbuild, {}},
      {"RUN", Kind::run, {{"network"}, {"mount"}}},
      {"SHELL", Kind::shell, {}},
      {"STOPSIGNAL", Kind::stopsignal, {}},
      {"USER", Kind::user, {}},
      {"VOLUME", Kind::volume, {}},
      {"WORKDIR", Kind::workdir, {}},
  };
  return table;
}

/// Flags of Docker's that are refused with a reason.
constexpr std::array<std::array<std::string_view, 3>, 6> refused_flags{{
    {"RUN", "security", "commands run with the usual privileges"},
    {"RUN", "device", "devices cannot be given to a build"},
    {"ADD", "checksum", "there are no downloads to check"},
    {"ADD", "keep-git-dir", "Git repositories cannot be added"},
    {"ADD", "unpack", "archives of the context are always unpacked, COPY leaves them as they are"},
    {"ADD", "parents", "COPY has it"},
}};

[[noreturn]] void fail(int line, const std::string& reason) { fail_at({line, 0}, reason); }

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

[[noreturn]] void refuse_flag(const Keyword& keyword, const std::string& name, Place at) {
  for (const auto& [instruction, flag, reason] : refused_flags)
    if (instruction == keyword.text && flag == name)
      fail_at(at, std::string(instruction) + " --" + name + " is not supported: " + std::string(reason));
  std::string known;
  for (const FlagRule& rule : keyword.flags) known += (known.empty() ? " (known are --" : ", --") + std::string(rule.name);
  fail_at(at, "unknown flag: --" + name + (known.empty() ? "" : known + ")"));
}

Instruction::Flag parse_flag(const Keyword& keyword, std::string_view text, Place at) {
  const std::size_t equals = text.find('=');
  Instruction::Flag flag{std::string(text.substr(0, equals)), "", at};
  const auto rule =
      std::find_if(keyword.flags.begin(), keyword.flags.end(), [&](const FlagRule& entry) { return entry.name == flag.name; });
  if (rule == keyword.flags.end()) refuse_flag(keyword, flag.name, at);
  if (equals != std::string_view::npos) flag.value = text.substr(equals + 1);
  if (rule->form == FlagForm::boolean) {
    if (equals == std::string_view::npos) flag.value = "true";
    if (flag.value != "true" && flag.value != "false")
      fail_at(at, "expecting boolean value for flag --" + flag.name + ", not: " + flag.value);
  } else if (flag.value.empty()) {
    fail_at(at, "missing a value on flag: --" + flag.name);
  }
  return flag;
}

/// "--name=value --flag rest": takes the flags off the front; returns where the rest begins.
std::size_t take_flags(Instruction& instruction, const Keyword& keyword, const LogicalLine& line, std::size_t at, char escape) {
  const std::string_view text = line.text();
  while (text.substr(at).starts_with("--")) {
    std::size_t end = at;
    while (end < text.size() && !is_blank(text[end])) end += text[end] == escape && end + 1 < text.size() ? 2 : 1;
    end = std::min(end, text.size());
    if (end == at + 2) break;  // "--" ends the flags
    instruction.flags.push_back(parse_flag(keyword, text.substr(at + 2, end - at - 2), line.place(at)));
    at = end;
    while (at < text.size() && is_blank(text[at])) ++at;
  }
  return at;
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
  for (const HereDocument& document : instruction.heredocs)
    if (const auto word = std::find(instruction.words.begin(), instruction.words.end(), document.word);
        word != instruction.words.end())
      instruction.words.erase(word);
  const std::size_t given = instruction.words.size() + instruction.heredocs.size();
  if (given == 0)
    fail(instruction.line,
         name + " requires at least two arguments, but none were provided. Source and destination are missing");
  if (given < 2)
    fail(instruction.line,
         name + " requires at least two arguments, but only one was provided. Destination could not be determined");
  if (instruction.words.empty()) fail(instruction.line, name + ": the destination cannot be a here-document");
  if (!instruction.heredocs.empty() && instruction.flag("from"))
    fail(instruction.line, name + ": here-documents cannot be combined with --from");
}

void parse_run(Instruction& instruction) {
  for (const Instruction::Flag& flag : instruction.flags) {
    if (flag.name != "mount") continue;
    try {
      check_run_mount(flag.value);
    } catch (const Error& error) {
      fail_at(flag.at, error.what());
    }
  }
  if (instruction.words.empty()) fail(instruction.line, "RUN requires at least one argument");
  if (instruction.is_json) return;
  instruction.script = instruction.heredocs.size() == 1 && instruction.rest == instruction.heredocs.front().word;
  if (instruction.script) return;
  for (const HereDocument& document : instruction.heredocs)  // the shell's own here-documents
    instruction.rest += "\n" + document.content + document.name;
  if (!instruction.heredocs.empty()) instruction.rest += "\n";
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

Instruction parse_line(const LogicalLine& line, char escape);

void parse_onbuild(const Instruction& instruction, const LogicalLine& line, char escape) {
  if (instruction.rest.empty()) fail(instruction.line, "ONBUILD requires at least one argument");
  const Instruction trigger = parse_line(line, escape);
  if (trigger.kind == Kind::onbuild) fail(instruction.line, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (trigger.kind == Kind::from || trigger.kind == Kind::maintainer)
    fail(instruction.line, std::string(keyword(trigger.kind)) + " isn't allowed as an ONBUILD trigger");
}

void check_arg(const Instruction& instruction) {
  if (instruction.words.empty()) fail(instruction.line, "ARG requires at least one argument");
  for (const auto& word : instruction.words)
    if (word.starts_with('=')) fail(instruction.line, "ARG names can not be blank");
}

/// Splits what is behind the keyword and the flags, `line`, as this kind of instruction wants it.
void parse_arguments(Instruction& instruction, const LogicalLine& line, char escape) {
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
    case Kind::onbuild: parse_onbuild(instruction, line, escape); return;
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
    case Kind::run: parse_run(instruction); return;
    default: return;
  }
}

Instruction parse_line(const LogicalLine& line, char escape) {
  const std::string_view text = line.text();
  Instruction instruction;
  instruction.line = line.place().line;
  instruction.original = trim(text);
  instruction.heredocs = line.heredocs;
  const std::size_t end = std::min(text.find_first_of(" \t\n\r\v\f"), text.size());
  const std::string name = upper(text.substr(0, end));
  const auto found =
      std::find_if(keywords().begin(), keywords().end(), [&](const Keyword& entry) { return entry.text == name; });
  if (found == keywords().end()) fail(instruction.line, "unknown instruction: " + std::string(text.substr(0, end)));
  instruction.kind = found->kind;
  std::size_t at = end;
  while (at < text.size() && is_blank(text[at])) ++at;
  at = take_flags(instruction, *found, line, at, escape);
  instruction.rest = trim(text.substr(at));
  parse_arguments(instruction, line.tail(at), escape);
  return instruction;
}

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
  for (auto flag = flags.rbegin(); flag != flags.rend(); ++flag)
    if (flag->name == name) return flag->value;
  return std::nullopt;
}

bool Instruction::is_set(std::string_view name) const { return flag(name) == "true"; }

std::string_view keyword(Instruction::Kind kind) {
  for (const auto& entry : keywords())
    if (entry.kind == kind) return entry.text;
  return "";
}

Instruction parse_instruction(std::string_view text, int line, char escape) {
  return parse_line(LogicalLine(trim(text), {line, 1}), escape);
}

Dockerfile parse_dockerfile(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (text.find('\0') != std::string_view::npos)
    throw Error(ErrorCode::invalid_argument, "dockerfile parse error: the file holds a NUL byte");
  DockerfileReader reader(text);
  Dockerfile file;
  file.escape = reader.escape();
  while (const auto line = reader.next()) {
    std::optional<Instruction> instruction = parse_line(*line, file.escape);
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
