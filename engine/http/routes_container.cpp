#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/api/types.hpp"
#include "engine/container/manager.hpp"
#include "engine/http/hijack.hpp"
#include "engine/http/image_platform.hpp"
#include "engine/http/routes.hpp"
#include "engine/http/routes_container_streams.hpp"
#include "engine/state/async.hpp"

namespace stack::engine::http {

namespace {

using container::ContainerPtr;

ContainerPtr wanted(EngineContext& engine, const Request& request) { return engine.containers.get(request.parameter("id")); }

asio::awaitable<void> measure(EngineContext& engine, std::vector<api::ContainerSummary>& containers) {
  for (auto& item : containers) {
    const container::DiskUsage usage = co_await engine.containers.disk_usage(item.id);
    if (usage.own > 0) item.size_rw = usage.own;  // a 0 is left out, as by Docker
    item.size_root_fs = usage.with_image;
  }
}

asio::awaitable<void> list_containers(EngineContext& engine, Request& request, ResponseWriter& response) {
  container::ListOptions options;
  options.all = request.query.flag("all");
  options.limit = request.query.integer("limit").value_or(0);
  options.filters = container::parse_filters(request.query.get("filters"));
  auto found = engine.containers.list(options);
  if (request.query.flag("size")) co_await measure(engine, found);
  const nlohmann::json body = found;
  co_await response.json(200, body);
}

constexpr int first_with_endpoint_macs = 44;

/// Before version 1.44 a container had one MacAddress: that of the network it is created in.
void take_old_mac_address(const nlohmann::json& body, api::ContainerCreateRequest& asked) {
  const auto mac = body.find("MacAddress");
  if (mac == body.end() || !mac->is_string() || mac->get<std::string>().empty()) return;
  const std::string& mode = asked.host_config.network_mode;
  if (mode == "host" || mode == "none") return;
  if (mode.starts_with("container:"))
    throw Error(ErrorCode::invalid_argument, "conflicting options: mac-address and the network mode");
  const std::string network = mode.empty() || mode == "default" ? "bridge" : mode;
  auto& endpoints = asked.endpoints_config;
  if (!endpoints.empty() && !endpoints.contains(network))
    throw Error(ErrorCode::invalid_argument,
                "unable to migrate container-wide MAC address to a specific network: HostConfig.NetworkMode must match the "
                "identity of a network in NetworkSettings.Networks");
  auto& endpoint = endpoints[network];
  if (!endpoint.mac_address.empty() && endpoint.mac_address != *mac)
    throw Error(ErrorCode::invalid_argument,
                "the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left "
                "empty");
  endpoint.mac_address = mac->get<std::string>();
}

void add_old_mac_address(const container::Record& record, nlohmann::json& inspect) {
  const auto endpoint = record.endpoints.find(record.host_config.network_mode);
  if (endpoint != record.endpoints.end() && !endpoint->second.mac_address.empty())
    inspect["Config"]["MacAddress"] = endpoint->second.mac_address;
}

/// Warnings about fields that are accepted and of no use here.
void warn_of_old_fields(const Request& request, const nlohmann::json& body, std::vector<std::string>& warnings) {
  const auto is_set = [](const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && !found->is_null() && *found != 0 && *found != "";
  };
  if (request.api_version >= first_with_endpoint_macs && is_set(body, "MacAddress"))
    warnings.emplace_back(
        "The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.");
  if (const auto host = body.find("HostConfig"); host != body.end() && is_set(*host, "KernelMemoryTCP"))
    warnings.emplace_back("The kernel's TCP buffers are not limited by this engine. Kernel memory TCP limit discarded.");
}

void check_old_networks(const Request& request, const api::ContainerCreateRequest& asked) {
  if (request.api_version >= first_with_endpoint_macs || asked.endpoints_config.size() < 2) return;
  std::string names;
  for (const auto& [name, settings] : asked.endpoints_config) names += (names.empty() ? "" : ", ") + name;
  throw Error(ErrorCode::invalid_argument, "Container cannot be created with multiple network endpoints: " + names);
}

/// docker-py's run() returns the output only when the log driver is called json-file, Docker's default.
void choose_log_driver(const Request& request, api::LogConfig& log) {
  if (log.type.empty() && request.header("User-Agent").starts_with("docker-sdk-python/")) log.type = "json-file";
}

/// platform= of a creation is text, where newer requests about images have JSON. Throws not_found, and clients pull, when the
/// image that is here is for another one.
void check_image_platform(EngineContext& engine, const Request& request, const std::string& image) {
  const std::string platform = request.query.get("platform");
  if (!platform.empty() && !image.empty()) check_platform(*engine.images.get(image), image, image::parse_platform(platform));
}

asio::awaitable<void> create_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  const nlohmann::json body = co_await request.required_json_body();
  if (!body.is_object() || body.empty())
    throw Error(ErrorCode::invalid_argument, "config cannot be empty in order to create a container");
  auto asked = body.get<api::ContainerCreateRequest>();
  check_old_networks(request, asked);
  take_old_mac_address(body, asked);
  choose_log_driver(request, asked.host_config.log_config);
  check_image_platform(engine, request, asked.config.image);
  auto created = engine.containers.create(request.query.get("name"), asked);
  warn_of_old_fields(request, body, created.warnings);
  const nlohmann::json answer = created;
  co_await response.json(201, answer);
}

asio::awaitable<void> inspect_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  const ContainerPtr container = wanted(engine, request);
  api::ContainerInspect inspect = engine.containers.inspect(container);
  if (request.query.flag("size")) {
    const container::DiskUsage usage = co_await engine.containers.disk_usage(inspect.id);
    inspect.size_rw = usage.own;
    inspect.size_root_fs = usage.with_image;
  }
  nlohmann::json body = inspect;
  if (request.api_version < first_with_endpoint_macs) add_old_mac_address(engine.containers.record(container), body);
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

asio::awaitable<void> update_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  const ContainerPtr container = wanted(engine, request);
  const nlohmann::json asked = co_await request.json_body();
  auto change = asked.get<api::HostConfig>();  // the names of its limits and of the restart policy
  const std::vector<std::string> warnings = co_await engine.containers.update(container, std::move(change));
  nlohmann::json body{{"Warnings", nullptr}};
  if (!warnings.empty()) body["Warnings"] = warnings;
  co_await response.json(200, body);
}

asio::awaitable<void> remove_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  const ContainerPtr container = wanted(engine, request);
  if (request.query.flag("link"))  // links have no names of their own here, only those a container was created with
    throw Error(ErrorCode::internal, "Conflict, cannot remove the default link name of the container");
  co_await engine.containers.remove(container, request.query.flag("force"), request.query.flag("v"));
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
  add(Method::get, "/containers/{id}/attach/ws", attach_by_websocket);
  add(Method::post, "/containers/{id}/start", start_container);
  add(Method::post, "/containers/{id}/stop", stop_container);
  add(Method::post, "/containers/{id}/restart", restart_container);
  add(Method::post, "/containers/{id}/kill", kill_container);
  add(Method::post, "/containers/{id}/pause", pause_container);
  add(Method::post, "/containers/{id}/unpause", unpause_container);
  add(Method::post, "/containers/{id}/rename", rename_container);
  add(Method::post, "/containers/{id}/update", update_container);
  add(Method::post, "/containers/{id}/resize", resize_container);
  add(Method::post, "/containers/{id}/wait", wait_for_container);
  add(Method::post, "/containers/{id}/attach", attach_container);
  add(Method::del, "/containers/{id}", remove_container);
}

}  // namespace stack::engine::http
