#pragma once
// The keys that leave a container's terminal and let it run on: Ctrl-P Ctrl-Q, or what --detach-keys says.
#include <string>
#include <string_view>

namespace stack::cli {

inline constexpr std::string_view default_detach_keys = "ctrl-p,ctrl-q";

/// "ctrl-p,ctrl-q", "a,ctrl-@": one character or ctrl- and a letter or one of @ [ \ ] ^ _ each, parted by commas → the bytes a
/// terminal sends for them; nothing means the default ones. Throws UsageError.
std::string parse_detach_keys(std::string_view text);

/// What --detach-keys says (`flag`), else docker's config.json, else the default, as text that parse_detach_keys() takes.
/// Throws UsageError.
std::string chosen_detach_keys(const std::string& flag);

/// Looks for the keys in what is typed.
class DetachKeys {
public:
  explicit DetachKeys(std::string keys) : keys_(std::move(keys)) {}

  /// Returns what goes on to the container: the beginning of the keys is held back until it is known what follows.
  std::string feed(std::string_view typed);
  bool complete() const { return !keys_.empty() && matched_ == keys_.size(); }

private:
  std::string keys_;
  std::size_t matched_ = 0;
};

}  // namespace stack::cli
