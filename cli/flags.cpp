#include "cli/flags.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>

#include "cli/terminal.hpp"

namespace stack::cli {
namespace {

bool parse_bool(const std::string& name, const std::string& text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  throw FlagError(fmt::format("invalid value \"{}\" for {}: true or false", text, name));
}

int parse_int(const std::string& name, const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size())
    throw FlagError(fmt::format("invalid value \"{}\" for {}: a whole number is needed", text, name));
  return number;
}

std::string with_space(std::string_view names) {
  std::string result;
  for (const char c : names) {
    result += c;
    if (c == ',') result += ' ';
  }
  return result;
}

/// Appends `text` wrapped at `columns`, continuation lines indented by `indent`; the cursor is at column `indent`.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent, std::size_t columns) {
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column != indent && column + 1 + end > columns) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column != indent) {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

/// Insertions, deletions, substitutions and swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t substituted = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, substituted});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::string result;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best) {
      best = distance;
      result = candidate;
    }
  }
  return result;
}

namespace {

CommandDescription* wanted_description = nullptr;  ///< set while describe() runs

struct Describing {
  explicit Describing(CommandDescription& description) { wanted_description = &description; }
  ~Describing() { wanted_description = nullptr; }
  Describing(const Describing&) = delete;
  Describing& operator=(const Describing&) = delete;
};

/// `parser_text`: the name of the flag, a colon, and words of the parser's own.
[[noreturn]] void fail_without_value(const CommandDescription& command, const std::string& parser_text) {
  const std::string name = parser_text.substr(0, parser_text.find(':'));
  for (const FlagDescription& flag : command.flags)
    if (("," + flag.names + ",").find("," + name + ",") != std::string::npos)
      throw FlagError(fmt::format("{} needs a value: {} {}", with_space(flag.names), name, flag.metavar));
  throw FlagError(parser_text);
}

}  // namespace

CommandDescription describe(const std::function<void()>& command) {
  CommandDescription description;
  const Describing describing(description);
  command();
  return description;
}

Flags::Flags(std::string usage, std::string about) : usage_(std::move(usage)), about_(std::move(about)) {
  not_yet("--dry-run");
}

CommandDescription Flags::description() const {
  CommandDescription description{.usage = usage_, .about = about_, .epilog = epilog_, .flags = {}};
  for (const Flag& flag : flags_)
    if (!flag.help.empty()) description.flags.push_back({.names = flag.names, .metavar = flag.metavar, .help = flag.help});
  return description;
}

void Flags::add(std::string_view names, std::string_view metavar, std::string_view help,
                std::function<void(const std::string&)> set) {
  flags_.push_back({.names = std::string(names),
                    .metavar = std::string(metavar),
                    .help = std::string(help),
                    .takes_value = !metavar.empty(),
                    .set = std::move(set)});
}

void Flags::flag(std::string_view names, bool& target, std::string_view help) {
  add(names, "", help, [&target, name = with_space(names)](const std::string& text) { target = parse_bool(name, text); });
}

void Flags::flag(std::string_view names, std::optional<bool>& target, std::string_view help) {
  add(names, "", help, [&target, name = with_space(names)](const std::string& text) { target = parse_bool(name, text); });
}

void Flags::value(std::string_view names, std::string& target, std::string_view metavar, std::string_view help) {
  add(names, metavar, help, [&target](const std::string& text) { target = text; });
}

void Flags::value(std::string_view names, std::optional<std::string>& target, std::string_view metavar, std::string_view help) {
  add(names, metavar, help, [&target](const std::string& text) { target = text; });
}

void Flags::value(std::string_view names, std::optional<int>& target, std::string_view metavar, std::string_view help) {
  add(names, metavar, help, [&target, name = with_space(names)](const std::string& text) { target = parse_int(name, text); });
}

void Flags::values(std::string_view names, std::vector<std::string>& target, std::string_view metavar, std::string_view help) {
  add(names, metavar, help, [&target](const std::string& text) { target.push_back(text); });
}

void Flags::not_yet(std::string_view names, std::string_view metavar) {
  const auto refuse = [name = with_space(names), is_switch = metavar.empty()](const std::string& text) {
    if (!is_switch || parse_bool(name, text)) throw FlagError(name + " is not supported yet");
  };
  add(names, metavar, "", refuse);
}

void Flags::arguments(std::vector<std::string>& target, std::size_t minimum, std::size_t maximum) {
  arguments_ = &target;
  minimum_ = minimum;
  maximum_ = maximum;
}

void Flags::command_line(std::vector<std::string>& target, std::size_t minimum) {
  arguments(target, minimum);
  stop_at_first_argument_ = true;
}

