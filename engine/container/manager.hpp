#pragma once
// The containers of one engine. Loop thread only; every operation on a container holds that container's mutex, so operations
// on different containers run side by side and those on one in the order they came.
//
// Crash safety: an operation writes its intent with the record, acts on kernel objects named by the container's id, and then
// completes the record. restore() rolls what a crash cut off forward (removals; starts whose shim lives) or back (the rest).
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/path_stat.hpp"
#include "engine/api/stats_types.hpp"
#include "engine/api/types.hpp"
#include "engine/build/run_step.hpp"
#include "engine/container/container.hpp"
#include "engine/container/filter.hpp"
#include "engine/container/settings.hpp"
#include "engine/container/stream.hpp"
#include "engine/events.hpp"
#include "engine/image/download.hpp"
#include "engine/image/store.hpp"
#include "engine/image/upload.hpp"
#include "engine/network/manager.hpp"
#include "engine/paths.hpp"
#include "engine/runtime/launch.hpp"
#include "engine/runtime/seccomp.hpp"
#include "engine/state/database.hpp"
#include "engine/volume/manager.hpp"

namespace stack::engine::container {

namespace asio = boost::asio;

class LiveContainer;
using ContainerPtr = std::shared_ptr<LiveContainer>;
class Exec;
using ExecPtr = std::shared_ptr<Exec>;

/// What the manager works with; everything outlives it.
struct Services {
  const Paths& paths;
  asio::io_context& loop;
  asio::thread_pool& pool;
  Database& database;
  EventHub& events;
  image::Store& images;
  network::Manager& networks;
  volume::Manager& volumes;
  const runtime::ShimBinary& shim;
  runtime::SeccompCache& seccomp;
  runtime::EngineRestart engine_restart;  ///< given to every shim
  HostFacts host;
};

enum class WaitCondition { not_running, next_exit, removed };
WaitCondition parse_wait_condition(std::string_view text);  ///< throws invalid_argument `invalid condition: "x"`

struct StopOptions {
  std::optional<std::int64_t> timeout;  ///< seconds; negative: for ever; empty: the container's own
  std::string signal;                   ///< empty: the container's own
};

struct ListOptions {
  bool all = false;
  std::int64_t limit = 0;  ///< the newest so many, stopped ones included; 0: no limit
  Filters filters;
};

struct AttachOptions {
  bool in = false, out = false, err = false;
  bool logs = false;                     ///< what was written so far first
  bool stream = false;                   ///< then what comes
  std::string detach_keys = "\x10\x11";  ///< the bytes that end a session at a terminal (detach_keys.hpp)
};

/// A path inside a container.
struct PathRequest {
  std::string path;
  std::string container;  ///< as the client calls it, for messages
};

/// A tar stream to extract there.
struct UploadRequest {
  PathRequest where;
  bool replace_directory = true;  ///< false: a directory and something else never replace each other
  bool owned_by_user = false;     ///< everything belongs to the container's user, not to whom the archive says
};

/// Takes a tar stream out of a container.
struct ArchiveReceiver {
  std::function<asio::awaitable<void>(const api::PathStat&)> begin;  ///< before the first byte
  image::BodyWriter write;
};

/// POST /commit
struct CommitOptions {
  std::optional<image::Reference> name;
  std::string comment, author;
  bool pause = true;
  std::optional<api::ContainerConfig> config;  ///< in place of the container's own, which fills what is empty in it
  /// The changes= of the request, applied last but for what the container's own configuration fills in.
  std::function<void(image::RunConfig&)> change;
};

struct DiskUsage {
  std::int64_t own = 0, with_image = 0;
};

/// A wait that has begun; see Manager::begin_wait.
class Waiting {
public:
  Waiting(ContainerPtr container, WaitCondition condition, std::uint64_t exits)
      : container_(std::move(container)), condition_(condition), exits_(exits) {}
  asio::awaitable<api::WaitResponse> result();  ///< `this` lives until it returns

private:
  bool is_over() const;
  ContainerPtr container_;
  WaitCondition condition_;
  std::uint64_t exits_;
};

/// What has happened since the engine started.
struct Counters {
  std::uint64_t starts = 0, restarts = 0, exits = 0;  ///< restarts: by a policy; they are starts, too
};

/// A container found running: what restore() hands to the network manager.
struct Restored {
  std::vector<network::RunningContainer> running;
};

class Manager {
public:
  explicit Manager(Services services);
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  // ── engine start, in this order ──
  /// Reads the records (blocking).
  void load();
  /// Connects to every shim of the run root and takes their sockets back.
  asio::awaitable<Restored> find_running();
  /// After the networks are restored: settles every record, ends what nobody owns, starts what restart policies want.
  /// `rebooted`: nothing can be running.
  asio::awaitable<void> restore(bool rebooted);

