#pragma once
// Messages between an engine (or any client) and the monitor of one container, over <shim dir>/shim.sock, a stream socket.
//
//   client                                   monitor
//     │ hello {version}                         │
//     │────────────────────────────────────────▶│   a version it does not speak: error and end of stream
//     │                      hello_ok {State}   │
//     │◀────────────────────────────────────────│
//     │ request (id n)                          │
//     │────────────────────────────────────────▶│   any number, answered in order
//     │                 ok | error (id n) …     │
//     │◀────────────────────────────────────────│
//     │ subscribe {is_engine}                   │
//     │────────────────────────────────────────▶│
//     │              event_oom, event_exit      │   an exit that already happened is reported at once
//     │◀────────────────────────────────────────│
//     │ attach {flags}                          │   last message of its connection: after `ok` the socket is the stream:
//     │◀═══════════════════════════════════════▶│   out: 8-byte frames {stream,0,0,0,be32 length} or raw (terminal); in: raw
//
//   frame := u32 payload length, u16 type, u16 0, u32 request id, payload      (integers in host order)
//   string := u16 length, bytes
//
// When the last connection that subscribed as the engine closes without `farewell`, the monitor takes the instance lock and
// starts an engine (see monitor.hpp). After event_exit the monitor stays until `release`, so that no exit is lost.
#include <cstdint>

namespace stack::engine::shim {

inline constexpr std::uint32_t protocol_version = 1;
inline constexpr std::uint32_t max_frame = 64 * 1024;
inline constexpr std::size_t max_sockets_per_message = 64;  ///< the kernel takes 253

enum class Message : std::uint16_t {
  hello = 1,         ///< u32 version
  hello_ok = 2,      ///< State
  ok = 3,            ///< what the request says
  error = 4,         ///< i32 errno, string text
  state = 5,         ///< → ok State
  kill = 6,          ///< KillRequest → ok
  resize = 7,        ///< u16 rows, u16 columns → ok
  attach = 8,        ///< u8 AttachFlags → ok, then the stream
  take_sockets = 9,  ///< u16 first → ok: u16 total, u16 count, {string name} × count, descriptors by SCM_RIGHTS with the frame
  hold_sockets = 10,  ///< u16 count, {string name, string relay address, u16 relay port, u8 relay from netns} × count,
                      ///< descriptors by SCM_RIGHTS → ok; a name already held is replaced
  drop_sockets = 11,  ///< u16 count, {string name} × count → ok
  subscribe = 12,     ///< u8 is_engine → ok; then events
  release = 13,       ///< the exit is recorded: remove the run directory and end → ok
  log_limits = 14,    ///< u64 max_size, u32 max_files → ok
  close_stdin = 15,   ///< → ok
  farewell = 16,      ///< the engine ends on purpose: do not start another → ok
  event_exit = 32,    ///< State
  event_oom = 33,     ///< u64 count so far
};

struct FrameHeader {
  std::uint32_t length = 0;
  Message type = Message::ok;
  std::uint16_t reserved = 0;
  std::uint32_t id = 0;  ///< of the request; 0 in events
};
static_assert(sizeof(FrameHeader) == 12);

enum AttachFlags : std::uint8_t { attach_stdin = 1, attach_stdout = 2, attach_stderr = 4 };

/// Fixed layout, sent as it lies in memory: both ends are on one machine and the version covers it.
struct State {
  std::int32_t container_pid = 0;
  std::int32_t shim_pid = 0;
  std::uint8_t exited = 0;
  std::uint8_t oom_killed = 0;
  std::uint8_t terminal = 0;
  std::uint8_t reserved = 0;
  std::int32_t exit_code = 0;    ///< 128+n for a signal
  std::int64_t started_at = 0;   ///< nanoseconds since 1970
  std::int64_t finished_at = 0;  ///< 0 while it runs
};
static_assert(sizeof(State) == 32);

struct KillRequest {
  std::int32_t signal = 0;
  std::uint8_t all = 0;  ///< every process of the container, not only its first
  std::uint8_t reserved[3] = {};
};

}  // namespace stack::engine::shim
