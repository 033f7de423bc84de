#include "scheduler/event_hub.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "scheduler/labels.hpp"

namespace stack::scheduler {

namespace {

constexpr int max_silent_ends = 5;

bool may_change_a_verdict(const std::string& action) {
  for (const char* prefix : {"die", "start", "health_status", "destroy", "rename", "unpause"})
    if (action.starts_with(prefix)) return true;
  return false;
}

}  // namespace

EventHub::Watch::Watch(EventHub& hub, std::vector<std::string> containers)
    : hub_(hub), containers_(std::move(containers)), timer_(hub.client_.executor()) {
  hub_.watches_.push_back(this);
}

EventHub::Watch::~Watch() { hub_.watches_.remove(this); }

void EventHub::Watch::wake() {
  changed_ = true;
  timer_.cancel();
}

asio::awaitable<bool> EventHub::Watch::changed_before(Clock::time_point deadline) {
  while (!changed_ && Clock::now() < deadline) {
    timer_.expires_at(deadline);
    boost::system::error_code woken;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  if (hub_.lost_) throw *hub_.lost_;
  co_return std::exchange(changed_, false);
}

asio::awaitable<void> EventHub::subscribe() {
  api::EventsOptions options;
  options.filters["type"] = {"container"};
  options.filters["label"] = {std::string(label::project) + "=" + project_};
  stream_.emplace(co_await client_.events(std::move(options)));
}

asio::awaitable<void> EventHub::open() {
  co_await subscribe();
  stop_ = std::make_shared<asio::cancellation_signal>();
  asio::co_spawn(client_.executor(), read(shared_from_this()), asio::bind_cancellation_slot(stop_->slot(), asio::detached));
}

void EventHub::close() {
  closed_ = true;
  if (stop_) stop_->emit(asio::cancellation_type::terminal);
}

void EventHub::dispatch(const api::Event& event) {
  silent_ends_ = 0;
  if (!may_change_a_verdict(event.action)) return;
  const auto name = event.attributes.find("name");
  const auto is_meant = [&](const std::string& container) {
    return container == event.actor_id || (name != event.attributes.end() && container == name->second);
  };
  for (Watch* watch : watches_)
    if (std::any_of(watch->containers_.begin(), watch->containers_.end(), is_meant)) watch->wake();
}

void EventHub::wake_all() {
  for (Watch* watch : watches_) watch->wake();
}

/// Reads until closed. When the engine ends the stream (it was restarted, say), subscribes again and has everybody look anew,
/// because events may have been missed.
asio::awaitable<void> EventHub::read(std::shared_ptr<EventHub> hub) {
  for (;;) {
    std::string why = "the engine keeps ending its event stream";
    try {
      if (!hub->stream_) co_await hub->subscribe();
      hub->wake_all();
      while (auto event = co_await hub->stream_->next()) hub->dispatch(*event);
    } catch (const std::exception& error) {
      why = error.what();
    }
    if (hub->closed_) co_return;
    hub->stream_.reset();
    if (++hub->silent_ends_ < max_silent_ends) continue;
    hub->lost_ = Error(ErrorCode::unavailable, "cannot follow the engine's events: " + why);
    hub->wake_all();
    co_return;
  }
}

}  // namespace stack::scheduler
