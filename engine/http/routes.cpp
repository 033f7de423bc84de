#include "engine/http/routes.hpp"

#include "base/disk_room.hpp"
#include "engine/http/metrics.hpp"

namespace stack::engine::http {

namespace {

/// What is refused whole while the data root has no room. Starting is not among them: what exists must be able to run again.
bool makes_something(const Request& request) {
  if (request.method != Method::post) return false;
  for (const std::string_view ending : {"/create", "/build", "/commit", "/images/load"})
    if (request.path.ends_with(ending)) return true;
  return false;
}

Router::Hooks disk_hooks(const Paths& paths) {
  Router::Hooks hooks;
  hooks.before = [root = paths.data_root](const Request& request) {
    if (makes_something(request)) require_disk_room(root);
  };
  hooks.failed = [root = paths.data_root](ErrorResponse& failed) {
    if (failed.status >= 500) failed.message = with_disk_shortage(failed.message, root);
  };
  return hooks;
}

}  // namespace

void add_routes(Router& router, EngineContext& engine) {
  add_ping_routes(router);
  add_event_routes(router, engine.events);
  add_info_routes(router, engine);
  add_disk_usage_routes(router, engine);
  add_elsewhere_routes(router, engine.images);
  add_image_routes(router, engine.images, engine.puller);
  add_image_transfer_routes(router, engine.images, engine.puller);
  add_network_routes(router, engine);
  add_volume_routes(router, engine.volumes, engine.pool);
  add_build_routes(router, engine.builder, engine.puller);
  add_container_routes(router, engine);
  add_container_layer_routes(router, engine);
  add_archive_routes(router, engine);
  add_stats_routes(router, engine);
  add_exec_routes(router, engine);
  const auto metrics = std::make_shared<ApiMetrics>();
  add_metrics_routes(router, engine, metrics);
  Router::Hooks hooks = disk_hooks(engine.paths);
  hooks.answered = [metrics](std::string_view pattern, int status, std::chrono::nanoseconds time) {
    metrics->record(pattern, status, time);
  };
  router.set_hooks(std::move(hooks));
}

}  // namespace stack::engine::http
