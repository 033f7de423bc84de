#pragma once
// What the routes may use: the engine's managers, all living as long as the engine.
#include <string>

#include "engine/paths.hpp"

namespace boost::asio {
class io_context;
class thread_pool;
}  // namespace boost::asio

namespace stack::engine {

class EventHub;
namespace container {
class Manager;
}
namespace image {
class Store;
class Puller;
}  // namespace image
namespace network {
class Manager;
}
namespace volume {
class Manager;
}
namespace build {
class Builder;
}

/// Passed to every add_*_routes(Router&, EngineContext&); kept by reference in the handlers.
struct EngineContext {
  const Paths& paths;
  boost::asio::io_context& loop;
  boost::asio::thread_pool& pool;
  EventHub& events;
  container::Manager& containers;
  image::Store& images;
  image::Puller& puller;
  network::Manager& networks;
  volume::Manager& volumes;
  build::Builder& builder;
};

}  // namespace stack::engine
