#include "engine/events.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

namespace stack::engine {

namespace asio = boost::asio;

namespace {

constexpr std::size_t remembered_events = 1024;
constexpr std::size_t queue_limit = 16384;

std::int64_t now_nano() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

nlohmann::json to_json(const Event& event) {
  nlohmann::json json;
  if (event.type == "container" || event.type == "image") {
    json["status"] = event.action;
    json["id"] = event.id;
    const auto image = event.attributes.find(event.type == "container" ? "image" : "name");
    if (event.type == "container" && image != event.attributes.end()) json["from"] = image->second;
  }
  json["Type"] = event.type;
  json["Action"] = event.action;
  json["Actor"] = {{"ID", event.id}, {"Attributes", event.attributes}};
  json["scope"] = "local";
  json["time"] = event.time_nano / 1'000'000'000;
  json["timeNano"] = event.time_nano;
  return json;
}

EventSubscription::EventSubscription(asio::any_io_executor executor)
    : wake_(std::move(executor), asio::steady_timer::time_point::max()) {}

EventSubscription::~EventSubscription() = default;

asio::awaitable<EventPtr> EventSubscription::next() {
  while (queue_.empty() && !closed_) {
    boost::system::error_code error;
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none && queue_.empty() && !closed_)
      throw boost::system::system_error(asio::error::operation_aborted);
  }
  if (queue_.empty()) co_return nullptr;
  EventPtr event = std::move(queue_.front());
  queue_.pop_front();
  co_return event;
}

void EventSubscription::close() {
  closed_ = true;
  wake_.cancel();
}

void EventSubscription::push(EventPtr event) {
  if (closed_) return;
  if (queue_.size() >= queue_limit) {
    queue_.clear();
    close();
    return;
  }
  queue_.push_back(std::move(event));
  wake_.cancel();
}

void EventHub::publish(std::string_view type, std::string_view action, std::string_view id,
                       std::map<std::string, std::string> attributes) {
  auto event = std::make_shared<Event>();
  event->type = type;
  event->action = action;
  event->id = id;
  event->attributes = std::move(attributes);
  last_nano_ = std::max(now_nano(), last_nano_ + 1);
  event->time_nano = last_nano_;
  remembered_.push_back(event);
  if (remembered_.size() > remembered_events) remembered_.pop_front();
  std::erase_if(subscriptions_, [](const auto& weak) { return weak.expired(); });
  for (const auto& weak : subscriptions_)
    if (const auto subscription = weak.lock()) subscription->push(event);
}

std::shared_ptr<EventSubscription> EventHub::subscribe() {
  auto subscription = std::make_shared<EventSubscription>(executor_);
  subscriptions_.push_back(subscription);
  return subscription;
}

std::vector<EventPtr> EventHub::replay(std::int64_t since_nano, std::int64_t until_nano) const {
  std::vector<EventPtr> result;
  for (const auto& event : remembered_)
    if (event->time_nano >= since_nano && event->time_nano < until_nano) result.push_back(event);
  return result;
}

void EventHub::close_all() {
  for (const auto& weak : subscriptions_)
    if (const auto subscription = weak.lock()) subscription->close();
}

std::size_t EventHub::listeners() const {
  std::size_t count = 0;
  for (const auto& weak : subscriptions_) count += weak.expired() ? 0 : 1;
  return count;
}

}  // namespace stack::engine
