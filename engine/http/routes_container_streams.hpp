#pragma once
// The container routes whose answers take time: logs, wait, attach.
#include "engine/http/context.hpp"
#include "engine/http/router.hpp"

namespace stack::engine::http {

asio::awaitable<void> container_logs(EngineContext& engine, Request& request, ResponseWriter& response);
asio::awaitable<void> wait_for_container(EngineContext& engine, Request& request, ResponseWriter& response);
asio::awaitable<void> attach_container(EngineContext& engine, Request& request, ResponseWriter& response);
asio::awaitable<void> attach_by_websocket(EngineContext& engine, Request& request, ResponseWriter& response);

}  // namespace stack::engine::http
