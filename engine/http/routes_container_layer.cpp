// What a container changed, the container as an archive, and as an image: changes, export, commit.
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/api/types.hpp"
#include "engine/build/metadata.hpp"
#include "engine/container/manager.hpp"
#include "engine/http/routes.hpp"

namespace stack::engine::http {

namespace {

asio::awaitable<void> container_changes(EngineContext& engine, Request& request, ResponseWriter& response) {
  const auto container = engine.containers.get(request.parameter("id"));
  const std::vector<api::FilesystemChange> changes = co_await engine.containers.changes(container);
  nlohmann::json body;  // null: nothing
  if (!changes.empty()) body = changes;
  co_await response.json(200, body);
}

asio::awaitable<void> write_tar(ResponseWriter& response, std::string_view bytes) {
  if (!response.started()) co_await response.begin_stream("application/octet-stream");
  co_await response.write(bytes);
}

asio::awaitable<void> export_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  const auto container = engine.containers.get(request.parameter("id"));
  image::BodyWriter write = [&response](std::string_view bytes) { return write_tar(response, bytes); };
  co_await engine.containers.export_rootfs(container, std::move(write));
}

/// changes= comes once per instruction, and each may have several lines.
std::vector<std::string> requested_changes(const Query& query) {
  std::vector<std::string> changes;
  for (const std::string& text : query.all("changes")) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      if (end > at) changes.push_back(text.substr(at, end - at));
      at = end + 1;
    }
  }
  return changes;
}

asio::awaitable<void> commit_container(EngineContext& engine, Request& request, ResponseWriter& response) {
  const std::string id = request.query.get("container");
  if (id.empty()) throw Error(ErrorCode::invalid_argument, "invalid name or ID supplied: \"\"");
  const auto container = engine.containers.get(id);
  container::CommitOptions options;
  if (const std::string repo = request.query.get("repo"); !repo.empty())
    options.name = image::parse_repo_and_tag(repo, request.query.get("tag"));
  options.comment = request.query.get("comment");
  options.author = request.query.get("author");
  options.pause = request.query.flag("pause", true);
  const nlohmann::json config = co_await request.json_body();
  if (!config.empty()) options.config = config.get<api::ContainerConfig>();
  options.change = [changes = requested_changes(request.query)](image::RunConfig& changed) {
    build::apply_changes(changed, changes);
  };
  const image::ImagePtr made = co_await engine.containers.commit(container, std::move(options));
  const nlohmann::json body{{"Id", made->id}};
  co_await response.json(201, body);
}

}  // namespace

void add_container_layer_routes(Router& router, EngineContext& engine) {
  using Function = asio::awaitable<void> (*)(EngineContext&, Request&, ResponseWriter&);
  const auto add = [&](Method method, const char* pattern, Function function) {
    router.add(method, pattern,
               [&engine, function](Request& request, ResponseWriter& response) { return function(engine, request, response); });
  };
  add(Method::get, "/containers/{id}/changes", container_changes);
  add(Method::get, "/containers/{id}/export", export_container);
  add(Method::post, "/commit", commit_container);
}

}  // namespace stack::engine::http
