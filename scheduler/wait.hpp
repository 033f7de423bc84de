#pragma once
// Waiting for containers, woken by the engine's events. Nothing is polled: a container is inspected once at the start and once
// for each of its events that may change the verdict.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "engine/api/client.hpp"
#include "scheduler/plan.hpp"

namespace stack::scheduler {

namespace asio = boost::asio;

/// What an inspected container means for somebody who waits. Pure.
struct Verdict {
  enum class Kind { wait, done, failed } kind = Kind::wait;
  std::string why;  ///< of a failure: "container shop-db-1 is unhealthy"
};
Verdict judge(const api::ContainerInspect& container, WaitFor condition);

/// The event stream of one project, shared by all who wait. Open it before the containers are started, so that no event is
/// missed.
class EventHub : public std::enable_shared_from_this<EventHub> {
public:
  EventHub(api::Client& client, std::string project) : client_(client), project_(std::move(project)) {}

  /// Subscribes; returns when the engine has accepted the subscription.
  asio::awaitable<void> open();
  /// Ends the subscription. Nobody may be waiting any more.
  void close();

  /// One who waits for events of one container. Registered from construction to destruction.
  class Watch {
  public:
    Watch(EventHub& hub, std::string container);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    /// Returns when something has happened since the last call. Throws unavailable when the engine's events are lost for good.
    asio::awaitable<void> changed();

  private:
    friend class EventHub;
    void wake();
    EventHub& hub_;
    std::string container_;
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

/// Throws when the container cannot reach the condition any more; the message ends with its last log lines.
asio::awaitable<void> wait_for_container(api::Client& client, EventHub& hub, std::string container, WaitFor condition);

/// The last lines a container wrote, each on a line of its own and indented; empty when there are none or they cannot be had.
asio::awaitable<std::string> last_log_lines(api::Client& client, std::string container, int lines);

}  // namespace stack::scheduler
