#include "cli/completion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/global_flags.hpp"

namespace stack::cli {
namespace {

using Words = std::span<const std::string>;

/// "-d,--detach" → both names.
std::vector<std::string> names_of(const FlagDescription& flag) {
  std::vector<std::string> names;
  std::size_t at = 0;
  while (at <= flag.names.size()) {
    const std::size_t comma = std::min(flag.names.find(',', at), flag.names.size());
    names.push_back(flag.names.substr(at, comma - at));
    at = comma + 1;
  }
  return names;
}

const FlagDescription* find_flag(const CommandDescription& command, const std::string& word) {
  for (const FlagDescription& flag : command.flags) {
    const std::vector<std::string> names = names_of(flag);
    if (std::find(names.begin(), names.end(), word) != names.end()) return &flag;
  }
  return nullptr;
}

/// Walks the words of one level (the program's or a command's) up to the one being typed.
struct Position {
  const FlagDescription* value_of = nullptr;  ///< the word being typed is this flag's value
  std::size_t arguments = 0;                  ///< words before it that are no flags and no values
  std::size_t first_argument = 0;             ///< index of the first of them
};

Position position_in(const CommandDescription& level, Words words, bool stop_at_argument) {
  Position position;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.size() > 1 && word[0] == '-') {
      const FlagDescription* flag = find_flag(level, word);
      if (!flag || flag->metavar.empty()) continue;
      if (i + 2 == words.size()) position.value_of = flag;
      ++i;
      continue;
    }
    if (position.arguments++ == 0) position.first_argument = i;
    if (stop_at_argument) return position;
  }
  return position;
}

class Completer {
public:
  Completer(Words words, const Names& names) : words_(words), current_(words.back()), names_(names) {}

  Completion run() {
    std::vector<std::string> ignored;
    GlobalFlagTexts texts;
    Flags flags = global_flags(global_, texts, ignored);
    const CommandDescription program = flags.description();
    const Position at = position_in(program, words_, true);
    if (at.arguments == 0) {
      complete_level(program, at, commands());
      return std::move(result_);
    }
    read_global_flags(flags, at.first_argument);
    Words rest = words_.subspan(at.first_argument);
    std::span<const Command> candidates = commands();
    while (const Command* command = find(candidates, rest.front())) {
      rest = rest.subspan(1);
      if (command->run) {
        const CommandDescription description = describe([command] { command->run({}); });
        complete_level(description, position_in(description, rest, takes_a_command(description)), {});
        break;
      }
      candidates = command->children;
      if (rest.size() == 1) {
        add_commands(candidates);
        break;
      }
    }
    return std::move(result_);
  }

private:
  static const Command* find(std::span<const Command> commands, const std::string& name) {
    const auto found = std::find_if(commands.begin(), commands.end(), [&](const Command& c) { return c.name == name; });
    return found == commands.end() ? nullptr : &*found;
  }

  /// Behind SERVICE stands another program's command line.
  static bool takes_a_command(const CommandDescription& command) { return command.usage.find("[ARG...]") != std::string::npos; }

  void read_global_flags(Flags& flags, std::size_t count) {
    try {
      flags.parse({words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(count)});
    } catch (const Error&) {  // then without them
    }
  }

  void complete_level(const CommandDescription& level, const Position& at, std::span<const Command> commands) {
    if (at.value_of) return add_values(*at.value_of);
    if (current_.starts_with('-') && !(takes_a_command(level) && at.arguments > 0)) return add_flags(level);
    if (!commands.empty()) return add_commands(commands);
    add_arguments(level, at.arguments);
  }

  void add(std::string text, std::string_view help) {
    if (text.starts_with(current_)) result_.candidates.push_back({.text = std::move(text), .help = std::string(help)});
  }

  void add_commands(std::span<const Command> commands) {
    for (const Command& command : commands)
      if (!command.summary.empty()) add(std::string(command.name), command.summary);
  }

  void add_flags(const CommandDescription& level) {
    for (const FlagDescription& flag : level.flags)
      for (const std::string& name : names_of(flag)) add(name, flag.help);
    add("--help", "Show what it does and its flags");
  }

  void add_names(std::string_view kind, const std::string& suffix = {}) {
    for (const std::string& name : names_(global_, kind)) add(name + suffix, kind);
  }

