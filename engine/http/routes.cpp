#include "engine/http/routes.hpp"

namespace stack::engine::http {

void add_routes(Router& router, EngineContext& engine) {
  add_ping_routes(router);
  add_event_routes(router, engine.events);
  add_info_routes(router, engine);
  add_image_routes(router, engine.images, engine.puller);
  add_image_transfer_routes(router, engine.images, engine.puller);
  add_network_routes(router, engine);
  add_volume_routes(router, engine.volumes, engine.pool);
  add_build_routes(router, engine.builder, engine.puller);
  add_container_routes(router, engine);
  add_exec_routes(router, engine);
}

}  // namespace stack::engine::http
