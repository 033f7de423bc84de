#pragma once
// Archives between files, stdin and stdout, and the engine.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "base/unique_fd.hpp"
#include "cli/session.hpp"

namespace stack::cli {

/// What to read: a file, or stdin for "-". Throws when it cannot be opened.
UniqueFd open_input(const std::string& file);

/// Writes a body to `file` under a temporary name until it is whole; to stdout for an empty name. Throws UsageError for a
/// stdout that is a terminal: nobody wants an archive there.
void write_archive(Session& session, const std::string& file,
                   const std::function<boost::asio::awaitable<engine::api::ResponseStream>()>& request);

}  // namespace stack::cli
