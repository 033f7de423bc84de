#pragma once
// This terminal (or pipe) joined to a process in a container: stdin to it, its output here, the size of the terminal kept
// equal.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "engine/api/client.hpp"

namespace stack::cli {

struct AttachedProcess {
  bool tty = false;    ///< the container's side is a terminal: ours goes into raw mode
  bool input = false;  ///< send our stdin
  /// The bytes that leave a terminal and let the process run on (cli/detach_keys); empty: none do.
  std::string detach_keys;
  /// The process has run before: it is made to draw again what this terminal has not seen, a prompt for example, by a change of
  /// size.
  bool redraw = false;
  /// Tells the engine our terminal's size; called once at the start and at every change.
  std::function<boost::asio::awaitable<void>(unsigned rows, unsigned columns)> resize;
};

enum class CarryEnd { closed, detached };

/// Carries bytes until the process has closed its output, or the detach keys were typed. Our stdin's end closes the process's
/// stdin only. Throws ReaderGone when nobody reads our output any more.
boost::asio::awaitable<CarryEnd> carry(engine::api::HijackedStream& stream, AttachedProcess process);

}  // namespace stack::cli
