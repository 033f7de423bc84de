#pragma once
// The opposite of upload.hpp: what blocking code produces (in a thread of its own) is written to a client by the loop; a
// bounded buffer between them keeps the pace.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "base/archive.hpp"

namespace stack::engine::image {

namespace asio = boost::asio;

/// Takes pieces of a body. May throw when the client is gone.
using PieceWriter = std::function<asio::awaitable<void>(std::string piece)>;

/// Runs `produce` in a thread and writes what it gives to its sink, until it returns; what it throws is thrown here. When
/// writing fails or the coroutine is cancelled, the sink throws.
asio::awaitable<void> produce_body(std::function<void(const archive::Sink&)> produce, PieceWriter write);

}  // namespace stack::engine::image
