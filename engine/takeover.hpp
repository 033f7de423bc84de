#pragma once
// How an engine in the foreground (systemd's, say) gets the lock of a data root whose engine a command or a monitor has
// started.
//
//   stack engine                                   engine on demand
//   flock <run>/engine.lock ── held by another
//   POST /stack/v1/handover ─────────────────────▶ 204, then it ends as on SIGTERM: containers and ports go on
//   wait until the lock file is closed (inotify) ◀─┘
//   flock ── ours
//
// One that is in the foreground itself, or serves sockets of --listen, answers 409: somebody wanted it to stay.
#include <chrono>

#include "base/unique_fd.hpp"
#include "engine/paths.hpp"

namespace stack::engine {

inline constexpr const char* handover_path = "/stack/v1/handover";

/// The lock of the engine, taken over from one on demand when need be. Throws conflict, in the other engine's words, when that
/// one stays; unavailable when it has not ended by `timeout`.
UniqueFd take_engine_lock(const Paths& paths, std::chrono::milliseconds timeout);

}  // namespace stack::engine
