// GET /system/df: what images, containers, volumes and the build cache take.
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/tree_walk.hpp"
#include "engine/api/types.hpp"
#include "engine/build/builder.hpp"
#include "engine/container/manager.hpp"
#include "engine/http/old_image_fields.hpp"
#include "engine/http/routes.hpp"
#include "engine/http/shared_size.hpp"
#include "engine/image/store.hpp"
#include "engine/state/async.hpp"
#include "engine/volume/manager.hpp"

namespace stack::engine::http {

namespace {

using nlohmann::json;

json image_usage(EngineContext& engine, const LayerUsers& layers, int api_version) {
  json items = json::array();
  for (const auto& image : engine.images.list()) {
    const auto users = static_cast<std::int64_t>(engine.containers.users_of_image(image->id).size());
    json item = image::summary_json(*image, users);
    item["SharedSize"] = shared_size(engine.images, *image, layers);
    if (item["RepoDigests"].empty()) item["RepoDigests"] = nullptr;  // as Docker has it here, and only here
    add_old_summary_fields(item, api_version);
    items.push_back(std::move(item));
  }
  return items;
}

asio::awaitable<json> container_usage(EngineContext& engine) {
  container::ListOptions options;
  options.all = true;
  std::vector<api::ContainerSummary> containers = engine.containers.list(options);
  for (auto& item : containers) {
    const container::DiskUsage usage = co_await engine.containers.disk_usage(item.id);
    if (usage.own > 0) item.size_rw = usage.own;
    item.size_root_fs = usage.with_image;
  }
  json items = json::array();
  for (const auto& item : containers) items.push_back(item);
  co_return items;
}

asio::awaitable<json> volume_usage(EngineContext& engine) {
  json items = json::array();
  for (const auto& volume : engine.volumes.list()) {
    json item = volume::to_json(*volume);
    // one with mount options of its own is mounted only while it is used, and may be somebody else's disk
    std::int64_t size = -1;
    if (volume->options.empty()) {
      auto measure = [directory = volume->mountpoint] { return tree_size(directory); };
      const std::uint64_t measured = co_await run_in_pool(engine.pool, std::move(measure));
      size = static_cast<std::int64_t>(measured);
    }
    item["UsageData"] = {{"RefCount", engine.containers.users_of_volume(volume->name).size()}, {"Size", size}};
    items.push_back(std::move(item));
  }
  co_return items;
}

json cache_usage(EngineContext& engine) {
  json items = json::array();
  for (const build::CacheStep& step : engine.builder.cached_steps()) {
    const api::Timestamp used{std::chrono::seconds(step.used)};
    items.push_back({{"ID", step.key},
                     {"Type", "regular"},
                     {"Description", step.description},
                     {"InUse", false},
                     {"Shared", step.shared},
                     {"Size", step.size},
                     {"CreatedAt", step.created},
                     {"LastUsedAt", api::format_timestamp(used)},
                     {"UsageCount", 1}});
  }
  return items;
}

/// The sections asked for: type= names each, and none means all.
std::set<std::string> wanted_sections(const Query& query) {
  static const std::set<std::string> known{"container", "image", "volume", "build-cache"};
  std::set<std::string> wanted;
  for (const std::string& type : query.all("type")) {
    if (!known.contains(type)) throw Error(ErrorCode::invalid_argument, "unknown object type: " + type);
    wanted.insert(type);
  }
  return wanted.empty() ? known : wanted;
}

asio::awaitable<void> disk_usage(EngineContext& engine, Request& request, ResponseWriter& response) {
  const std::set<std::string> wanted = wanted_sections(request.query);
  json body{{"LayersSize", 0}, {"Images", nullptr}, {"Containers", nullptr}, {"Volumes", nullptr}, {"BuildCache", nullptr}};
  if (wanted.contains("image")) {
    const auto layers = layer_users(engine.images);
    std::uint64_t size = 0;
    for (const auto& [diff_id, users] : layers) size += engine.images.layer_size(diff_id);
    body["LayersSize"] = size;
    body["Images"] = image_usage(engine, layers, request.api_version);
  }
  if (wanted.contains("container")) {
    json containers = co_await container_usage(engine);
    body["Containers"] = std::move(containers);
  }
  if (wanted.contains("volume")) {
    json volumes = co_await volume_usage(engine);
    body["Volumes"] = std::move(volumes);
  }
  if (wanted.contains("build-cache")) body["BuildCache"] = cache_usage(engine);
  co_await response.json(200, body);
}

}  // namespace

void add_disk_usage_routes(Router& router, EngineContext& engine) {
  router.add(Method::get, "/system/df",
             [&engine](Request& request, ResponseWriter& response) { return disk_usage(engine, request, response); });
}

}  // namespace stack::engine::http
