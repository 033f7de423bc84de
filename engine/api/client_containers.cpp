// The container and exec part of the client.
#include "engine/api/client_impl.hpp"
#include "engine/api/query.hpp"

namespace stack::engine::api {

namespace {

std::string container_path(std::string_view id, std::string_view action = {}) {
  return "/containers/" + url_encode(id) + (action.empty() ? "" : "/") + std::string(action);
}

std::string exec_path(std::string_view id, std::string_view action) {
  return "/exec/" + url_encode(id) + "/" + std::string(action);
}

std::string stop_target(std::string_view id, std::string_view action, const StopOptions& options) {
  Query query(container_path(id, action));
  query.add("signal", options.signal);
  if (options.timeout) query.add("t", std::to_string(options.timeout->count()));
  return std::move(query).text();
}

std::string size_target(std::string path, unsigned height, unsigned width) {
  return path + "?h=" + std::to_string(height) + "&w=" + std::to_string(width);
}

}  // namespace

asio::awaitable<CreateResponse> Client::create_container(std::string name, ContainerCreateRequest body, std::string platform) {
  Query query("/containers/create");
  query.add("name", name).add("platform", platform);
  const Response response = co_await request("POST", std::move(query).text(), nlohmann::json(body));
  co_return response.as<CreateResponse>();
}

asio::awaitable<bool> Client::start_container(std::string id) {
  const Response response = co_await request("POST", container_path(id, "start"));
  co_return response.status != 304;
}

asio::awaitable<bool> Client::stop_container(std::string id, StopOptions options) {
  const Response response = co_await request("POST", stop_target(id, "stop", options));
  co_return response.status != 304;
}

asio::awaitable<void> Client::restart_container(std::string id, StopOptions options) {
  co_await request("POST", stop_target(id, "restart", options));
}

asio::awaitable<void> Client::kill_container(std::string id, std::string signal) {
  Query query(container_path(id, "kill"));
  query.add("signal", signal);
  co_await request("POST", std::move(query).text());
}

asio::awaitable<void> Client::pause_container(std::string id) { co_await request("POST", container_path(id, "pause")); }
asio::awaitable<void> Client::unpause_container(std::string id) { co_await request("POST", container_path(id, "unpause")); }

asio::awaitable<void> Client::rename_container(std::string id, std::string name) {
  Query query(container_path(id, "rename"));
  query.add("name", name);
  co_await request("POST", std::move(query).text());
}

asio::awaitable<void> Client::remove_container(std::string id, RemoveOptions options) {
  Query query(container_path(id));
  query.add_flag("force", options.force).add_flag("v", options.volumes).add_flag("link", options.link);
  co_await request("DELETE", std::move(query).text());
}

asio::awaitable<ContainerInspect> Client::inspect_container(std::string id) {
  const Response response = co_await request("GET", container_path(id, "json"));
  co_return response.as<ContainerInspect>();
}

asio::awaitable<std::vector<ContainerSummary>> Client::list_containers(ListContainers options) {
  Query query("/containers/json");
  query.add_flag("all", options.all).add_flag("size", options.size).add_number("limit", options.limit);
  query.add_encoded("filters", filters_query(options.filters));
  const Response response = co_await request("GET", std::move(query).text());
  co_return response.as<std::vector<ContainerSummary>>();
}

asio::awaitable<WaitResponse> Client::wait_container(std::string id, std::string condition) {
  Query query(container_path(id, "wait"));
  query.add("condition", condition);
  const Response response = co_await request("POST", std::move(query).text());
  co_return response.as<WaitResponse>();
}

asio::awaitable<TopResponse> Client::top_container(std::string id, std::string ps_args) {
  Query query(container_path(id, "top"));
  query.add("ps_args", ps_args);
  const Response response = co_await request("GET", std::move(query).text());
  co_return response.as<TopResponse>();
}

asio::awaitable<ResponseStream> Client::container_logs(std::string id, LogsOptions options) {
  Query query(container_path(id, "logs"));
  query.add_flag("follow", options.follow).add_flag("stdout", options.out).add_flag("stderr", options.err);
  query.add_flag("timestamps", options.timestamps).add("tail", options.tail);
  query.add("since", options.since).add("until", options.until);
  return stream("GET", std::move(query).text());
}

asio::awaitable<HijackedStream> Client::attach_container(std::string id, AttachOptions options) {
  Query query(container_path(id, "attach"));
  query.add_flag("stream", options.stream).add_flag("stdin", options.in).add_flag("stdout", options.out);
  query.add_flag("stderr", options.err).add_flag("logs", options.logs).add("detachKeys", options.detach_keys);
  return hijack("POST", std::move(query).text());
}

asio::awaitable<void> Client::resize_container(std::string id, unsigned height, unsigned width) {
  co_await request("POST", size_target(container_path(id, "resize"), height, width));
}

namespace {

std::string archive_target(std::string_view id, const std::string& path) {
  Query query(container_path(id, "archive"));
  query.add("path", path);
  return std::move(query).text();
}

PathStat stat_in(const StringMap& headers) {
  const auto found = headers.find("x-docker-container-path-stat");
  if (found == headers.end()) throw Error(ErrorCode::internal, "the engine's answer does not say what the path is");
  return decode_path_stat(found->second);
}

}  // namespace

asio::awaitable<void> Client::put_archive(std::string id, std::string path, BodySource& tar, PutArchiveOptions options) {
  std::string target = archive_target(id, path);
  if (!options.replace_directory) target += "&noOverwriteDirNonDir=true";
  if (options.owned_by_user) target += "&copyUIDGID=true";
  co_await upload("PUT", std::move(target), tar);
}

asio::awaitable<ArchiveStream> Client::get_archive(std::string id, std::string path) {
  RequestHead head;
  head.method = "GET";
  head.target = archive_target(id, path);
  std::string no_body;
  Exchange answer = co_await impl_->accepted(std::move(head), std::move(no_body));
  PathStat stat = stat_in(answer.head.headers);
  ArchiveStream result{std::move(stat), ResponseStream(std::move(answer.connection), false)};
  co_return result;
}

asio::awaitable<std::optional<PathStat>> Client::find_path(std::string id, std::string path) {
  try {
    const Response response = co_await request("HEAD", archive_target(id, path));
    co_return stat_in(response.headers);
  } catch (const ApiError& error) {
    if (error.status() != 404) throw;
  }
  co_return std::nullopt;
}

asio::awaitable<std::vector<std::string>> Client::update_container(std::string id, nlohmann::json changes) {
  const Response response = co_await request("POST", container_path(id, "update"), std::move(changes));
  const nlohmann::json answer = parse_body(response.body);
  const auto warnings = answer.find("Warnings");
  if (warnings == answer.end() || !warnings->is_array()) co_return std::vector<std::string>();
  co_return warnings->get<std::vector<std::string>>();
}

asio::awaitable<std::vector<FilesystemChange>> Client::container_changes(std::string id) {
  const Response response = co_await request("GET", container_path(id, "changes"));
  const nlohmann::json answer = parse_body(response.body);
  if (answer.is_null()) co_return std::vector<FilesystemChange>();
  co_return answer.get<std::vector<FilesystemChange>>();
}

asio::awaitable<ResponseStream> Client::export_container(std::string id) {
  co_return co_await stream("GET", container_path(id, "export"));
}

asio::awaitable<std::string> Client::commit_container(std::string id, CommitOptions options) {
  Query query("/commit");
  query.add("container", id).add("repo", options.repository).add("tag", options.tag);
  query.add("comment", options.comment).add("author", options.author);
  for (const std::string& change : options.changes) query.add("changes", change);
  query.add("pause", options.pause ? "1" : "0");
  const Response response = co_await request("POST", std::move(query).text(), nlohmann::json::object());
  const auto image = response.as<IdResponse>();
  co_return image.id;
}

asio::awaitable<std::string> Client::create_exec(std::string container, ExecCreateRequest body) {
  const Response response = co_await request("POST", container_path(container, "exec"), nlohmann::json(body));
  co_return response.as<IdResponse>().id;
}

asio::awaitable<HijackedStream> Client::start_exec(std::string id, ExecStartRequest body) {
  return hijack("POST", exec_path(id, "start"), nlohmann::json(body));
}

asio::awaitable<void> Client::start_exec_detached(std::string id) {
  ExecStartRequest body;
  body.detach = true;
  co_await request("POST", exec_path(id, "start"), nlohmann::json(body));
}

asio::awaitable<void> Client::resize_exec(std::string id, unsigned height, unsigned width) {
  co_await request("POST", size_target(exec_path(id, "resize"), height, width));
}

asio::awaitable<ExecInspect> Client::inspect_exec(std::string id) {
  const Response response = co_await request("GET", exec_path(id, "json"));
  co_return response.as<ExecInspect>();
}

}  // namespace stack::engine::api
