#pragma once
// One connection: reads requests, runs their handlers one after the other, writes the answers.
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>

#include "engine/http/listener.hpp"
#include "engine/http/router.hpp"

namespace stack::engine::http {

class Session {
public:
  virtual ~Session() = default;
  virtual bool active() const = 0;     ///< a request is being handled
  virtual void close_when_idle() = 0;  ///< at once when idle, else after the request
  virtual void cancel() = 0;           ///< cancels the handler and closes
};

struct SessionEvents {
  std::function<void()> request_started;
  std::function<void()> request_ended;
  std::function<void(Session*)> closed;  ///< the last one
};

/// Starts serving `socket`. The session keeps itself alive until closed() was called; `router` outlives it.
std::shared_ptr<Session> start_session(asio::local::stream_protocol::socket socket, const Router& router, const Limits& limits,
                                       std::shared_ptr<const SessionEvents> events);

}  // namespace stack::engine::http
