#pragma once
// RUN --mount=type=…,target=…: what a command sees beside the files of its image, and what leaves no trace in the layer.
#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/build/shell_words.hpp"

namespace stack::engine::build {

struct RunMount {
  enum class Type { bind, cache, tmpfs, secret };
  enum class Sharing { shared, private_, locked };
  Type type = Type::bind;
  std::string target;          ///< as written: may be relative to the working directory; empty for a secret in `env` only
  std::string source;          ///< bind, cache: path in what it comes from; empty: all of it
  std::string from;            ///< bind, cache: stage or image; empty: the build context (bind), nothing (cache)
  std::string id;              ///< cache, secret
  std::string env;             ///< secret: the variable that holds it
  bool read_only = false;      ///< bind: the default; writes are dropped otherwise
  bool required = false;       ///< secret: an error when it is not given
  std::optional<mode_t> mode;  ///< cache (of the new directory), secret, tmpfs
  std::uint32_t uid = 0, gid = 0;
  std::int64_t size = 0;  ///< tmpfs, bytes; 0: the kernel's default
  Sharing sharing = Sharing::shared;
};

/// Throws invalid_argument for a type or key that is not known, before any variable has its value.
void check_run_mount(std::string_view text);
/// Variables replaced and everything checked. Throws invalid_argument.
RunMount parse_run_mount(std::string_view text, const Variables& variables, char escape);
/// The stage or image of "from=", without looking at the rest; empty: none.
std::string mount_source_of(std::string_view text);

}  // namespace stack::engine::build
