#pragma once
// What a path inside a container is: the header X-Docker-Container-Path-Stat of the archive endpoints.
#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace stack::engine::api {

inline constexpr const char* path_stat_header = "X-Docker-Container-Path-Stat";

struct PathStat {
  std::string name;  ///< last component; "/" for the root, "." for a path that ends in "/."
  std::int64_t size = 0;
  mode_t mode = 0;  ///< as of stat(2): type and permissions
  timespec mtime{};
  std::string link_target;  ///< of a symbolic link: where it leads in the end, absolute inside the container

  bool is_directory() const;
  bool is_link() const;
};

/// The header's value: base64 of JSON, in which `mode` has the bits of Go's os.FileMode.
std::string encode_path_stat(const PathStat& stat);
/// Throws invalid_argument for a value that is none.
PathStat decode_path_stat(std::string_view header);

}  // namespace stack::engine::api
