#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/api/types.hpp"
#include "engine/container/manager.hpp"
#include "engine/http/hijack.hpp"
#include "engine/http/routes.hpp"
#include "engine/http/routes_container_streams.hpp"
#include "engine/state/async.hpp"

namespace stack::engine::http {

namespace {

using container::ContainerPtr;

ContainerPtr wanted(EngineContext& engine, const Request& request) { return engine.containers.get(request.parameter("id")); }

asio::awaitable<void> list_containers(EngineContext& engine, Request& request, ResponseWriter& response) {
  container::ListOptions options;
  options.all = request.query.flag("all");
  options.limit = request.query.integer("limit").value_or(0);
  options.filters = container::parse_filters(request.query.get("filters"));
  const nlohmann::json body = engine.containers.list(options);
  co_await response.json(200, body);
}

asio::awaitable<void> create_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  const nlohmann::json body = co_await request.json_body();
  if (!body.is_object() || body.empty())
    throw Error(ErrorCode::invalid_argument, "config cannot be empty in order to create a container");
  const auto asked = body.get<api::ContainerCreateRequest>();
  const nlohmann::json answer = engine.containers.create(request.query.get("name"), asked);
  co_await response.json(201, answer);
}

std::int64_t tree_size(const std::string& directory) {
  std::int64_t size = 0;
  std::error_code error;
  namespace fs = std::filesystem;
  for (fs::recursive_directory_iterator at(directory, fs::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (at->symlink_status(gone).type() == fs::file_type::regular) {
      const auto bytes = at->file_size(gone);
      if (!gone) size += static_cast<std::int64_t>(bytes);
    }
  }
  return size;
}

asio::awaitable<void> inspect_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  const ContainerPtr container = wanted(engine, request);
  api::ContainerInspect inspect = engine.containers.inspect(container);
  if (request.query.flag("size")) {
    const auto snapshot = engine.images.find_snapshot(inspect.id);
    auto measure = [upper = snapshot ? snapshot->upper : std::string()] { return upper.empty() ? 0 : tree_size(upper); };
    inspect.size_rw = co_await run_in_pool(engine.pool, std::move(measure));
    const image::ImagePtr image = engine.images.find(inspect.image);
    inspect.size_root_fs = *inspect.size_rw + (image ? static_cast<std::int64_t>(image->size) : 0);
  }
  const nlohmann::json body = inspect;
  co_await response.json(200, body);
}

asio::awaitable<void> start_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  co_await engine.containers.start(wanted(engine, request));
  co_await response.empty(204);
}

container::StopOptions stop_options(const Request& request) {
  return {request.query.integer("t"), request.query.get("signal")};
}

asio::awaitable<void> stop_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  container::StopOptions options = stop_options(request);
  co_await engine.containers.stop(wanted(engine, request), std::move(options));
  co_await response.empty(204);
}

asio::awaitable<void> restart_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  container::StopOptions options = stop_options(request);
  co_await engine.containers.restart(wanted(engine, request), std::move(options));
  co_await response.empty(204);
}

asio::awaitable<void> kill_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  co_await engine.containers.kill(wanted(engine, request), request.query.get("signal"));
  co_await response.empty(204);
}

asio::awaitable<void> pause_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  co_await engine.containers.pause(wanted(engine, request));
  co_await response.empty(204);
}

asio::awaitable<void> unpause_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  co_await engine.containers.unpause(wanted(engine, request));
  co_await response.empty(204);
}

asio::awaitable<void> rename_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  co_await engine.containers.rename(wanted(engine, request), request.query.get("name"));
  co_await response.empty(204);
}

asio::awaitable<void> remove_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  co_await engine.containers.remove(wanted(engine, request), request.query.flag("force"), request.query.flag("v"));
  co_await response.empty(204);
}

asio::awaitable<void> resize_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  const TerminalSize size = read_terminal_size(request);
  co_await engine.containers.resize(wanted(engine, request), size.rows, size.columns);
  co_await response.empty(200);
}

asio::awaitable<void> top_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  const nlohmann::json body = co_await engine.containers.top(wanted(engine, request), request.query.get("ps_args"));
  co_await response.json(200, body);
}

asio::awaitable<void> prune_containers(EngineContext& engine, Request& request, ResponseWriter& response) {
  container::Filters filters = container::parse_filters(request.query.get("filters"));
  const std::vector<std::string> removed = co_await engine.containers.prune(std::move(filters));
  nlohmann::json body{{"ContainersDeleted", nullptr}, {"SpaceReclaimed", 0}};
  if (!removed.empty()) body["ContainersDeleted"] = removed;
  co_await response.json(200, body);
}

}  // namespace

void add_container_routes(Router& router, EngineContext& engine) {
  using Function = asio::awaitable<void> (*)(EngineContext&, Request&, ResponseWriter&);
  const auto add = [&](Method method, const char* pattern, Function function) {
    router.add(method, pattern,
               [&engine, function](Request& request, ResponseWriter& response) { return function(engine, request, response); });
  };
  add(Method::get, "/containers/json", list_containers);
  add(Method::post, "/containers/create", create_container);
  add(Method::post, "/containers/prune", prune_containers);
  add(Method::get, "/containers/{id}/json", inspect_container);
  add(Method::get, "/containers/{id}/top", top_container);
  add(Method::get, "/containers/{id}/logs", container_logs);
  add(Method::post, "/containers/{id}/start", start_container);
  add(Method::post, "/containers/{id}/stop", stop_container);
  add(Method::post, "/containers/{id}/restart", restart_container);
  add(Method::post, "/containers/{id}/kill", kill_container);
  add(Method::post, "/containers/{id}/pause", pause_container);
  add(Method::post, "/containers/{id}/unpause", unpause_container);
  add(Method::post, "/containers/{id}/rename", rename_container);
  add(Method::post, "/containers/{id}/resize", resize_container);
  add(Method::post, "/containers/{id}/wait", wait_for_container);
  add(Method::post, "/containers/{id}/attach", attach_container);
  add(Method::del, "/containers/{id}", remove_container);
}

}  // namespace stack::engine::http
