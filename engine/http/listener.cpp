#include "engine/http/listener.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <map>

#include "base/log.hpp"
#include "engine/http/session.hpp"

namespace stack::engine::http {

using Protocol = asio::local::stream_protocol;

class Listener::Impl : public std::enable_shared_from_this<Impl> {
public:
  Impl(asio::io_context& loop, const Router& router, Limits limits)
      : loop_(loop), router_(router), limits_(limits), changed_(loop) {
    changed_.expires_at(asio::steady_timer::time_point::max());
  }

  /// Separate from the constructor: the callbacks hold a weak reference.
  void prepare() {
    const std::weak_ptr<Impl> weak = weak_from_this();
    auto events = std::make_shared<SessionEvents>();
    events->request_started = [weak] {
      if (const auto self = weak.lock()) ++self->active_;
    };
    events->request_ended = [weak] {
      if (const auto self = weak.lock()) {
        --self->active_;
        self->quiet();
      }
    };
    events->closed = [weak](Session* session) {
      if (const auto self = weak.lock()) {
        self->sessions_.erase(session);
        self->quiet();
      }
    };
    events_ = std::move(events);
  }

  void listen(UniqueFd fd) {
    acceptors_.emplace_back(loop_, Protocol(), fd.release());
    asio::co_spawn(loop_, accept(shared_from_this(), acceptors_.back()), asio::detached);
  }

  void close_acceptors() {
    for (auto& acceptor : acceptors_) {
      boost::system::error_code ignored;
      acceptor.close(ignored);
    }
  }

  void close_all() {
    close_acceptors();
    const auto sessions = sessions_;
    for (const auto& [key, session] : sessions) session->cancel();
  }

  static asio::awaitable<void> stop(std::shared_ptr<Impl> self, std::chrono::milliseconds patience) {
    self->stopping_ = true;
    self->close_acceptors();
    {
      const auto sessions = self->sessions_;
      for (const auto& [key, session] : sessions) session->close_when_idle();
    }
    co_await wait_until_closed(self, patience);
    if (self->sessions_.empty()) co_return;
    self->close_all();
    co_await wait_until_closed(self, patience);
  }

  asio::io_context& loop_;
  const Router& router_;
  const Limits limits_;
  std::shared_ptr<const SessionEvents> events_;
  std::list<Protocol::acceptor> acceptors_;
  std::map<Session*, std::shared_ptr<Session>> sessions_;
  std::size_t active_ = 0;
  bool stopping_ = false;
  std::function<void()> on_quiet_;
  asio::steady_timer changed_;  ///< never expires by itself; cancelled to wake who waits for a change

private:
  void quiet() {
    changed_.cancel();
    if (on_quiet_) on_quiet_();
  }

  static asio::awaitable<void> wait_until_closed(std::shared_ptr<Impl> self, std::chrono::milliseconds patience) {
    const auto deadline = asio::steady_timer::clock_type::now() + patience;
    boost::system::error_code ignored;
    while (!self->sessions_.empty() && asio::steady_timer::clock_type::now() < deadline) {
      self->changed_.expires_at(deadline);
      co_await self->changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }

  static asio::awaitable<void> accept(std::shared_ptr<Impl> self, Protocol::acceptor& acceptor) {
    boost::system::error_code error;
    while (acceptor.is_open()) {
      while (acceptor.is_open() && self->sessions_.size() >= self->limits_.connections) {
        self->changed_.expires_at(asio::steady_timer::time_point::max());
        co_await self->changed_.async_wait(asio::redirect_error(asio::use_awaitable, error));
      }
      if (!acceptor.is_open()) break;
      Protocol::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) break;
      if (error) {  // out of descriptors or memory: the connection stays in the backlog until something was closed
        log::warning("accept: {}", error.message());
        asio::steady_timer pause(self->loop_, std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      const auto session = start_session(std::move(socket), self->router_, self->limits_, self->events_);
      self->sessions_.emplace(session.get(), session);
    }
  }
};

Listener::Listener(asio::io_context& loop, const Router& router, Limits limits)
    : impl_(std::make_shared<Impl>(loop, router, limits)) {
  impl_->prepare();
}
Listener::~Listener() { impl_->close_all(); }

void Listener::listen(UniqueFd acceptor) { impl_->listen(std::move(acceptor)); }
std::size_t Listener::connections() const { return impl_->sessions_.size(); }
std::size_t Listener::active_requests() const { return impl_->active_; }
void Listener::on_quiet(std::function<void()> callback) { impl_->on_quiet_ = std::move(callback); }
asio::awaitable<void> Listener::stop(std::chrono::milliseconds patience) { return Impl::stop(impl_, patience); }

}  // namespace stack::engine::http
