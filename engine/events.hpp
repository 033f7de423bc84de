#pragma once
// What happened, for GET /events and for everybody inside the engine who waits for something. Loop thread only.
//
// Use:  auto subscription = hub.subscribe();             // before looking at the state, so that nothing falls between
//       while (auto event = co_await subscription->next()) ...
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace stack::engine {

struct Event {
  std::string type;    ///< container, image, network, volume, builder, daemon
  std::string action;  ///< create, start, die, "exec_create: ls", "health_status: healthy", ...
  std::string id;      ///< Actor.ID
  std::map<std::string, std::string> attributes;
  std::int64_t time_nano = 0;  ///< wall clock; strictly increasing within one engine process
};

using EventPtr = std::shared_ptr<const Event>;

/// The object GET /events sends, one per line. Containers and images also get the old keys status, id and from.
nlohmann::json to_json(const Event& event);

class EventHub;

/// One listener's queue. Destroying it unsubscribes. A listener that falls 16384 events behind is closed.
class EventSubscription {
public:
  explicit EventSubscription(boost::asio::any_io_executor executor);
  ~EventSubscription();
  EventSubscription(const EventSubscription&) = delete;
  EventSubscription& operator=(const EventSubscription&) = delete;

  /// The next event in order; null after close() or when the listener fell behind. Can be cancelled (then it throws
  /// boost::system::system_error operation_aborted) and called again.
  boost::asio::awaitable<EventPtr> next();
  void close();

private:
  friend class EventHub;
  void push(EventPtr event);

  boost::asio::steady_timer wake_;
  std::deque<EventPtr> queue_;
  bool closed_ = false;
};

class EventHub {
public:
  explicit EventHub(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  void publish(std::string_view type, std::string_view action, std::string_view id,
               std::map<std::string, std::string> attributes);

  std::shared_ptr<EventSubscription> subscribe();

  /// The remembered events with since <= time_nano < until, oldest first. Only the last 1024 are kept.
  std::vector<EventPtr> replay(std::int64_t since_nano, std::int64_t until_nano) const;

  void close_all();  ///< ends every subscription, at shutdown
  std::size_t listeners() const;

private:
  boost::asio::any_io_executor executor_;
  std::deque<EventPtr> remembered_;
  std::vector<std::weak_ptr<EventSubscription>> subscriptions_;
  std::int64_t last_nano_ = 0;
};

}  // namespace stack::engine
