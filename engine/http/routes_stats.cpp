// GET /containers/{id}/stats: once, or a line a second.
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/container/manager.hpp"
#include "engine/http/routes.hpp"

namespace stack::engine::http {

namespace {

constexpr std::chrono::seconds interval{1};  ///< over which a share of the processors is measured, as with Docker

asio::awaitable<void> wait_an_interval() {
  asio::steady_timer timer(co_await asio::this_coro::executor, interval);
  co_await timer.async_wait(asio::use_awaitable);
}

/// Shares of the processors are told by the difference to `before`.
api::ContainerStats compared(api::ContainerStats now, const api::ContainerStats& before) {
  if (!now.read) return now;
  now.precpu = before.cpu;
  now.preread = before.read;
  return now;
}

asio::awaitable<api::ContainerStats> sample(EngineContext& engine, std::string id) {
  co_return co_await engine.containers.stats(engine.containers.get(id));
}

asio::awaitable<void> stream_samples(EngineContext& engine, std::string id, ResponseWriter& response) {
  api::ContainerStats before;
  while (true) {
    api::ContainerStats now = co_await sample(engine, id);  // a removed container ends the stream: not found
    const std::string line = nlohmann::json(compared(now, before)).dump() + "\n";
    co_await response.write(line);
    before = std::move(now);
    co_await wait_an_interval();
  }
}

asio::awaitable<void> container_stats(EngineContext& engine, Request& request, ResponseWriter& response) {
  const bool one_shot = request.query.flag("one-shot");
  const bool stream = request.query.flag("stream", true);
  const std::string id = engine.containers.inspect(engine.containers.get(request.parameter("id"))).id;
  if (stream && one_shot) throw Error(ErrorCode::invalid_argument, "cannot have stream=true and one-shot=true");
  if (stream) {
    co_await response.begin_stream("application/json");
    try {
      co_await stream_samples(engine, id, response);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::not_found) throw;
    }
    co_return;
  }
  api::ContainerStats stats = co_await sample(engine, id);
  if (stats.read && !one_shot) {
    co_await wait_an_interval();
    const api::ContainerStats later = co_await sample(engine, id);
    stats = compared(later, stats);
  }
  const nlohmann::json body = stats;
  co_await response.json(200, body);
}

}  // namespace

void add_stats_routes(Router& router, EngineContext& engine) {
  router.add(Method::get, "/containers/{id}/stats",
             [&engine](Request& request, ResponseWriter& response) { return container_stats(engine, request, response); });
}

}  // namespace stack::engine::http
