// Files in and out of containers, running or not.
#include <fmt/format.h>

#include "base/error.hpp"
#include "engine/container/archive.hpp"
#include "engine/container/manager_impl.hpp"
#include "engine/container/spec.hpp"
#include "engine/runtime/users.hpp"

namespace stack::engine::container {

namespace {

bool has_process(const LiveContainer& container) { return container.run && container.record.pid > 0; }

Error no_such_file(const PathRequest& request) {
  return Error(ErrorCode::not_found,
               fmt::format("Could not find the file {} in container {}", request.path, request.container));
}

std::vector<runtime::Mount> mounts_of(const Record& record) {
  std::vector<runtime::Mount> mounts;
  for (const auto& mount : record.mounts)
    if (mount.type == "bind" || mount.type == "volume") mounts.push_back(to_runtime_mount(mount));
  return mounts;
}

/// The container's user, looked up in its own files; empty: none was named, so the archive's owners stay.
std::optional<RootDir::Owner> owner_of(const FileView& view, const std::string& user) {
  if (user.empty()) return std::nullopt;
  constexpr std::size_t most = 1 << 20;
  const std::string passwd = view.root.read_file("/etc/passwd", most).value_or("");
  const std::string group = view.root.read_file("/etc/group", most).value_or("");
  const runtime::ResolvedUser resolved = runtime::resolve_user(user, {}, passwd, group);
  return RootDir::Owner{resolved.uid, resolved.gid};
}

api::PathStat stat_or_throw(const FileView& view, const PathRequest& request) {
  const auto stat = stat_path(view, request.path);
  if (!stat) throw no_such_file(request);
  return *stat;
}

/// Keeps volumes that have to be mounted so while it lives.
std::shared_ptr<void> hold_volumes(const std::shared_ptr<Manager::Impl>& impl, ContainerPtr container, std::string user) {
  return std::shared_ptr<void>(nullptr, [impl, container, user](void*) {
    impl->spawn(impl->release_volumes(container, user), "volumes of container " + container->record.id);
  });
}

}  // namespace

asio::awaitable<OpenView> Manager::Impl::open_view(ContainerPtr container) {
  OpenView open;
  if (!has_process(*container)) {
    open.guard = co_await container->operations.lock();
    if (container->removed) throw Error(ErrorCode::not_found, "No such container: " + container->record.id);
  }
  if (has_process(*container)) {  // perhaps since we waited
    open.guard = {};
    auto work = [pid = container->record.pid, id = container->record.id] {
      return std::make_shared<const FileView>(open_running(pid, id));
    };
    open.view = co_await run_in_pool(services.pool, std::move(work));
  } else {
    const std::string user = container->record.id + "/files";
    open.volumes = hold_volumes(shared_from_this(), container, user);
    image::Snapshot snapshot = snapshot_of(*container);
    for (const auto& mount : container->record.mounts) {
      if (mount.type != "volume" || !services.volumes.find(mount.name)) continue;
      co_await services.volumes.acquire(mount.name, user);
      // as a start would: a volume that gets a file first would never be filled from the image
      if (!mount.no_copy && mount.subpath.empty())
        co_await services.volumes.fill_from_image(mount.name, snapshot.lower_dirs, mount.destination);
    }
    auto work = [snapshot = std::move(snapshot), mounts = mounts_of(container->record)] {
      return std::make_shared<const FileView>(mount_stopped(snapshot, mounts));
    };
    open.view = co_await run_in_pool(services.pool, std::move(work));
  }
  co_return open;
}

asio::awaitable<api::PathStat> Manager::Impl::stat_path(ContainerPtr container, PathRequest request) {
  const Busy busy(tasks);
  OpenView open = co_await open_view(container);
  auto work = [view = std::move(open.view), request] { return stat_or_throw(*view, request); };
  co_return co_await run_in_pool(services.pool, std::move(work));
}

asio::awaitable<void> Manager::Impl::download(ContainerPtr container, PathRequest request, ArchiveReceiver receiver) {
  const Busy busy(tasks);
  OpenView open = co_await open_view(container);
  auto look = [view = open.view, request] { return stat_or_throw(*view, request); };
  const api::PathStat stat = co_await run_in_pool(services.pool, std::move(look));
  co_await receiver.begin(stat);
  auto write = [view = std::move(open.view), path = request.path, stat](const archive::Sink& sink) {
    write_path(*view, path, stat, sink);
  };
  co_await image::produce_body(std::move(write), receiver.write);
  publish(*container, "archive-path");
}

asio::awaitable<void> Manager::Impl::upload(ContainerPtr container, UploadRequest request, image::BodyReader body) {
  const Busy busy(tasks);
  OpenView open = co_await open_view(container);
  ExtractRequest extract;
  extract.path = request.where.path;
  extract.replace_directory = request.replace_directory;
  extract.readonly_rootfs = container->record.host_config.readonly_rootfs;
  const std::string user = request.owned_by_user ? container->record.config.user : std::string();
  auto prepare = [view = open.view, extract, user, name = request.where.container]() mutable {
    extract.owner = owner_of(*view, user);
    return std::make_pair(std::make_shared<const RootDir>(open_destination(*view, extract, name)), extract);
  };
  const auto prepared = co_await run_in_pool(services.pool, std::move(prepare));
  auto consume = [view = std::move(open.view), prepared](archive::Source source) {
    extract_into(*prepared.first, std::move(source), prepared.second);
  };
  co_await image::consume_body(std::move(body), std::move(consume));
  publish(*container, "extract-to-dir");
}

}  // namespace stack::engine::container
