#pragma once
// The flags of one command: declared once, they are parsed (by CLI11, which only flags.cpp includes) and described by the
// help text. Only the command that was called builds its flags, so the start of the program does not pay for the others.
//
//   UpOptions options;
//   Flags flags("up [OPTIONS] [SERVICE...]", "Create and start containers");
//   flags.flag("-d,--detach", options.detach, "Run containers in the background");
//   flags.value("-t,--timeout", options.timeout, "SECONDS", "Bound of a container's shutdown");
//   flags.arguments(options.services);
//   if (!flags.parse(arguments)) return 0;  // the help was asked for and printed
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace stack::cli {

/// The command line itself is wrong.
class UsageError : public Error {
public:
  explicit UsageError(const std::string& message) : Error(ErrorCode::invalid_argument, message) {}
};

/// A flag is unknown, or its value cannot be read: the docker tools have a status of their own for these.
class FlagError : public UsageError {
public:
  using UsageError::UsageError;
};

class UnknownFlag : public FlagError {
public:
  using FlagError::FlagError;
};

/// What a command accepts, as data: for completions and the manual.
struct FlagDescription {
  std::string names;    ///< "-d,--detach"
  std::string metavar;  ///< empty: it takes no value
  std::string help;
};
struct CommandDescription {
  std::string usage;  ///< "up [OPTIONS] [SERVICE...]"
  std::string about, epilog;
  std::vector<FlagDescription> flags;  ///< those that the help shows
};

class Flags {
public:
  static constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

  Flags(std::string usage, std::string about);

  /// `names` as "-d,--detach" or "--build"; an empty help hides the flag.
  void flag(std::string_view names, bool& target, std::string_view help);
  void flag(std::string_view names, std::optional<bool>& target, std::string_view help);
  void value(std::string_view names, std::string& target, std::string_view metavar, std::string_view help);
  void value(std::string_view names, std::optional<std::string>& target, std::string_view metavar, std::string_view help);
  void value(std::string_view names, std::optional<int>& target, std::string_view metavar, std::string_view help);
  /// May be given several times; a comma does not separate.
  void values(std::string_view names, std::vector<std::string>& target, std::string_view metavar, std::string_view help);

  /// A flag of docker compose that this program does not have yet: using it is an error that says so. An empty metavar: it
  /// takes no value, and `--name=false` is fine.
  void not_yet(std::string_view names, std::string_view metavar = {});

  /// What is not a flag. Flags may stand before, between and after.
  void arguments(std::vector<std::string>& target, std::size_t minimum = 0, std::size_t maximum = any_number);
  /// As arguments(), but flags end at the first of them: the rest belongs to another program (`exec SERVICE COMMAND -x`).
  void command_line(std::vector<std::string>& target, std::size_t minimum);
  /// Text below the flags in the help: notes, examples, a list of commands.
  void epilog(std::string text) { epilog_ = std::move(text); }

  /// Fills the targets. Prints the help to stdout and returns false for --help (-h, unless a flag has that name).
  /// Throws UsageError for what it does not know, naming the nearest flag.
  bool parse(const std::vector<std::string>& arguments);

  /// `columns`: width to wrap at.
  std::string help(std::size_t columns = 80) const;
  CommandDescription description() const;

private:
  struct Flag {
    std::string names, metavar, help;
    bool takes_value = false;
    std::function<void(const std::string& value)> set;
  };
  void add(std::string_view names, std::string_view metavar, std::string_view help,
           std::function<void(const std::string&)> set);
  std::vector<std::string> without_short_equals(const std::vector<std::string>& arguments) const;
  void check_unknown(const std::vector<std::string>& remaining) const;
  void take_arguments(std::vector<std::string> arguments);

  std::string usage_, about_, epilog_;
  std::vector<Flag> flags_;
  std::vector<std::string>* arguments_ = nullptr;
  std::size_t minimum_ = 0, maximum_ = 0;
  bool stop_at_first_argument_ = false;
};

/// Calls `command`, whose parse() then only describes its flags and returns false as for --help.
CommandDescription describe(const std::function<void()>& command);

/// The candidate nearest to `word` (edit distance at most a third of its length, at least one), or "".
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace stack::cli
