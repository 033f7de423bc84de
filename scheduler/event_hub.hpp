#pragma once
// The engine's events of one project, for those who wait for something to happen to its containers. Nothing is polled.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "engine/api/client.hpp"

namespace stack::scheduler {

namespace asio = boost::asio;
namespace api = engine::api;

/// The event stream of one project, shared by all who wait. Open it before the containers are started, so that no event is
/// missed.
class EventHub : public std::enable_shared_from_this<EventHub> {
public:
  EventHub(api::Client& client, std::string project) : client_(client), project_(std::move(project)) {}

  /// Subscribes; returns when the engine has accepted the subscription.
  asio::awaitable<void> open();
  /// Ends the subscription. Nobody may be waiting any more.
  void close();

  /// One who waits for events of some containers (ids or names). Registered from construction to destruction.
  class Watch {
  public:
    using Clock = std::chrono::steady_clock;
    Watch(EventHub& hub, std::vector<std::string> containers);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    /// Returns true when something has happened since the last call, false when nothing has by `deadline`. Throws unavailable
    /// when the engine's events are lost for good.
    asio::awaitable<bool> changed_before(Clock::time_point deadline);

  private:
    friend class EventHub;
    void wake();
    EventHub& hub_;
    std::vector<std::string> containers_;
    asio::steady_timer timer_;
    bool changed_ = false;
  };

private:
  static asio::awaitable<void> read(std::shared_ptr<EventHub> hub);
  asio::awaitable<void> subscribe();
  void dispatch(const api::Event& event);
  void wake_all();

  api::Client& client_;
  std::string project_;
  std::optional<api::EventStream> stream_;
  std::shared_ptr<asio::cancellation_signal> stop_;
  std::list<Watch*> watches_;
  std::optional<Error> lost_;
  bool closed_ = false;
  int silent_ends_ = 0;  ///< streams in a row that ended without an event
};

}  // namespace stack::scheduler
