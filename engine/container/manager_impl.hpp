#pragma once
// Inside of the container manager, shared by its files:
//   manager.cpp    finding, creating, listing        lifecycle.cpp  start, exit, restart policy
//   control.cpp    stop, kill, pause, remove, wait   recovery.cpp   after an engine restart or a reboot
//   attach.cpp     streams                           exec.cpp       further processes, health probes
//   files.cpp      files in and out                update.cpp     limits and policy of one that exists
//   layer.cpp      diff, export, commit, size
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/container/file_view.hpp"
#include "engine/container/health.hpp"
#include "engine/container/manager.hpp"
#include "engine/container/restart.hpp"
#include "engine/runtime/shim_client.hpp"
#include "engine/state/async.hpp"

namespace stack::engine::container {

/// One life of a container's first process.
struct Run {
  explicit Run(const asio::any_io_executor& executor) : ending(executor), ended(executor) {}
  std::shared_ptr<runtime::ShimClient> shim;
  std::string socket_path;
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
  Signal ending;  ///< the exit was seen: health checks stop
  Signal ended;   ///< the exit is recorded and everything of the run is gone
};
using RunPtr = std::shared_ptr<Run>;

class LiveContainer {
public:
  LiveContainer(const asio::any_io_executor& executor, Record made)
      : record(std::move(made)), operations(executor), changed(executor) {}

  Record record;
  AsyncMutex operations;
  Notifier changed;         ///< after every change of state
  std::uint64_t exits = 0;  ///< since the engine started
  bool removed = false;
  RunPtr run;  ///< null: no process
  std::optional<HealthTracker> health;
  RestartBackoff backoff;
  std::shared_ptr<Signal> restart_delay;  ///< while waiting for a restart; setting it cancels
  bool keep = false;        ///< the next exit must not remove it, whatever --rm says: a restart or a removal is under way
  bool comes_back = false;  ///< the next exit is half of a restart that was asked for
  bool stay_down = false;   ///< the next exit was asked for: the restart policy does not apply
  std::vector<runtime::InitialAttach> waiting_clients;  ///< attached before the start
  std::vector<std::string> exec_ids;
};

/// A further process in a container; forgotten with the container, or when many newer ones have ended.
class Exec {
public:
  explicit Exec(const asio::any_io_executor& executor) : ended(executor) {}
  std::string id;
  ContainerPtr container;
  api::ExecCreateRequest request;
  bool started = false;
  bool running = false;
  std::optional<int> exit_code;
  pid_t pid = 0;
  Signal ended;
  UniqueFd terminal;                                     ///< the pty master while it runs, for resizing
  UniqueFd master;                                       ///< the same for whoever serves the streams
  std::vector<asio::posix::stream_descriptor*> streams;  ///< being read; woken at the end
};

/// The child's ends of an exec's pipes; empty: /dev/null (stderr: as stdout).
struct ExecPipes {
  ExecPipes() = default;
  UniqueFd child_in, child_out, child_err;
};

/// What a health probe said.
struct CapturedResult {
  int exit_code = -1;
  std::string output;
  bool timed_out = false;
};

/// A container's files while somebody copies. Those of a stopped one are mounted: it cannot start meanwhile.
struct OpenView {
  AsyncMutex::Guard guard;  ///< given back last
  std::shared_ptr<void> volumes;
  std::shared_ptr<const FileView> view;
};

class Manager::Impl : public std::enable_shared_from_this<Manager::Impl> {
public:
  explicit Impl(Services given) : services(std::move(given)), executor(services.loop.get_executor()) {}

