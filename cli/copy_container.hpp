#pragma once
// Files between one container and here: what `cp` does once it is known which container is meant.
#include <boost/asio/awaitable.hpp>
#include <string>

#include "engine/api/client.hpp"

namespace stack::cli {

struct CopyTo {
  std::string source;    ///< a local path, or "-": a tar archive from stdin
  std::string target;    ///< in the container
  bool follow = false;   ///< a source that is a link: what it leads to
  bool archive = false;  ///< files belong to the container's user
  bool quiet = true;     ///< else how far it is, and its end, on stderr; not for stdin
};

struct CopyFrom {
  std::string source;  ///< in the container
  std::string target;  ///< a local path, or "-": a tar archive to stdout
  bool follow = false;
  bool quiet = true;  ///< as above
};

/// `input`: stdin, read from its beginning when it is a file. Throws not_found and invalid_argument in docker cp's cases.
boost::asio::awaitable<void> copy_to(engine::api::Client& client, std::string container, CopyTo copy, int input);
boost::asio::awaitable<void> copy_from(engine::api::Client& client, std::string container, CopyFrom copy);

}  // namespace stack::cli
