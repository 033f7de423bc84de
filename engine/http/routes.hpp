#pragma once
// The route tables, one per resource. What they are given outlives the router.
#include <boost/asio/thread_pool.hpp>

#include "engine/http/context.hpp"
#include "engine/http/router.hpp"

namespace stack::engine::http {

void add_ping_routes(Router& router);                               ///< /_ping, /version
void add_event_routes(Router& router, EventHub& events);            ///< /events
void add_info_routes(Router& router, EngineContext& engine);        ///< /info
void add_disk_usage_routes(Router& router, EngineContext& engine);  ///< /system/df
/// What this engine has not: Swarm, plugins, search, push, BuildKit's sessions.
void add_elsewhere_routes(Router& router, image::Store& images);
void add_image_routes(Router& router, image::Store& images, image::Puller& puller);
/// /images/create, load and get, /distribution, /auth
void add_image_transfer_routes(Router& router, image::Store& images, image::Puller& puller);
void add_network_routes(Router& router, EngineContext& engine);
void add_volume_routes(Router& router, volume::Manager& volumes, asio::thread_pool& pool);
void add_build_routes(Router& router, build::Builder& builder, image::Puller& puller);
void add_container_routes(Router& router, EngineContext& engine);
void add_container_layer_routes(Router& router, EngineContext& engine);  ///< changes, export, commit
void add_archive_routes(Router& router, EngineContext& engine);
void add_stats_routes(Router& router, EngineContext& engine);
void add_exec_routes(Router& router, EngineContext& engine);

class ApiMetrics;
void add_metrics_routes(Router& router, EngineContext& engine, std::shared_ptr<const ApiMetrics> api);  ///< /stack/v1/metrics

/// All of them.
void add_routes(Router& router, EngineContext& engine);

}  // namespace stack::engine::http
