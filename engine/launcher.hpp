#pragma once
// Finding the engine, or starting it. Small on purpose: every command pays for it at start.
//
//   client                                         engine (child of nobody: its own session)
//   connect <run>/engine.sock ── works ──────────▶ done
//     │ refused, or no such file
//   flock <run>/engine.lock  ── held by another: wait until the socket appears or the lock file is closed (inotify), again
//     │ ours
//   connect once more (an engine may have come up between)
//     │
//   spawn /proc/self/exe engine --root D --run R --on-demand       fd 3 = the lock, fd 4 = write end of a pipe
//   read the pipe ◀─────────────────────────────── "ready\n" once it listens, or "error <text>\n"
//   connect
//
// A flock belongs to the open file description, so the engine holds the lock for as long as it lives and nobody else can.
// The monitor of a container (engine/shim) does the same when the engine's connection to it ends.
#include <chrono>
#include <string>

#include "base/unique_fd.hpp"
#include "engine/paths.hpp"

namespace stack::engine {

inline constexpr int engine_lock_fd = 3;   ///< in the engine process
inline constexpr int engine_ready_fd = 4;  ///< in the engine process: the start-up pipe

struct LauncherOptions {
  Paths paths;
  std::string program = "/proc/self/exe";     ///< the stack program
  std::chrono::milliseconds timeout{30'000};  ///< bound of the whole start; recovery of many containers fits in easily
};

/// A connected stream socket to the engine, which is started when none answers.
/// Throws forbidden when this user may not talk to it (the text says what to do), unavailable with the engine's own words
/// when it cannot start. The caller that sees end of file before the first byte of its first answer calls this once more:
/// that engine was just ending itself.
UniqueFd connect_or_start(const LauncherOptions& options);

/// Throws forbidden, with advice, when this user cannot run an engine.
void require_root(const Paths& paths);

/// A connected socket to a running engine. Throws unavailable when none runs, forbidden as above.
UniqueFd connect_to_engine(const Paths& paths);

/// Connects to a unix socket whose path may be longer than 107 bytes. Returns an empty descriptor and sets errno on failure.
UniqueFd connect_unix(const std::string& path);

}  // namespace stack::engine
