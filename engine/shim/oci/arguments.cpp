#include "engine/shim/oci/arguments.hpp"

#include <signal.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "base/error.hpp"

namespace stack::engine::shim::oci {

bool Arguments::has(const std::string& name) const {
  const auto found = flags.find(name);
  return found != flags.end() && found->second.back() != "false";
}

std::string Arguments::get(const std::string& name, const std::string& otherwise) const {
  const auto found = flags.find(name);
  return found == flags.end() ? otherwise : found->second.back();
}

std::vector<std::string> Arguments::all(const std::string& name) const {
  const auto found = flags.find(name);
  return found == flags.end() ? std::vector<std::string>() : found->second;
}

Arguments parse_arguments(std::span<const std::string> words, std::span<const Flag> known) {
  Arguments result;
  std::size_t at = 0;
  for (; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (word == "--") {
      ++at;
      break;
    }
    if (word.size() < 2 || word.front() != '-') break;
    const std::string text = word.substr(word.find_first_not_of('-'));
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const auto flag = std::find_if(known.begin(), known.end(), [&](const Flag& entry) {
      return name == entry.name || (name.size() == 1 && entry.letter == name.front());
    });
    if (flag == known.end()) throw Error(ErrorCode::invalid_argument, "flag provided but not defined: -" + name);
    std::string value = "true";
    if (equals != std::string::npos) {
      value = text.substr(equals + 1);
    } else if (flag->takes_value) {
      if (++at == words.size()) throw Error(ErrorCode::invalid_argument, "flag needs an argument: -" + name);
      value = words[at];
    }
    result.flags[flag->name].push_back(value);
  }
  result.words.assign(words.begin() + static_cast<std::ptrdiff_t>(std::min(at, words.size())), words.end());
  return result;
}

int parse_signal(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) return number;
  std::string name = text;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (name.starts_with("SIG")) name.erase(0, 3);
  for (int signal = 1; signal < NSIG; ++signal)
    if (const char* known = ::sigabbrev_np(signal); known != nullptr && name == known) return signal;
  throw Error(ErrorCode::invalid_argument, "unknown signal \"" + text + "\"");
}

std::int64_t parse_number(const std::string& text, const std::string& what) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size())
    throw Error(ErrorCode::invalid_argument, "invalid value \"" + text + "\" for " + what + ": a whole number is expected");
  return number;
}

}  // namespace stack::engine::shim::oci
