#include "engine/container/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace stack::engine::container {

namespace {

constexpr std::array qualities{"amber",  "brave",  "brisk",  "calm",   "clear",  "coral", "crisp",  "early", "fair",  "fleet",
                               "frank",  "gentle", "glad",   "golden", "grand",  "green", "humble", "ivory", "keen",  "kind",
                               "lively", "lucid",  "mellow", "merry",  "mild",   "neat",  "noble",  "plain", "proud", "quick",
                               "quiet",  "rapid",  "ready",  "round",  "rustic", "sharp", "silver", "sleek", "sober", "solid",
                               "spry",   "steady", "sunny",  "swift",  "tidy",   "vivid", "warm",   "wise"};
constexpr std::array animals{
    "badger", "beaver", "bittern", "bison",  "crane", "curlew", "dipper", "dolphin", "eider",   "ermine", "falcon", "finch",
    "gannet", "gecko",  "grebe",   "hare",   "heron", "ibex",   "ibis",   "jackdaw", "kestrel", "lark",   "linnet", "lynx",
    "marmot", "marten", "merlin",  "newt",   "otter", "owl",    "petrel", "pipit",   "plover",  "puffin", "quail",  "raven",
    "robin",  "seal",   "shrew",   "siskin", "stoat", "swift",  "teal",   "tern",    "thrush",  "vole",   "weasel", "wren"};

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

std::size_t random_number() {
  const std::string digits = random_hex(8);
  std::size_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

}  // namespace

std::string check_name(std::string_view name) {
  std::string_view bare = name;
  if (!bare.empty() && bare.front() == '/') bare.remove_prefix(1);
  const bool valid = bare.size() >= 2 && is_alphanumeric(bare.front()) && std::all_of(bare.begin(), bare.end(), [](char c) {
                       return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
                     });
  if (!valid)
    throw Error(ErrorCode::invalid_argument,
                fmt::format("Invalid container name ({}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", name));
  return std::string(bare);
}

std::string random_name(const std::function<bool(const std::string&)>& taken) {
  for (std::size_t attempt = 0;; ++attempt) {
    const std::size_t draw = random_number();
    std::string name =
        fmt::format("{}_{}", qualities[draw % qualities.size()], animals[(draw / qualities.size()) % animals.size()]);
    if (attempt >= 4) name += fmt::format("_{}", random_hex(6));  // crowded: a number in the name ends the search
    if (!taken(name)) return name;
  }
}

}  // namespace stack::engine::container
