#pragma once
// The counterpart of upload.hpp: a thread of its own produces bytes (a tar stream), the loop sends them to a client at the
// client's pace.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string_view>

#include "base/archive.hpp"

namespace stack::engine::image {

namespace asio = boost::asio;

/// Sends some bytes. To a route's client: `[&](std::string_view b) { return response.write(b); }`.
using BodyWriter = std::function<asio::awaitable<void>(std::string_view bytes)>;

/// Runs `produce` in a thread with a Sink and writes what it gives, until it returns; what it throws is thrown here, after what
/// it gave before. When writing fails (client gone), the Sink throws, and the failure of writing is thrown here. The thread has
/// ended when this returns.
asio::awaitable<void> produce_body(std::function<void(const archive::Sink&)> produce, BodyWriter write);

}  // namespace stack::engine::image
