#include "cli/forward_signals.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

namespace stack::cli {

namespace asio = boost::asio;

asio::awaitable<void> forward_signals(engine::api::Client& client, std::string id) {
  asio::signal_set signals(client.executor(), SIGINT, SIGTERM, SIGHUP);
  signals.add(SIGQUIT);
  while (true) {
    const int number = co_await signals.async_wait(asio::use_awaitable);
    try {
      co_await client.kill_container(id, std::to_string(number));
    } catch (const Error&) {  // not started yet, or already over: nothing to tell
    }
  }
}

}  // namespace stack::cli
