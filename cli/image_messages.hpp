#pragma once
// Shows the progress an engine reports while it pulls, pushes, loads or imports.
#include <boost/asio/awaitable.hpp>
#include <string>

#include "engine/api/client.hpp"

namespace stack::cli {

/// Until the stream ends; writes to `fd` unless `quiet`. Returns the last status. Throws what the engine reports.
boost::asio::awaitable<std::string> show_messages(engine::api::ProgressStream stream, int fd, bool quiet);

/// "busybox" → "docker.io/library/busybox:latest"
std::string full_image_name(const std::string& name);

/// Pulls one image, with its progress on `fd`.
boost::asio::awaitable<void> pull_with_messages(engine::api::Client& client, std::string name, std::string platform, int fd,
                                                bool quiet);

}  // namespace stack::cli
