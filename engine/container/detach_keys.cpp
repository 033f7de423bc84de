#include "engine/container/detach_keys.hpp"

#include <cctype>

#include "base/error.hpp"

namespace stack::engine::container {

namespace {

constexpr std::string_view control = "ctrl-";

/// -1: no such key.
int key_code(std::string_view name) {
  if (name.size() == 1) return static_cast<unsigned char>(name.front());
  if (!name.starts_with(control) || name.size() != control.size() + 1) return -1;
  const char key = name.back();
  if (key >= 'a' && key <= 'z') return key - 'a' + 1;
  constexpr std::string_view after_z = "[\\]^_";
  if (key == '@') return 0;
  const auto place = after_z.find(key);
  constexpr int escape = 27;
  return place == std::string_view::npos ? -1 : escape + static_cast<int>(place);
}

}  // namespace

std::string parse_detach_keys(std::string_view text) {
  if (text.empty()) return "\x10\x11";
  std::string keys;
  for (std::string_view rest = text;;) {
    const auto comma = rest.find(',');
    const int code = key_code(rest.substr(0, comma));
    if (code < 0) throw Error(ErrorCode::invalid_argument, "Invalid detach keys (" + std::string(text) + ") provided");
    keys += static_cast<char>(code);
    if (comma == std::string_view::npos) return keys;
    rest.remove_prefix(comma + 1);
  }
}

bool DetachFilter::feed(std::string_view typed, std::string& out) {
  for (const char key : typed) {
    if (key != keys_[matched_]) {
      out.append(keys_, 0, matched_);
      matched_ = 0;
    }
    if (key != keys_[matched_]) {
      out += key;
    } else if (++matched_ == keys_.size()) {
      return true;
    }
  }
  return false;
}

}  // namespace stack::engine::container
