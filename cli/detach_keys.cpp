#include "cli/detach_keys.hpp"

#include <fmt/format.h>

#include "cli/docker_config.hpp"
#include "cli/flags.hpp"

namespace stack::cli {
namespace {

char key_of(std::string_view name, std::string_view whole) {
  constexpr std::string_view prefix = "ctrl-";
  constexpr std::string_view others = "[\\]^_";  // they follow Ctrl-Z
  if (name.size() == 1) return name.front();
  const char key = name.size() == prefix.size() + 1 && name.starts_with(prefix) ? name.back() : '\0';
  if (key >= 'a' && key <= 'z') return static_cast<char>(key - 'a' + 1);
  if (key == '@') return '\0';
  if (const std::size_t found = others.find(key); key != '\0' && found != std::string_view::npos)
    return static_cast<char>(27 + found);
  throw UsageError(
      fmt::format("invalid detach keys \"{}\": \"{}\" is neither a character nor ctrl- and a letter", whole, name));
}

}  // namespace

std::string parse_detach_keys(std::string_view text) {
  std::string keys;
  if (text.empty()) text = default_detach_keys;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',', 1);  // a comma may be a key
    keys += key_of(rest.substr(0, comma), text);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return keys;
}

std::string chosen_detach_keys(const std::string& flag) {
  std::string keys = flag.empty() ? read_docker_config().detach_keys : flag;
  parse_detach_keys(keys);  // wrong ones are found before anything is asked
  return keys;
}

std::string DetachKeys::feed(std::string_view typed) {
  std::string out;
  for (const char c : typed) {
    if (complete()) return out;
    if (!keys_.empty() && c == keys_[matched_]) {
      ++matched_;
      continue;
    }
    out.append(keys_, 0, matched_);
    matched_ = !keys_.empty() && c == keys_.front() ? 1 : 0;
    if (matched_ == 0) out += c;
  }
  return out;
}

}  // namespace stack::cli
