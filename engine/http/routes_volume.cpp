#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/tree_walk.hpp"
#include "engine/api/network_types.hpp"
#include "engine/http/filters.hpp"
#include "engine/http/routes.hpp"
#include "engine/state/async.hpp"
#include "engine/volume/manager.hpp"

namespace stack::engine::http {

namespace {

asio::awaitable<void> list_volumes(volume::Manager& volumes, Request& request, ResponseWriter& response) {
  const Filters filters = read_filters(request, {"dangling", "driver", "label", "name"});
  filter_flag(filters, "dangling", false);  // refuses what is no truth
  nlohmann::json body;
  body["Volumes"] = nlohmann::json::array();
  body["Warnings"] = nullptr;
  for (const auto& volume : volumes.list(filters)) body["Volumes"].push_back(volume::to_json(*volume));
  co_await response.json(200, body);
}

asio::awaitable<void> inspect_volume(volume::Manager& volumes, Request& request, ResponseWriter& response) {
  const nlohmann::json body = volume::to_json(*volumes.get(request.parameter("name")));
  co_await response.json(200, body);
}

asio::awaitable<void> create_volume(volume::Manager& volumes, Request& request, ResponseWriter& response) {
  const nlohmann::json body = co_await request.json_body();
  const auto asked = body.get<api::VolumeCreate>();
  volume::VolumeCreate options;
  options.name = asked.name;
  options.driver = asked.driver;
  options.labels = asked.labels;
  options.options = asked.driver_opts;
  const nlohmann::json answer = volume::to_json(*volumes.create(options));
  co_await response.json(201, answer);
}

asio::awaitable<void> remove_volume(volume::Manager& volumes, Request& request, ResponseWriter& response) {
  volumes.remove(request.parameter("name"), request.query.flag("force"));
  co_await response.empty(204);
}

/// Anonymous volumes that no container uses; with all=true the named ones too.
asio::awaitable<void> prune_volumes(volume::Manager& volumes, asio::thread_pool& pool, Request& request,
                                    ResponseWriter& response) {
  const Filters filters = read_filters(request, {"all", "label", "label!"});
  const bool all = filter_flag(filters, "all", request.api_version < 42);  // older clients mean all
  nlohmann::json body;
  body["VolumesDeleted"] = nlohmann::json::array();
  std::uint64_t reclaimed = 0;
  const volume::Filters unused{{"dangling", {"true"}}};
  for (const auto& volume : volumes.list(unused)) {
    if (!volume->options.empty()) continue;  // what they hold is elsewhere, or somebody took the trouble to describe it
    if ((!all && !volume->anonymous()) || !labels_match(filters, volume->labels)) continue;
    auto measure = [directory = volume->mountpoint] { return tree_size(directory); };
    const std::uint64_t size = co_await run_in_pool(pool, std::move(measure));
    try {
      volumes.remove(volume->name, false);
    } catch (const Error& error) {  // taken or removed while its size was measured
      if (error.code() != ErrorCode::conflict && error.code() != ErrorCode::not_found) throw;
      continue;
    }
    reclaimed += size;
    body["VolumesDeleted"].push_back(volume->name);
  }
  body["SpaceReclaimed"] = reclaimed;
  co_await response.json(200, body);
}

}  // namespace

void add_volume_routes(Router& router, volume::Manager& volumes, asio::thread_pool& pool) {
  using Function = asio::awaitable<void> (*)(volume::Manager&, Request&, ResponseWriter&);
  const auto add = [&](Method method, const char* pattern, Function function) {
    router.add(method, pattern, [&volumes, function](Request& request, ResponseWriter& response) {
      return function(volumes, request, response);
    });
  };
  add(Method::get, "/volumes", list_volumes);
  add(Method::get, "/volumes/{name}", inspect_volume);
  add(Method::post, "/volumes/create", create_volume);
  add(Method::del, "/volumes/{name}", remove_volume);
  router.add(Method::post, "/volumes/prune", [&volumes, &pool](Request& request, ResponseWriter& response) {
    return prune_volumes(volumes, pool, request, response);
  });
}

}  // namespace stack::engine::http