  // manager.cpp
  void load();
  ContainerPtr get(std::string_view name_or_id) const;
  api::CreateResponse create(const std::string& name, const api::ContainerCreateRequest& request);
  std::vector<MountPoint> lent_mounts(const api::HostConfig& host_config) const;  ///< of HostConfig.VolumesFrom
  std::vector<api::ContainerSummary> list(const ListOptions& options) const;
  void save(const ContainerPtr& container);  ///< throws when the disk does not take it
  void note(const ContainerPtr& container);  ///< the same for what has happened, or must go on, whatever the disk says
  void forget(const ContainerPtr& container);
  void set_state(const ContainerPtr& container, State state);  ///< checked against the picture, saved, announced
  void publish(const LiveContainer& container, std::string_view action, std::map<std::string, std::string> extra = {});
  void publish_volume(const LiveContainer& container, const MountPoint& mount, std::string_view action);
  std::string dir(const LiveContainer& container) const { return services.paths.container_dir(container.record.id); }
  std::string cgroup(const Record& record) const;  ///< below the engine's own parent, or the one that was asked for
  void resolve_links(Record& record) const;        ///< of the default bridge, into the form that is kept; throws not_found
  void resolve_shared_modes(api::HostConfig& host) const;  ///< container:NAME → container:ID; throws not_found
  std::string health_word(const LiveContainer& container) const;

  // lifecycle.cpp
  asio::awaitable<void> start(ContainerPtr container);
  asio::awaitable<void> start_locked(ContainerPtr container);
  asio::awaitable<void> launch(ContainerPtr container);
  asio::awaitable<void> undo_start(ContainerPtr container, std::exception_ptr failure);
  asio::awaitable<void> prepare_volumes(ContainerPtr container, image::Snapshot snapshot);
  asio::awaitable<void> release_volumes(ContainerPtr container, std::string user);
  image::Snapshot snapshot_of(const LiveContainer& container);
  asio::awaitable<void> tell_of_connection(ContainerPtr container, network::Connection made);
  asio::awaitable<network::Attachment> attach_network(ContainerPtr container);
  runtime::LaunchRequest launch_request(LiveContainer& container, const image::Snapshot& snapshot,
                                        network::Attachment& attachment);
  asio::awaitable<void> follow(ContainerPtr container, RunPtr run);  ///< subscribes to the shim's events
  asio::awaitable<void> handle_exit(ContainerPtr container, RunPtr run, shim::State state);
  asio::awaitable<void> handle_lost_shim(ContainerPtr container, RunPtr run);
  void restart_later(const ContainerPtr& container, std::chrono::milliseconds delay);
  asio::awaitable<void> wait_and_restart(ContainerPtr container, std::shared_ptr<Signal> cancelled,
                                         std::chrono::milliseconds delay);
  void cancel_restart(LiveContainer& container);
  void begin_health(const ContainerPtr& container, const RunPtr& run, bool resumed);
  asio::awaitable<void> health_loop(ContainerPtr container, RunPtr run);
  asio::awaitable<void> remove_cgroup(ContainerPtr container, bool kill_first);
  void reap(Child child);                                    ///< waits for a shim of ours in the background
  void spawn(asio::awaitable<void> task, std::string what);  ///< in the background; a failure is logged

  // control.cpp
  asio::awaitable<void> stop(ContainerPtr container, StopOptions options);
  asio::awaitable<void> restart(ContainerPtr container, StopOptions options);
  asio::awaitable<void> resize(ContainerPtr container, std::uint16_t rows, std::uint16_t columns);
  asio::awaitable<api::TopResponse> top(ContainerPtr container, std::string ps_arguments);  // top.cpp
  asio::awaitable<api::ContainerStats> stats(ContainerPtr container);                       // stats.cpp
  asio::awaitable<std::vector<std::string>> prune(Filters filters);
  asio::awaitable<void> stop_locked(ContainerPtr container, StopOptions options);
  asio::awaitable<void> kill_and_wait(ContainerPtr container, RunPtr run);
  asio::awaitable<void> send_signal(ContainerPtr container, int signal);
  asio::awaitable<void> thaw(ContainerPtr container);
  asio::awaitable<void> kill(ContainerPtr container, std::string signal);
  asio::awaitable<void> pause(ContainerPtr container);
  asio::awaitable<void> pause_locked(ContainerPtr container);
  asio::awaitable<void> unpause(ContainerPtr container);
  asio::awaitable<void> unpause_locked(ContainerPtr container);
  asio::awaitable<void> remove(ContainerPtr container, bool force, bool volumes);
  asio::awaitable<void> remove_locked(ContainerPtr container, bool volumes);
  asio::awaitable<void> remove_parts(ContainerPtr container, bool volumes);
  asio::awaitable<void> rename(ContainerPtr container, std::string new_name);
  asio::awaitable<void> connect(ContainerPtr container, std::string network, api::EndpointSettings settings);
  asio::awaitable<void> disconnect(ContainerPtr container, std::string network, bool force);

