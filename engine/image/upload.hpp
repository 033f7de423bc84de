#pragma once
// A request's body as blocking code wants it: the loop reads from the client, a thread of its own (a slow client must not
// occupy a pool thread) consumes; a bounded buffer between them keeps the pace.
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <span>

#include "base/archive.hpp"

namespace stack::engine::image {

namespace asio = boost::asio;

/// Reads the next bytes of a body; 0 at its end. From a route: `[&](std::span<char> b) { return request.body->read_some(b); }`.
using BodyReader = std::function<asio::awaitable<std::size_t>(std::span<char> buffer)>;

/// A body that is in memory already.
BodyReader body_from_memory(std::string bytes);

/// Runs `consume` in a thread with a Source that delivers the body, until it returns; what it throws is thrown here. When the
/// body fails (client gone), the Source throws and that error is thrown here. What `consume` leaves unread stays unread.
asio::awaitable<void> consume_body(BodyReader body, std::function<void(archive::Source)> consume);

}  // namespace stack::engine::image
