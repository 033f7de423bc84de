// What this engine has not, with the answers that make clients carry on: Swarm, plugins, a registry's search, BuildKit's
// sessions.
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/error.hpp"
#include "engine/http/routes.hpp"
#include "engine/image/progress_line.hpp"
#include "engine/image/store.hpp"

namespace stack::engine::http {

namespace {

asio::awaitable<void> no_swarm(Request&, ResponseWriter&) {
  throw Error(ErrorCode::unavailable,
              "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to "
              "swarm and try again.");
  co_return;
}

asio::awaitable<void> leave_swarm(Request&, ResponseWriter&) {
  throw Error(ErrorCode::unavailable, "This node is not part of a swarm");
  co_return;
}

asio::awaitable<void> begin_swarm(Request&, ResponseWriter&) {
  throw Error(ErrorCode::not_implemented, "this engine is no part of a swarm: it runs containers of one host");
  co_return;
}

asio::awaitable<void> no_plugins(Request&, ResponseWriter& response) {
  const nlohmann::json none = nlohmann::json::array();
  co_await response.json(200, none);
}

asio::awaitable<void> no_such_plugin(Request& request, ResponseWriter&) {
  throw Error(ErrorCode::not_found, "plugin \"" + request.parameter("name") + "\" not found");
  co_return;
}

asio::awaitable<void> no_plugin_installation(Request&, ResponseWriter&) {
  throw Error(ErrorCode::not_implemented, "this engine has no plugins");
  co_return;
}

/// There is no index to ask: what is here is searched, so that a client shows something useful instead of failing.
asio::awaitable<void> search_images(const image::Store& images, Request& request, ResponseWriter& response) {
  const std::string term = request.query.get("term");
  if (term.empty()) throw Error(ErrorCode::invalid_argument, "a search needs a term");
  nlohmann::json found = nlohmann::json::array();
  std::set<std::string> listed;
  for (const auto& image : images.list()) {
    for (const auto& name : image->names) {
      const std::string repository = name.familiar_repository();
      if (repository.find(term) == std::string::npos || !listed.insert(repository).second) continue;
      found.push_back({{"name", repository},
                       {"description", "an image of this engine; registries are not searched"},
                       {"star_count", 0},
                       {"is_official", false},
                       {"is_automated", false}});
    }
  }
  co_await response.json(200, found);
}

/// Docker reports all of a push's failures in the stream, after a 200.
asio::awaitable<void> push_image(const image::Store& images, Request& request, ResponseWriter& response) {
  const std::string tag = request.query.get("tag");
  const image::Reference name = image::parse_repo_and_tag(request.parameter("name"), tag);
  std::string begin = image::status_line("The push refers to repository [" + name.repository() + "]");
  const bool present = images.find(name.full()) != nullptr;
  std::string end = image::error_line(present ? "pushing to a registry is not supported by this engine yet"
                                              : "An image does not exist locally with the tag: " + name.familiar_repository());
  co_await response.begin_stream("application/json");
  co_await response.write(begin);
  co_await response.write(end);
}

asio::awaitable<void> no_session(Request& request, ResponseWriter&) {
  if (!request.wants_upgrade()) throw Error(ErrorCode::invalid_argument, "no upgrade proto in request");
  throw Error(ErrorCode::not_found, "page not found");  // buildx takes this for an engine without BuildKit
  co_return;
}

void add_swarm_routes(Router& router) {
  for (const char* kind : {"/nodes", "/services", "/tasks", "/secrets", "/configs"}) {
    router.add(Method::get, kind, no_swarm);
    router.add(Method::get, std::string(kind) + "/{id}", no_swarm);
    router.add(Method::del, std::string(kind) + "/{id}", no_swarm);
    router.add(Method::post, std::string(kind) + "/create", no_swarm);
    router.add(Method::post, std::string(kind) + "/{id}/update", no_swarm);
  }
  router.add(Method::get, "/services/{id}/logs", no_swarm);
  router.add(Method::get, "/tasks/{id}/logs", no_swarm);
  router.add(Method::get, "/swarm", no_swarm);
  router.add(Method::get, "/swarm/unlockkey", no_swarm);
  router.add(Method::post, "/swarm/update", no_swarm);
  router.add(Method::post, "/swarm/unlock", no_swarm);
  router.add(Method::post, "/swarm/leave", leave_swarm);
  router.add(Method::post, "/swarm/init", begin_swarm);
  router.add(Method::post, "/swarm/join", begin_swarm);
}

void add_plugin_routes(Router& router) {
  router.add(Method::get, "/plugins", no_plugins);
  router.add(Method::get, "/plugins/{name...}/json", no_such_plugin);
  router.add(Method::del, "/plugins/{name...}", no_such_plugin);
  for (const char* action : {"enable", "disable", "upgrade", "push", "set"})
    router.add(Method::post, std::string("/plugins/{name...}/") + action, no_such_plugin);
  router.add(Method::get, "/plugins/privileges", no_plugin_installation);
  router.add(Method::post, "/plugins/pull", no_plugin_installation);
  router.add(Method::post, "/plugins/create", no_plugin_installation);
}

}  // namespace

void add_elsewhere_routes(Router& router, image::Store& images) {
  add_swarm_routes(router);
  add_plugin_routes(router);
  router.add(Method::get, "/images/search",
             [&images](Request& request, ResponseWriter& response) { return search_images(images, request, response); });
  router.add(Method::post, "/images/{name...}/push",
             [&images](Request& request, ResponseWriter& response) { return push_image(images, request, response); });
  router.add(Method::post, "/session", no_session);
  router.add(Method::post, "/grpc", no_session);
}

}  // namespace stack::engine::http
