#include "engine/api/path_stat.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.hpp"
#include "base/json.hpp"
#include "engine/api/common_types.hpp"

namespace stack::engine::api {

namespace {

// Go's os.FileMode: permissions as in Unix, everything else counted from the top.
constexpr std::uint32_t go_directory = 1U << 31, go_link = 1U << 27, go_device = 1U << 26, go_fifo = 1U << 25,
                        go_socket = 1U << 24, go_setuid = 1U << 23, go_setgid = 1U << 22, go_character = 1U << 21,
                        go_sticky = 1U << 20;
constexpr std::array<std::pair<mode_t, std::uint32_t>, 6> types{{{S_IFDIR, go_directory},
                                                                 {S_IFLNK, go_link},
                                                                 {S_IFIFO, go_fifo},
                                                                 {S_IFSOCK, go_socket},
                                                                 {S_IFCHR, go_device | go_character},
                                                                 {S_IFBLK, go_device}}};
constexpr std::array<std::pair<mode_t, std::uint32_t>, 3> specials{
    {{S_ISUID, go_setuid}, {S_ISGID, go_setgid}, {S_ISVTX, go_sticky}}};
constexpr mode_t permissions = 0777;

std::uint32_t to_go(mode_t mode) {
  std::uint32_t result = mode & permissions;
  for (const auto& [unix_type, go_type] : types)
    if ((mode & S_IFMT) == unix_type) result |= go_type;
  for (const auto& [unix_bit, go_bit] : specials)
    if ((mode & unix_bit) != 0) result |= go_bit;
  return result;
}

mode_t from_go(std::uint32_t mode) {
  mode_t result = mode & permissions;
  mode_t type = S_IFREG;
  for (const auto& [unix_type, go_type] : types)
    if ((mode & go_type) == go_type) {
      type = unix_type;
      break;  // a character device has the bit of a block device, too
    }
  for (const auto& [unix_bit, go_bit] : specials)
    if ((mode & go_bit) != 0) result |= unix_bit;
  return result | type;
}

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string to_base64(std::string_view bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 3; ++i) value = value << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i) out += i <= group.size() ? alphabet[value >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

std::string from_base64(std::string_view text) {
  std::string out;
  std::uint32_t value = 0;
  int bits = 0;
  while (text.ends_with('=')) text.remove_suffix(1);
  for (const char c : text) {
    const std::size_t digit = alphabet.find(c);
    if (digit == std::string_view::npos) throw Error(ErrorCode::invalid_argument, "not base64");
    value = value << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>(value >> bits & 0xff);
  }
  return out;
}

}  // namespace

bool PathStat::is_directory() const { return S_ISDIR(mode); }
bool PathStat::is_link() const { return S_ISLNK(mode); }

std::string encode_path_stat(const PathStat& stat) {
  constexpr std::int64_t most = 9'000'000'000;  // what fits into 64 bits of nanoseconds; a file's time can be anything
  const auto time = std::chrono::seconds(std::clamp<std::int64_t>(stat.mtime.tv_sec, -most, most)) +
                    std::chrono::nanoseconds(stat.mtime.tv_nsec);
  const nlohmann::json body{{"name", stat.name},
                            {"size", stat.size},
                            {"mode", to_go(stat.mode)},
                            {"mtime", format_timestamp(Timestamp(time))},
                            {"linkTarget", stat.link_target}};
  // file names need not be UTF-8; JSON must be
  return to_base64(body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

PathStat decode_path_stat(std::string_view header) {
  const nlohmann::json body = json::parse_object(from_base64(header), path_stat_header);
  PathStat stat;
  std::uint32_t mode = 0;
  std::string time;
  json::read(body, "name", stat.name, path_stat_header);
  json::read(body, "size", stat.size, path_stat_header);
  json::read(body, "mode", mode, path_stat_header);
  json::read(body, "mtime", time, path_stat_header);
  json::read(body, "linkTarget", stat.link_target, path_stat_header);
  stat.mode = from_go(mode);
  if (const auto parsed = parse_timestamp(time)) {
    const auto nanoseconds = parsed->time_since_epoch().count();
    stat.mtime = {static_cast<time_t>(nanoseconds / 1'000'000'000), static_cast<long>(nanoseconds % 1'000'000'000)};
  }
  return stat;
}

}  // namespace stack::engine::api