/// `-f=false` and `-n=5`, which CLI11 does not know, as `--flag=false` or `-n 5`. What follows the first argument is another
/// program's when stop_at_first_argument_.
std::vector<std::string> Flags::without_short_equals(const std::vector<std::string>& arguments) const {
  std::vector<std::string> out;
  bool ours = true;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    const bool is_flag = word.size() > 1 && word[0] == '-';
    ours = ours && word != "--" && (is_flag || !stop_at_first_argument_);
    const std::size_t length = word.starts_with("--") ? word.find('=') : 2;
    const auto flag = std::find_if(flags_.begin(), flags_.end(), [&](const Flag& candidate) {
      return is_flag && ("," + candidate.names + ",").find("," + word.substr(0, length) + ",") != std::string::npos;
    });
    if (!ours || flag == flags_.end()) {
      out.push_back(word);
    } else if (word[1] != '-' && word.size() > 2 && word[2] == '=') {
      const std::size_t name = flag->names.find("--");
      out.push_back(flag->takes_value || name == std::string::npos
                        ? word.substr(0, 2)
                        : flag->names.substr(name, flag->names.find(',', name) - name) + word.substr(2));
      if (flag->takes_value) out.push_back(word.substr(3));
    } else {
      out.push_back(word);
      const bool value_follows = flag->takes_value && (word.size() == 2 || (word[1] == '-' && length == std::string::npos));
      if (value_follows && i + 1 < arguments.size()) out.push_back(arguments[++i]);
    }
  }
  return out;
}

bool Flags::parse(const std::vector<std::string>& arguments) {
  if (wanted_description) {
    *wanted_description = description();
    return false;
  }
  CLI::App app;
  bool help_wanted = false;
  app.set_help_flag();
  app.allow_extras();
  app.prefix_command(stop_at_first_argument_);
  std::vector<std::string> plain;
  for (const Flag& flag : flags_) {
    if (flag.takes_value) {
      app.add_option_function<std::vector<std::string>>(flag.names,
                                                        [&flag](const std::vector<std::string>& values) {
                                                          for (const std::string& value : values) flag.set(value);
                                                        })
          ->expected(1)
          ->allow_extra_args(false)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    } else {
      // As text, so that `--wait=false` works; given twice, the last one counts.
      app.add_flag_function(flag.names, [](std::int64_t) {})
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
          ->each([&flag](const std::string& text) { flag.set(text); });
    }
  }
  const bool own_h = std::any_of(flags_.begin(), flags_.end(), [](const Flag& flag) { return flag.names.starts_with("-h,"); });
  app.add_flag(own_h ? "--help" : "-h,--help", help_wanted);
  if (!stop_at_first_argument_) app.add_option("arguments", plain)->expected(-1);
  try {
    const std::vector<std::string> words = without_short_equals(arguments);
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ArgumentMismatch& error) {
    fail_without_value(description(), error.what());
  } catch (const CLI::ParseError& error) {
    throw FlagError(error.what());
  }
  if (help_wanted) {
    const std::string text = help(terminal_columns(STDOUT_FILENO).value_or(80));
    std::fwrite(text.data(), 1, text.size(), stdout);
    return false;
  }
  std::vector<std::string> remaining = app.remaining();
  check_unknown(remaining);
  take_arguments(stop_at_first_argument_ ? std::move(remaining) : std::move(plain));
  return true;
}

void Flags::check_unknown(const std::vector<std::string>& remaining) const {
  if (remaining.empty()) return;
  const std::string& first = remaining.front();
  if (stop_at_first_argument_ && (first.size() < 2 || first[0] != '-')) return;
  const std::string name = first.substr(0, first.find('='));
  std::vector<std::string> known{"--help"};
  for (const Flag& flag : flags_) {
    for (std::size_t at = flag.names.find("--"); at != std::string::npos && !flag.help.empty();
         at = flag.names.find("--", at + 1))
      known.push_back(flag.names.substr(at, flag.names.find(',', at) - at));
  }
  const std::string guess = name.starts_with("--") ? nearest(name, known) : "";
  if (guess.empty()) throw UnknownFlag("unknown flag: " + name);
  throw FlagError(fmt::format("unknown flag: {} (did you mean {}?)", name, guess));
}

void Flags::take_arguments(std::vector<std::string> arguments) {
  const std::size_t maximum = arguments_ ? maximum_ : 0;
  if (arguments.size() < minimum_)
    throw UsageError(fmt::format("at least {} argument{} needed, got {}\nUsage:  stack {}", minimum_,
                                 minimum_ == 1 ? " is" : "s are", arguments.size(), usage_));
  if (arguments.size() > maximum)
    throw UsageError(fmt::format("unexpected argument \"{}\"\nUsage:  stack {}", arguments[maximum], usage_));
  if (arguments_) *arguments_ = std::move(arguments);
}

std::string Flags::help(std::size_t columns) const {
  constexpr std::size_t widest_left = 34;
  std::string out = fmt::format("Usage:  stack {}\n\n", usage_);
  append_wrapped(out, about_, 0, columns);
  std::vector<std::pair<std::string, std::string>> lines;
  std::size_t left = 0;
  for (const Flag& flag : flags_) {
    if (flag.help.empty()) continue;
    std::string names = (flag.names.starts_with("--") ? "      " : "  ") + with_space(flag.names);
    if (flag.takes_value) names += ' ' + flag.metavar;
    if (names.size() <= widest_left) left = std::max(left, names.size());
    lines.emplace_back(std::move(names), flag.help);
  }
  if (!lines.empty()) out += "\nOptions:\n";
  for (const auto& [names, help] : lines) {
    out += names;
    if (names.size() > left)
      out += '\n' + std::string(left + 3, ' ');
    else
      out += std::string(left + 3 - names.size(), ' ');
    append_wrapped(out, help, left + 3, std::max(columns, left + 30));
  }
  if (!epilog_.empty()) out += '\n' + epilog_;
  return out;
}

}  // namespace stack::cli
