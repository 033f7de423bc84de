#pragma once
// A client of the Docker Engine API for one engine, ours or any other. Coroutines on one io_context, no locks: use it from
// the thread that runs the executor. Connections are kept alive and reused; requests in flight at the same time use a
// connection each. A cancelled request closes its connection.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/api/endpoint.hpp"
#include "engine/api/path_stat.hpp"
#include "engine/api/streams.hpp"
#include "engine/api/types.hpp"

namespace stack::engine::api {

/// An answer of 400 and more: what() is the engine's message, code() is chosen from the status.
class ApiError : public Error {
public:
  ApiError(int status, const std::string& message);
  int status() const noexcept { return status_; }

private:
  int status_;
};

/// 400 invalid_argument, 401 unauthorized, 403 forbidden, 404 not_found, 409 conflict, 304 not_modified, 501 not_implemented,
/// 503 unavailable, else internal.
ErrorCode code_of_status(int http_status);

struct Response {
  int status = 0;
  std::string body;
  StringMap headers;  ///< names in lower case

  template <class T>
  T as() const {
    return parse_body(body).template get<T>();
  }
};

using Filters = std::map<std::string, std::vector<std::string>>;  ///< {"label": {"a=b"}}

struct ListContainers {
  bool all = false, size = false;
  int limit = 0;  ///< 0 = no limit
  Filters filters;
};

struct StopOptions {
  std::optional<std::chrono::seconds> timeout;  ///< empty = the container's own
  std::string signal;                           ///< empty = the container's own
};

struct RemoveOptions {
  bool force = false, volumes = false;  ///< volumes: its anonymous ones
  bool link = false;                    ///< `id` is "container/alias": the link, not the container
};

struct LogsOptions {
  bool follow = false, out = true, err = true, timestamps = false;
  bool details = false;      ///< also what the log driver was told to add
  std::string tail;          ///< empty = all
  std::string since, until;  ///< Unix seconds with decimals, or RFC 3339
};

struct AttachOptions {
  bool in = false, out = true, err = true, stream = true, logs = false;
  std::string detach_keys;  ///< "ctrl-p,ctrl-q": what leaves a terminal; empty: the engine's own
};

struct PutArchiveOptions {
  bool replace_directory = false;  ///< a directory and something else may replace each other
  bool owned_by_user = false;      ///< everything belongs to the container's user, not to whom the archive says
};

/// A tar stream out of a container.
struct ArchiveStream {
  PathStat stat;  ///< of the path that was asked for
  ResponseStream body;
};

struct CommitOptions {
  std::string repository, tag, comment, author;
  std::vector<std::string> changes;  ///< Dockerfile instructions
  bool pause = true;                 ///< while the files are read
};

struct ImportOptions {
  std::string repository, tag, message, platform;
  std::vector<std::string> changes;  ///< Dockerfile instructions
};

struct EventsOptions {
  std::string since, until;  ///< Unix seconds with decimals
  Filters filters;
};

struct ClientOptions {
  /// Called when nobody listens at the endpoint, and when the engine ended before its first answer: may start one (blocking).
  /// The request is then tried once more. Whatever it throws goes to the caller of the request.
  std::function<void()> start_engine;
  /// The header X-Registry-Auth for requests that concern this image's registry; empty: none.
  std::function<std::string(const std::string& image)> registry_auth;
  /// The header X-Registry-Config for builds, whose images may come from any registry.
  std::function<std::string()> registry_config;
  /// How many operations of a plan may go on at this engine at a time; the engine sets the pace.
  std::size_t parallel = 64;
};

class Client {
public:
  Client(asio::any_io_executor executor, Endpoint endpoint, ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  const Endpoint& endpoint() const;
  asio::any_io_executor executor() const;
  std::size_t parallel() const;         ///< ClientOptions::parallel
  std::uint64_t requests_sent() const;  ///< for tests and for `--progress` diagnostics

  /// Any request: `target` is the path and query without the version prefix. Throws ApiError for 400 and more.
  asio::awaitable<Response> request(std::string method, std::string target, std::optional<nlohmann::json> body = {});
  asio::awaitable<ResponseStream> stream(std::string method, std::string target, std::optional<nlohmann::json> body = {},
                                         StringMap headers = {});
  asio::awaitable<ResponseStream> upload(std::string method, std::string target, BodySource& body,
                                         std::string content_type = "application/x-tar", StringMap headers = {});
  asio::awaitable<HijackedStream> hijack(std::string method, std::string target, std::optional<nlohmann::json> body = {});

  // Containers. `id` is an id, a unique prefix of one, or a name.
  asio::awaitable<CreateResponse> create_container(std::string name, ContainerCreateRequest body, std::string platform = {});
  asio::awaitable<bool> start_container(std::string id);                      ///< false: it was running
  asio::awaitable<bool> stop_container(std::string id, StopOptions options);  ///< false: it was not running
  asio::awaitable<void> restart_container(std::string id, StopOptions options);
  asio::awaitable<void> kill_container(std::string id, std::string signal);
  asio::awaitable<void> pause_container(std::string id);
  asio::awaitable<void> unpause_container(std::string id);
  asio::awaitable<void> rename_container(std::string id, std::string name);
  asio::awaitable<void> remove_container(std::string id, RemoveOptions options);
  asio::awaitable<ContainerInspect> inspect_container(std::string id);
  asio::awaitable<std::vector<ContainerSummary>> list_containers(ListContainers options);
  asio::awaitable<WaitResponse> wait_container(std::string id, std::string condition = "not-running");
  asio::awaitable<TopResponse> top_container(std::string id, std::string ps_args = {});
  asio::awaitable<ResponseStream> container_logs(std::string id, LogsOptions options);
  asio::awaitable<HijackedStream> attach_container(std::string id, AttachOptions options);
  asio::awaitable<void> resize_container(std::string id, unsigned height, unsigned width);
  /// Unpacks a tar into the container's `path`.
  asio::awaitable<void> put_archive(std::string id, std::string path, BodySource& tar, PutArchiveOptions options = {});
  asio::awaitable<ArchiveStream> get_archive(std::string id, std::string path);
  asio::awaitable<std::optional<PathStat>> find_path(std::string id, std::string path);  ///< empty: not there

  asio::awaitable<std::vector<std::string>> update_container(std::string id, nlohmann::json changes);  ///< warnings
  asio::awaitable<std::vector<FilesystemChange>> container_changes(std::string id);
  asio::awaitable<ResponseStream> export_container(std::string id);
  asio::awaitable<std::string> commit_container(std::string id, CommitOptions options);  ///< id of the image

  asio::awaitable<std::string> create_exec(std::string container, ExecCreateRequest body);  ///< its id
  asio::awaitable<HijackedStream> start_exec(std::string id, ExecStartRequest body);        ///< body.detach must be false
  asio::awaitable<void> start_exec_detached(std::string id);
  asio::awaitable<void> resize_exec(std::string id, unsigned height, unsigned width);
  asio::awaitable<ExecInspect> inspect_exec(std::string id);

  asio::awaitable<std::vector<ImageSummary>> list_images(Filters filters, bool all = false);
  asio::awaitable<ImageInspect> inspect_image(std::string name);
  asio::awaitable<std::optional<ImageInspect>> find_image(std::string name);
  /// `platform`: "linux/arm64", an image for another one is not found; empty: whatever it is for. The same of the following.
  asio::awaitable<std::vector<ImageDelete>> remove_image(std::string name, bool force, bool no_prune = false,
                                                         std::string platform = {});
  asio::awaitable<void> tag_image(std::string name, std::string repository, std::string tag);
  asio::awaitable<ProgressStream> build_image(BuildOptions options, BodySource& context);
  /// A root file system as tar (plain, gzip, zstd) becomes the image REPOSITORY:TAG.
  asio::awaitable<ProgressStream> import_image(BodySource& tar, ImportOptions options);
  /// The same of a tar that the engine fetches.
  asio::awaitable<ProgressStream> import_image_from(std::string url, ImportOptions options);
  asio::awaitable<ProgressStream> push_image(std::string name, std::string tag, std::string platform);
  asio::awaitable<ProgressStream> pull_image(std::string reference, std::string platform = {});
  /// Every tag of a repository.
  asio::awaitable<ProgressStream> pull_all_tags(std::string repository, std::string platform = {});
  asio::awaitable<std::vector<ImageHistory>> image_history(std::string name, std::string platform = {});
  /// Images of a tar archive, as save_images(), docker save and OCI tools write it.
  asio::awaitable<ProgressStream> load_images(BodySource& tar, std::string platform = {});
  asio::awaitable<ResponseStream> save_images(std::vector<std::string> names, std::string platform = {});

  asio::awaitable<NetworkCreateResponse> create_network(NetworkCreate body);
  asio::awaitable<NetworkResource> inspect_network(std::string id);
  asio::awaitable<std::vector<NetworkResource>> list_networks(Filters filters);
  asio::awaitable<void> remove_network(std::string id);
  asio::awaitable<void> connect_network(std::string id, NetworkConnect body);
  asio::awaitable<void> disconnect_network(std::string id, NetworkDisconnect body);

  asio::awaitable<Volume> create_volume(VolumeCreate body);
  asio::awaitable<Volume> inspect_volume(std::string name);
  asio::awaitable<VolumeList> list_volumes(Filters filters);
  asio::awaitable<void> remove_volume(std::string name, bool force = false);

  /// `what`: containers, images, networks, volumes, build. The answer as it is: what was deleted, and the space.
  asio::awaitable<nlohmann::json> prune(std::string what, Filters filters);
  asio::awaitable<nlohmann::json> disk_usage();

  asio::awaitable<PingInfo> ping();
  asio::awaitable<VersionInfo> version();
  asio::awaitable<SystemInfo> info();
  asio::awaitable<EventStream> events(EventsOptions options);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Percent-encodes everything but unreserved characters; `keep_slashes` for image names inside a path.
std::string url_encode(std::string_view text, bool keep_slashes = false);
/// "linux/arm64/v8" → {"os":"linux","architecture":"arm64","variant":"v8"}; "arm64" is one of Linux. Throws invalid_argument.
std::string platform_json(std::string_view text);
/// "{"label":{"a=b":true}}", percent-encoded; empty filters give an empty string.
std::string filters_query(const Filters& filters);
/// The query of POST /build, without the question mark.
std::string build_query(const BuildOptions& options);

}  // namespace stack::engine::api
