#pragma once
// The words of a command line in runc's manner: "-p VALUE", "--pid-file VALUE", "--pid-file=VALUE", then what is no flag.
#include <map>
#include <span>
#include <string>
#include <vector>

namespace stack::engine::shim::oci {

struct Flag {
  const char* name;  ///< "pid-file"
  char letter;       ///< 0: none
  bool takes_value;
};

struct Arguments {
  std::map<std::string, std::vector<std::string>> flags;  ///< by long name, values in order; of a flag without value: "true"
  std::vector<std::string> words;                         ///< what follows the flags

  bool has(const std::string& name) const;  ///< and not switched off by "--name=false"
  std::string get(const std::string& name, const std::string& otherwise = {}) const;
  std::vector<std::string> all(const std::string& name) const;
};

/// Flags end at "--", and at the first other word. Throws invalid_argument for an unknown flag and for one whose value is
/// missing.
Arguments parse_arguments(std::span<const std::string> words, std::span<const Flag> known);

/// "10", "TERM" or "SIGTERM". Throws invalid_argument.
int parse_signal(const std::string& text);

/// A whole number. Throws invalid_argument naming `what`.
std::int64_t parse_number(const std::string& text, const std::string& what);

}  // namespace stack::engine::shim::oci