  // ── finding ──
  /// By id, name (a leading slash is fine), or unique id prefix. Throws not_found "No such container: x", invalid_argument when
  /// ambiguous.
  ContainerPtr get(std::string_view name_or_id) const;
  std::vector<api::ContainerSummary> list(const ListOptions& options) const;
  api::ContainerInspect inspect(const ContainerPtr& container) const;
  const Record& record(const ContainerPtr& container) const;
  std::size_t count(State state) const;
  std::size_t count() const;
  const Counters& counters() const;
  bool is_idle() const;  ///< nothing runs, restarts, or is being worked on
  std::vector<image::ImageUse> users_of_image(const std::string& image_id) const;
  std::vector<std::string> users_of_volume(const std::string& name) const;
  std::string name_of(const std::string& id) const;  ///< empty: unknown

  // ── operations ──
  /// An empty name gets a random one. Throws what Docker refuses.
  api::CreateResponse create(const std::string& name, const api::ContainerCreateRequest& request);
  asio::awaitable<void> start(ContainerPtr container);
  asio::awaitable<void> stop(ContainerPtr container, StopOptions options);
  asio::awaitable<void> restart(ContainerPtr container, StopOptions options);
  asio::awaitable<void> kill(ContainerPtr container, std::string signal);
  asio::awaitable<void> pause(ContainerPtr container);
  asio::awaitable<void> unpause(ContainerPtr container);
  asio::awaitable<void> remove(ContainerPtr container, bool force, bool volumes);
  asio::awaitable<void> rename(ContainerPtr container, std::string new_name);
  /// Changes limits, of a running container at once, and the restart policy. Returns warnings. Throws as create() does, and
  /// conflict for what does not go with what the container has.
  asio::awaitable<std::vector<std::string>> update(ContainerPtr container, api::HostConfig request);
  asio::awaitable<void> resize(ContainerPtr container, std::uint16_t rows, std::uint16_t columns);
  /// The waiting counts from this call, not from the await of its result.
  Waiting begin_wait(ContainerPtr container, WaitCondition condition);
  asio::awaitable<api::WaitResponse> wait(ContainerPtr container, WaitCondition condition);
  /// As `ps` with these arguments lists them; empty: `ps -ef`.
  asio::awaitable<api::TopResponse> top(ContainerPtr container, std::string ps_arguments);
  /// What it uses now; all zero, without a time, when it does not run. `precpu` is left to the caller.
  asio::awaitable<api::ContainerStats> stats(ContainerPtr container);
  asio::awaitable<std::vector<std::string>> prune(Filters filters);
  /// Joins the container's streams and the client's until the container's output ends. Works before the start, too.
  asio::awaitable<void> attach(ContainerPtr container, AttachOptions options, std::shared_ptr<ClientStream> client);
  /// Connects a running container to one more network, or notes it for the next start.
  asio::awaitable<void> connect(ContainerPtr container, std::string network, api::EndpointSettings settings);
  asio::awaitable<void> disconnect(ContainerPtr container, std::string network, bool force);

  // ── files, of containers in any state; not_found "Could not find the file …" ──
  asio::awaitable<api::PathStat> stat_path(ContainerPtr container, PathRequest request);
  asio::awaitable<void> download(ContainerPtr container, PathRequest request, ArchiveReceiver receiver);
  asio::awaitable<void> upload(ContainerPtr container, UploadRequest request, image::BodyReader body);
  /// What its own layer has beside the image's, by path.
  asio::awaitable<std::vector<api::FilesystemChange>> changes(ContainerPtr container);
  /// The tar of its whole root file system, without what is mounted in it.
  asio::awaitable<void> export_rootfs(ContainerPtr container, image::BodyWriter write);
  /// An image of what the container is now. Its processes rest meanwhile unless told otherwise.
  asio::awaitable<image::ImagePtr> commit(ContainerPtr container, CommitOptions options);
  /// Bytes in its own layer (each hard-linked file once), and with those of its image.
  asio::awaitable<DiskUsage> disk_usage(std::string container_id);

  // ── exec ──
  asio::awaitable<ExecPtr> create_exec(ContainerPtr container, api::ExecCreateRequest request);
  ExecPtr get_exec(const std::string& id) const;  ///< throws not_found "No such exec instance: x"
  void check_exec(const ExecPtr& exec) const;     ///< throws conflict when it cannot be started (any more)
  /// Runs it. `client` null: detached, returns once it runs. Else returns when its output has ended.
  asio::awaitable<void> start_exec(ExecPtr exec, std::shared_ptr<ClientStream> client, bool terminal,
                                   std::vector<std::uint64_t> console_size);
  asio::awaitable<void> resize_exec(ExecPtr exec, std::uint16_t rows, std::uint16_t columns);
  api::ExecInspect inspect_exec(const ExecPtr& exec) const;

  /// See BuildRunner.
  asio::awaitable<int> run_build_step(build::RunRequest request, build::RunOutput output);

  /// The engine ends on purpose: tells the shims not to start another one; containers run on.
  asio::awaitable<void> farewell();

  class Impl;  ///< manager_impl.hpp

private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace stack::engine::container
