#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/api/types.hpp"
#include "engine/container/manager.hpp"
#include "engine/http/hijack.hpp"
#include "engine/http/routes.hpp"

namespace stack::engine::http {

namespace {

asio::awaitable<void> create_exec(EngineContext& engine, Request& request, ResponseWriter& response) {
  const nlohmann::json body = co_await request.json_body();
  const container::ContainerPtr container = engine.containers.get(request.parameter("id"));
  auto asked = body.get<api::ExecCreateRequest>();
  const container::ExecPtr exec = co_await engine.containers.create_exec(container, std::move(asked));
  const nlohmann::json answer{{"Id", engine.containers.inspect_exec(exec).id}};
  co_await response.json(201, answer);
}

asio::awaitable<void> start_exec(EngineContext& engine, Request& request, ResponseWriter& response) {
  const container::ExecPtr exec = engine.containers.get_exec(request.parameter("id"));
  const nlohmann::json body = co_await request.json_body();
  const auto asked = body.get<api::ExecStartRequest>();
  engine.containers.check_exec(exec);
  if (asked.detach) {
    co_await engine.containers.start_exec(exec, nullptr, asked.tty, asked.console_size);
    co_await response.empty(200);
    co_return;
  }
  const bool terminal = asked.tty || engine.containers.inspect_exec(exec).process_config.tty;
  auto client = std::make_shared<HijackedClient>(response, hijack_type(request, terminal));
  co_await engine.containers.start_exec(exec, client, asked.tty, asked.console_size);
}

asio::awaitable<void> inspect_exec(EngineContext& engine, Request& request, ResponseWriter& response) {
  const nlohmann::json body = engine.containers.inspect_exec(engine.containers.get_exec(request.parameter("id")));
  co_await response.json(200, body);
}

asio::awaitable<void> resize_exec(EngineContext& engine, Request& request, ResponseWriter& response) {
  const TerminalSize size = read_terminal_size(request);
  co_await engine.containers.resize_exec(engine.containers.get_exec(request.parameter("id")), size.rows, size.columns);
  co_await response.empty(200);
}

}  // namespace

void add_exec_routes(Router& router, EngineContext& engine) {
  using Function = asio::awaitable<void> (*)(EngineContext&, Request&, ResponseWriter&);
  const auto add = [&](Method method, const char* pattern, Function function) {
    router.add(method, pattern,
               [&engine, function](Request& request, ResponseWriter& response) { return function(engine, request, response); });
  };
  add(Method::post, "/containers/{id}/exec", create_exec);
  add(Method::post, "/exec/{id}/start", start_exec);
  add(Method::get, "/exec/{id}/json", inspect_exec);
  add(Method::post, "/exec/{id}/resize", resize_exec);
}

}  // namespace stack::engine::http
