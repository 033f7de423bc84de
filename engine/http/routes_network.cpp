#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/name_pattern.hpp"
#include "engine/api/network_types.hpp"
#include "engine/container/manager.hpp"
#include "engine/container/until.hpp"
#include "engine/http/filters.hpp"
#include "engine/http/routes.hpp"
#include "engine/network/manager.hpp"

namespace stack::engine::http {

namespace {

bool is_predefined(const api::NetworkResource& network) {
  return network.name == "bridge" || network.name == "host" || network.name == "none";
}

bool matches(const api::NetworkResource& network, const Filters& filters) {
  return matches_any(filters, "name", [&](const std::string& value) { return name_matches(network.name, value); }) &&
         matches_any(filters, "id", [&](const std::string& value) { return network.id.starts_with(value); }) &&
         matches_any(filters, "driver", [&](const std::string& value) { return network.driver == value; }) &&
         matches_any(filters, "scope", [&](const std::string& value) { return network.scope == value; }) &&
         matches_any(filters, "type",
                     [&](const std::string& value) { return value == (is_predefined(network) ? "builtin" : "custom"); }) &&
         (!filters.contains("dangling") ||
          filter_flag(filters, "dangling", false) == (network.containers.empty() && !is_predefined(network))) &&
         labels_match(filters, network.labels);
}

void check_dangling(const Filters& filters) {
  const auto found = filters.find("dangling");
  if (found == filters.end()) return;
  if (found->second.size() > 1) throw Error(ErrorCode::invalid_argument, "got more than one value for filter key \"dangling\"");
  const std::string& value = found->second.front();
  if (value != "true" && value != "1" && value != "false" && value != "0")
    throw Error(ErrorCode::invalid_argument,
                "invalid value for filter 'dangling', must be \"true\" (or \"1\"), or \"false\" (or \"0\")");
}

asio::awaitable<void> list_networks(EngineContext& engine, Request& request, ResponseWriter& response) {
  const Filters filters = read_filters(request, {"dangling", "driver", "id", "label", "name", "scope", "type"});
  if (const auto types = filters.find("type"); types != filters.end())
    for (const std::string& type : types->second)
      if (type != "custom" && type != "builtin")
        throw Error(ErrorCode::invalid_argument, "invalid filter: 'type'='" + type + "'");
  check_dangling(filters);
  nlohmann::json body = nlohmann::json::array();
  for (auto& network : engine.networks.list()) {
    if (!matches(network, filters)) continue;
    network.containers.clear();  // only inspect has them
    body.push_back(network);
  }
  co_await response.json(200, body);
}

/// The containers of `host` and `none` have no interface that the network manager would know of.
void add_containers_without_interface(const EngineContext& engine, api::NetworkResource& network) {
  if (network.name != "host" && network.name != "none") return;
  for (const auto& container : engine.containers.list({})) {
    if (!container.networks.contains(network.name)) continue;
    api::EndpointResource entry;
    entry.name = container.names.front().substr(1);
    network.containers.emplace(container.id, std::move(entry));
  }
}

asio::awaitable<void> inspect_network(EngineContext& engine, Request& request, ResponseWriter& response) {
  const std::string& wanted = request.parameter("id");
  api::NetworkResource network = engine.networks.inspect(wanted);
  const std::string scope = request.query.get("scope");
  if (!scope.empty() && scope != network.scope) throw Error(ErrorCode::not_found, "network " + wanted + " not found");
  add_containers_without_interface(engine, network);
  const nlohmann::json body = network;
  co_await response.json(200, body);
}

asio::awaitable<void> create_network(EngineContext& engine, Request& request, ResponseWriter& response) {
  const nlohmann::json body = co_await request.json_body();
  auto options = body.get<api::NetworkCreate>();
  const std::string id = co_await engine.networks.create(std::move(options));
  nlohmann::json answer;
  answer["Id"] = id;
  answer["Warning"] = engine.networks.warning(id);
  co_await response.json(201, answer);
}

asio::awaitable<void> remove_network(EngineContext& engine, Request& request, ResponseWriter& response) {
  co_await engine.networks.remove(request.parameter("id"));
  co_await response.empty(204);
}

asio::awaitable<void> connect_network(EngineContext& engine, Request& request, ResponseWriter& response) {
  const nlohmann::json body = co_await request.json_body();
  auto options = body.get<api::NetworkConnect>();
  const auto container = engine.containers.get(options.container);
  api::EndpointSettings settings;
  if (options.endpoint_config) settings = std::move(*options.endpoint_config);
  std::string network = engine.networks.get(request.parameter("id"));
  co_await engine.containers.connect(container, std::move(network), std::move(settings));
  co_await response.empty(200);
}

asio::awaitable<void> disconnect_network(EngineContext& engine, Request& request, ResponseWriter& response) {
  const nlohmann::json body = co_await request.json_body();
  const auto options = body.get<api::NetworkDisconnect>();
  const auto container = engine.containers.get(options.container);
  std::string network = engine.networks.get(request.parameter("id"));
  co_await engine.containers.disconnect(container, std::move(network), options.force);
  co_await response.empty(200);
}

/// The answer names the networks, the manager returns ids.
asio::awaitable<void> prune_networks(EngineContext& engine, Request& request, ResponseWriter& response) {
  const Filters filters = read_filters(request, {"label", "label!", "until"});
  const auto until = container::parse_until(filters);
  std::map<std::string, std::string> names;
  for (const auto& network : engine.networks.list()) names[network.id] = network.name;
  std::function<bool(const api::NetworkResource&)> accepts = [filters, until](const api::NetworkResource& network) {
    const bool old_enough = !until || !network.created || network.created->time_since_epoch().count() < *until;
    return old_enough && labels_match(filters, network.labels);
  };
  const auto removed = co_await engine.networks.prune(std::move(accepts));
  nlohmann::json body;
  body["NetworksDeleted"] = nullptr;
  for (const std::string& id : removed) body["NetworksDeleted"].push_back(names[id]);
  co_await response.json(200, body);
}

}  // namespace

void add_network_routes(Router& router, EngineContext& engine) {
  using Function = asio::awaitable<void> (*)(EngineContext&, Request&, ResponseWriter&);
  const auto add = [&](Method method, const char* pattern, Function function) {
    router.add(method, pattern,
               [&engine, function](Request& request, ResponseWriter& response) { return function(engine, request, response); });
  };
  add(Method::get, "/networks", list_networks);
  add(Method::get, "/networks/{id}", inspect_network);
  add(Method::post, "/networks/create", create_network);
  add(Method::post, "/networks/prune", prune_networks);
  add(Method::post, "/networks/{id}/connect", connect_network);
  add(Method::post, "/networks/{id}/disconnect", disconnect_network);
  add(Method::del, "/networks/{id}", remove_network);
}

}  // namespace stack::engine::http