  // update.cpp
  asio::awaitable<std::vector<std::string>> update(ContainerPtr container, api::HostConfig request);

  // layer.cpp
  image::Snapshot known_snapshot(const LiveContainer& container) const;  ///< throws not_found
  asio::awaitable<std::vector<api::FilesystemChange>> changes(ContainerPtr container);
  asio::awaitable<void> export_rootfs(ContainerPtr container, image::BodyWriter write);
  asio::awaitable<image::ImagePtr> commit(ContainerPtr container, CommitOptions options);
  asio::awaitable<DiskUsage> disk_usage(std::string container_id);

  // recovery.cpp
  asio::awaitable<Restored> find_running();
  asio::awaitable<void> restore(bool rebooted);
  asio::awaitable<void> settle(ContainerPtr container, bool rebooted);
  asio::awaitable<void> end_shim(std::shared_ptr<runtime::ShimClient> client);  ///< kills the container, lets the shim go
  asio::awaitable<void> end_unowned_shims();
  void remove_unowned_files();
  asio::awaitable<void> farewell();

  // attach.cpp
  asio::awaitable<void> attach(ContainerPtr container, AttachOptions options, std::shared_ptr<ClientStream> client);

  // exec.cpp
  asio::awaitable<ExecPtr> create_exec(ContainerPtr container, api::ExecCreateRequest request);
  void check_exec(const ExecPtr& exec) const;  ///< throws when it cannot be started (any more)
  asio::awaitable<void> start_exec(ExecPtr exec, std::shared_ptr<ClientStream> client);
  asio::awaitable<void> run_exec(ExecPtr exec, ExecPipes pipes);  ///< returns when it runs
  asio::awaitable<void> watch_exec(ExecPtr exec, UniqueFd exit_fd);
  asio::awaitable<CapturedResult> probe(ContainerPtr container, std::vector<std::string> argv,
                                        std::chrono::nanoseconds timeout);

  // files.cpp
  asio::awaitable<OpenView> open_view(ContainerPtr container);
  asio::awaitable<api::PathStat> stat_path(ContainerPtr container, PathRequest request);
  asio::awaitable<void> download(ContainerPtr container, PathRequest request, ArchiveReceiver receiver);
  asio::awaitable<void> upload(ContainerPtr container, UploadRequest request, image::BodyReader body);

  // build_run.cpp
  asio::awaitable<int> run_build_step(build::RunRequest request, build::RunOutput output);
  asio::awaitable<int> follow_build_step(RunPtr run, UniqueFd output_fd, build::RunOutput output);

  Services services;
  asio::any_io_executor executor;
  std::map<std::string, ContainerPtr, std::less<>> by_id;
  std::map<std::string, std::string, std::less<>> by_name;  // name → id; reserved before anything else is done
  std::map<std::string, ExecPtr, std::less<>> execs;
  std::map<std::string, std::shared_ptr<runtime::ShimClient>> found_shims;  // by container id, between find_running and restore
  int tasks = 0;                                                            // operations under way, for is_idle
  Counters counters;
};

/// Counts an operation for as long as it lives.
class Busy {
public:
  explicit Busy(int& counter) : counter_(&counter) { ++*counter_; }
  ~Busy() { --*counter_; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

private:
  int* counter_;
};

api::ContainerInspect make_inspect(const Manager::Impl& impl, const LiveContainer& container);
std::vector<api::PortSummary> port_summaries(const Manager::Impl& impl, const Record& record);
api::ContainerSummary make_summary(const Manager::Impl& impl, const LiveContainer& container);

}  // namespace stack::engine::container
