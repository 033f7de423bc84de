#pragma once
// The route tables, one per resource. What they are given outlives the router.
#include <boost/asio/thread_pool.hpp>

#include "engine/http/context.hpp"
#include "engine/http/router.hpp"

namespace stack::engine::http {

void add_ping_routes(Router& router);                         ///< /_ping, /version
void add_event_routes(Router& router, EventHub& events);      ///< /events
void add_info_routes(Router& router, EngineContext& engine);  ///< /info, /system/df, what only a Swarm manager has
void add_image_routes(Router& router, image::Store& images, image::Puller& puller);
/// /images/create, load and get, /distribution, /auth
void add_image_transfer_routes(Router& router, image::Store& images, image::Puller& puller);
void add_network_routes(Router& router, EngineContext& engine);
void add_volume_routes(Router& router, volume::Manager& volumes, asio::thread_pool& pool);
void add_build_routes(Router& router, build::Builder& builder, image::Puller& puller);
void add_container_routes(Router& router, EngineContext& engine);
void add_archive_routes(Router& router, EngineContext& engine);
void add_stats_routes(Router& router, EngineContext& engine);
void add_exec_routes(Router& router, EngineContext& engine);

/// All of them.
void add_routes(Router& router, EngineContext& engine);

}  // namespace stack::engine::http
