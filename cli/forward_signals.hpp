#pragma once
#include <boost/asio/awaitable.hpp>
#include <string>

#include "engine/api/client.hpp"

namespace stack::cli {

/// Sends what would end this process (Ctrl-C and the like) to a container instead: it decides whether to end. Never returns by
/// itself; cancel it.
boost::asio::awaitable<void> forward_signals(engine::api::Client& client, std::string id);

}  // namespace stack::cli
