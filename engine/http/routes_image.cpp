#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/api/common_types.hpp"
#include "engine/container/until.hpp"
#include "engine/http/filters.hpp"
#include "engine/http/image_platform.hpp"
#include "engine/http/old_image_fields.hpp"
#include "engine/http/routes.hpp"
#include "engine/http/shared_size.hpp"
#include "engine/image/pull.hpp"
#include "engine/image/store.hpp"

namespace stack::engine::http {

namespace {

using image::ImagePtr;
using image::Store;

asio::awaitable<void> list_images(Store& store, Request& request, ResponseWriter& response) {
  Filters filters = read_filters(request, {"before", "dangling", "label", "reference", "since", "until"});
  filter_flag(filters, "dangling", false);  // refuses what is no truth
  constexpr std::int64_t second = 1'000'000'000;
  if (const auto until = container::parse_until(filters)) filters["until"] = {std::to_string(*until / second)};
  nlohmann::json body = nlohmann::json::array();
  const bool with_shared = request.query.flag("shared-size");
  const LayerUsers layers = with_shared ? layer_users(store) : LayerUsers();
  for (const ImagePtr& image : store.list(filters)) {
    nlohmann::json& item = body.emplace_back(image::summary_json(*image::with_matching_names(image, filters)));
    if (with_shared) item["SharedSize"] = shared_size(store, *image, layers);
    add_old_summary_fields(item, request.api_version);
  }
  co_await response.json(200, body);
}

asio::awaitable<void> inspect_image(Store& store, Request& request, ResponseWriter& response) {
  const ImagePtr image = store.get(request.parameter("name"));
  check_platform(*image, request.parameter("name"), wanted_platform(request));
  nlohmann::json body = image::inspect_json(*image, store);
  add_old_inspect_fields(body, request.api_version);
  co_await response.json(200, body);
}

asio::awaitable<void> image_history(Store& store, Request& request, ResponseWriter& response) {
  const ImagePtr image = store.get(request.parameter("name"));
  check_platform(*image, request.parameter("name"), wanted_platform(request));
  const nlohmann::json body = image::history_json(*image, store);
  co_await response.json(200, body);
}

asio::awaitable<void> tag_image(Store& store, Request& request, ResponseWriter& response) {
  store.tag(request.parameter("name"), image::parse_repo_and_tag(request.query.get("repo"), request.query.get("tag")));
  co_await response.empty(201);
}

asio::awaitable<void> remove_image(Store& store, Request& request, ResponseWriter& response) {
  const auto platform = wanted_platform(request, "platforms");
  if (platform) check_platform(*store.get(request.parameter("name")), request.parameter("name"), platform);
  const nlohmann::json body =
      store.remove(request.parameter("name"), request.query.flag("force"), request.query.flag("noprune"));
  co_await response.json(200, body);
}

/// What may go: dangling images, or with dangling=false all that no container uses.
std::vector<ImagePtr> prune_candidates(Store& store, const Filters& filters) {
  const bool only_dangling = filter_flag(filters, "dangling", true);
  const auto until = container::parse_until(filters);
  std::vector<ImagePtr> candidates;
  for (const ImagePtr& image : store.list()) {
    if (only_dangling && !image->names.empty()) continue;
    if (!labels_match(filters, image->config.config.labels)) continue;
    const auto created = api::parse_timestamp(image->config.created.empty() ? "0001-01-01T00:00:00Z" : image->config.created);
    if (until && created && created->time_since_epoch().count() >= *until) continue;
    candidates.push_back(image);
  }
  return candidates;
}

asio::awaitable<void> prune_images(Store& store, image::Puller& puller, Request& request, ResponseWriter& response) {
  const Filters filters = read_filters(request, {"dangling", "label", "label!", "until"});
  const std::uint64_t before = store.layers_size();
  puller.forget_unfinished();
  nlohmann::json deleted;  // null when nothing was
  for (const ImagePtr& image : prune_candidates(store, filters)) {
    std::vector<std::string> names;
    for (const auto& name : image->names) names.push_back(name.full());
    if (names.empty()) names.push_back(image->id);
    for (const std::string& name : names) {
      try {
        for (auto& item : store.remove(name, false)) deleted.push_back(std::move(item));
      } catch (const Error& error) {  // in use, or gone with its last name
        if (error.code() != ErrorCode::conflict && error.code() != ErrorCode::not_found) throw;
      }
    }
  }
  const std::uint64_t after = store.layers_size();
  nlohmann::json body;
  body["ImagesDeleted"] = std::move(deleted);
  body["SpaceReclaimed"] = before > after ? before - after : 0;
  co_await response.json(200, body);
}

}  // namespace

void add_image_routes(Router& router, Store& store, image::Puller& puller) {
  using Function = asio::awaitable<void> (*)(Store&, Request&, ResponseWriter&);
  const auto add = [&](Method method, const char* pattern, Function function) {
    router.add(method, pattern,
               [&store, function](Request& request, ResponseWriter& response) { return function(store, request, response); });
  };
  add(Method::get, "/images/json", list_images);
  add(Method::get, "/images/{name...}/json", inspect_image);
  add(Method::get, "/images/{name...}/history", image_history);
  add(Method::post, "/images/{name...}/tag", tag_image);
  router.add(Method::post, "/images/prune", [&store, &puller](Request& request, ResponseWriter& response) {
    return prune_images(store, puller, request, response);
  });
  add(Method::del, "/images/{name...}", remove_image);
}

}  // namespace stack::engine::http