  void add_values(const FlagDescription& flag) {
    if (flag.metavar == "SERVICE") return add_names("service");
    if (flag.metavar == "SERVICE=N") return add_names("service", "=");
    if (flag.metavar == "NETWORK") return add_names("network");
    if (flag.metavar == "FILE") result_.paths = Completion::Paths::files;
    if (flag.metavar == "DIR") result_.paths = Completion::Paths::directories;
    if (flag.names == "--progress")
      for (const char* mode : {"auto", "tty", "plain", "json", "quiet"}) add(mode, "");
    if (flag.names == "--ansi")
      for (const char* when : {"auto", "always", "never"}) add(when, "");
    if (flag.metavar == "STATUS")
      for (const char* state : {"paused", "restarting", "removing", "running", "dead", "created", "exited"}) add(state, "");
    if (flag.metavar == "SIGNAL")
      for (const char* signal : {"SIGTERM", "SIGKILL", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2"}) add(signal, "");
  }

  /// The usage tells: "port [OPTIONS] SERVICE PRIVATE_PORT" wants one service, "up [OPTIONS] [SERVICE...]" any number.
  void add_arguments(const CommandDescription& command, std::size_t before) {
    const auto has = [&](std::string_view text) { return command.usage.find(text) != std::string::npos; };
    if (has("SERVICE=N"))
      add_names("service", "=");
    else if (has("SERVICE...") || (has("SERVICE") && before == 0))
      add_names("service");
    else if (const std::string_view kind = kind_wanted(command.usage, before); !kind.empty())
      add_names(kind);
    else if (has(" NAME..."))  // of whatever there is
      for (const char* kind : {"container", "image", "network", "volume"}) add_names(kind);
    else if (has("FILE") || (takes_a_command(command) && before > 0))
      result_.paths = Completion::Paths::files;
    else if (has("bash|zsh|fish"))
      for (const char* shell : {"bash", "zsh", "fish"}) add(shell, "");
  }

  /// Of docker's commands: "network connect [OPTIONS] NETWORK CONTAINER" wants a container behind the network.
  static std::string_view kind_wanted(std::string_view usage, std::size_t before) {
    struct Kind {
      std::string_view word, several, name;
    };
    static constexpr std::array kinds{Kind{"CONTAINER", "CONTAINER...", "container"}, Kind{"IMAGE", "IMAGE...", "image"},
                                      Kind{"NETWORK", "NETWORK...", "network"}, Kind{"VOLUME", "VOLUME...", "volume"}};
    for (const Kind& kind : kinds)
      if (usage.find(" " + std::string(kind.several)) != std::string_view::npos) return kind.name;
    constexpr std::string_view options = "[OPTIONS] ";
    std::string_view arguments = usage.substr(std::min(usage.find_first_of("[ABCDEFGHIJKLMNOPQRSTUVWXYZ"), usage.size()));
    if (arguments.starts_with(options)) arguments.remove_prefix(options.size());
    for (; before > 0; --before) arguments.remove_prefix(std::min(arguments.find(' '), arguments.size() - 1) + 1);
    for (const Kind& kind : kinds)
      if (arguments.substr(0, arguments.find(' ')) == kind.word) return kind.name;
    return {};
  }

  Words words_;
  const std::string& current_;
  const Names& names_;
  GlobalOptions global_;
  Completion result_;
};

constexpr std::string_view bash_script =
    R"SCRIPT(# bash completion of stack: source this file, or put it where bash-completion looks.
_stack() {
  local current=${COMP_WORDS[COMP_CWORD]} word line
  local -a words=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == = ]] || words+=("$word")  # bash takes --flag=value for three words
  done
  [[ $current == = ]] && current=
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
      :directories) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
      *=$'\t'*) compopt -o nospace; COMPREPLY+=("${line%%$'\t'*}") ;;
      ?*) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <("${COMP_WORDS[0]}" completion words "${words[@]}" "$current" 2>/dev/null)
}
complete -F _stack stack
)SCRIPT";

constexpr std::string_view zsh_script = R"SCRIPT(#compdef stack
# zsh completion of stack: put this file into a directory of $fpath as _stack.
_stack() {
  local line
  local -a candidates
  for line in "${(@f)$(${words[1]} completion words "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :files) _files ;;
      :directories) _files -/ ;;
      ?*) candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
    esac
  done
  (( $#candidates )) && _describe stack candidates
}
if [ "$funcstack[1]" = _stack ]; then _stack "$@"; else compdef _stack stack; fi
)SCRIPT";

constexpr std::string_view fish_script =
    R"SCRIPT(# fish completion of stack: put this file into a completions directory as stack.fish.
function __stack_candidates
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  for line in ($words[1] completion words $words[2..-1] "$current" 2>/dev/null)
    switch $line
      case ':files'
        __fish_complete_path $current
      case ':directories'
        __fish_complete_directories $current
      case '*'
        echo $line
    end
  end
end
complete -c stack -e  # fish has one for the Haskell tool of this name
complete -c stack -f -a '(__stack_candidates)'
)SCRIPT";

}  // namespace

Completion complete(const std::vector<std::string>& words, const Names& names) {
  if (words.empty()) return complete({""}, names);
  return Completer(words, names).run();
}

std::string completion_script(const std::string& shell) {
  if (shell == "bash") return std::string(bash_script);
  if (shell == "zsh") return std::string(zsh_script);
  if (shell == "fish") return std::string(fish_script);
  throw UsageError(fmt::format("no completion for the shell \"{}\": bash, zsh or fish", shell));
}

}  // namespace stack::cli
