// Files in and out of containers: HEAD, GET and PUT /containers/{id}/archive.
#include "base/error.hpp"
#include "engine/container/manager.hpp"
#include "engine/http/routes.hpp"

namespace stack::engine::http {

namespace {

container::PathRequest path_request(const Request& request) {
  container::PathRequest result{request.query.get("path"), request.parameter("id")};
  if (result.path.empty()) throw Error(ErrorCode::invalid_argument, "bad parameter: path cannot be empty");
  return result;
}

asio::awaitable<void> stat_path(EngineContext& engine, Request& request, ResponseWriter& response) {
  container::PathRequest where = path_request(request);
  const auto container = engine.containers.get(request.parameter("id"));
  const api::PathStat stat = co_await engine.containers.stat_path(container, std::move(where));
  response.header(api::path_stat_header, api::encode_path_stat(stat));
  co_await response.empty(200);
}

asio::awaitable<void> begin_archive(ResponseWriter& response, api::PathStat stat) {
  response.header(api::path_stat_header, api::encode_path_stat(stat));
  co_await response.begin_stream("application/x-tar");
}

asio::awaitable<void> get_archive(EngineContext& engine, Request& request, ResponseWriter& response) {
  container::PathRequest where = path_request(request);
  const auto container = engine.containers.get(request.parameter("id"));
  container::ArchiveReceiver receiver;
  receiver.begin = [&response](const api::PathStat& stat) { return begin_archive(response, stat); };
  receiver.write = [&response](std::string_view bytes) { return response.write(bytes); };
  co_await engine.containers.download(container, std::move(where), std::move(receiver));
}

asio::awaitable<void> put_archive(EngineContext& engine, Request& request, ResponseWriter& response) {
  container::UploadRequest upload;
  upload.where = path_request(request);
  upload.replace_directory = !request.query.flag("noOverwriteDirNonDir");
  upload.owned_by_user = request.query.flag("copyUIDGID");
  const auto container = engine.containers.get(request.parameter("id"));
  image::BodyReader body = [&request](std::span<char> buffer) { return request.body->read_some(buffer); };
  co_await engine.containers.upload(container, std::move(upload), std::move(body));
  co_await response.empty(200);
}

}  // namespace

void add_archive_routes(Router& router, EngineContext& engine) {
  using Function = asio::awaitable<void> (*)(EngineContext&, Request&, ResponseWriter&);
  const auto add = [&](Method method, Function function) {
    router.add(method, "/containers/{id}/archive",
               [&engine, function](Request& request, ResponseWriter& response) { return function(engine, request, response); });
  };
  add(Method::head, stat_path);
  add(Method::get, get_archive);
  add(Method::put, put_archive);
}

}  // namespace stack::engine::http
