// A container's own layer: what it changed, its size, and the container as an archive or an image.
#include "engine/container/layer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/archive.hpp"
#include "base/copy_tree.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/rollback.hpp"
#include "base/tree_walk.hpp"
#include "engine/container/manager_impl.hpp"
#include "engine/image/overlay_view.hpp"

namespace stack::engine::container {

namespace {

/// The merged view of a container's layers as it is now. The upper layer is read as one more lower one: while the container
/// runs it is the writable layer of another mount.
RootDir open_merged(const image::Snapshot& snapshot) {
  std::vector<std::string> dirs{snapshot.upper};
  dirs.insert(dirs.end(), snapshot.lower_dirs.begin(), snapshot.lower_dirs.end());
  return image::open_overlay(dirs);
}

bool is_whiteout(const struct stat& status) { return S_ISCHR(status.st_mode) && status.st_rdev == 0; }

bool same_directory(const struct stat& a, const struct stat& b) {
  return a.st_mode == b.st_mode && a.st_uid == b.st_uid && a.st_gid == b.st_gid && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

image::HealthCheck to_image(const api::HealthConfig& health) {
  return {health.test,         health.interval,       health.timeout,
          health.start_period, health.start_interval, static_cast<int>(health.retries)};
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// The configuration of the new image: what was asked for, with the container's own where that says nothing.
image::RunConfig committed_config(const api::ContainerConfig& own, const CommitOptions& options) {
  image::RunConfig changed = to_image_config(options.config.value_or(own));
  if (options.change) options.change(changed);
  api::ContainerConfig merged = to_container_config(changed);
  merge_image_config(merged, to_image_config(own));
  return to_image_config(merged);
}

}  // namespace

image::RunConfig to_image_config(const api::ContainerConfig& config) {
  image::RunConfig image;
  image.user = config.user;
  image.exposed_ports = config.exposed_ports;
  image.env = config.env;
  if (config.entrypoint) image.entrypoint = *config.entrypoint;
  if (config.cmd) image.cmd = *config.cmd;
  image.volumes = config.volumes;
  image.working_dir = config.working_dir;
  image.labels = config.labels;
  image.stop_signal = config.stop_signal;
  if (config.healthcheck) image.healthcheck = to_image(*config.healthcheck);
  image.shell = config.shell;
  if (config.on_build) image.on_build = *config.on_build;
  return image;
}

api::ContainerConfig to_container_config(const image::RunConfig& image) {
  api::ContainerConfig config;
  config.user = image.user;
  config.exposed_ports = image.exposed_ports;
  config.env = image.env;
  if (!image.entrypoint.empty()) config.entrypoint = image.entrypoint;
  if (!image.cmd.empty()) config.cmd = image.cmd;
  config.volumes = image.volumes;
  config.working_dir = image.working_dir;
  config.labels = image.labels;
  config.stop_signal = image.stop_signal;
  if (const auto& health = image.healthcheck)
    config.healthcheck = api::HealthConfig{health->test,         health->interval,       health->timeout,
                                           health->start_period, health->start_interval, health->retries};
  config.shell = image.shell;
  if (!image.on_build.empty()) config.on_build = image.on_build;
  return config;
}

std::vector<api::FilesystemChange> layer_changes(const image::Snapshot& snapshot) {
  enum Kind : std::int64_t { modified, added, deleted };
  const RootDir below = image::open_overlay(snapshot.lower_dirs);
  std::vector<api::FilesystemChange> changes;
  std::set<std::string> listed;  // a directory is part of the change when anything in it is
  const auto add = [&](const std::string& path, Kind kind) {
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
      if (listed.insert(path.substr(0, slash)).second) changes.push_back({"/" + path.substr(0, slash), modified});
    if (listed.insert(path).second) changes.push_back({"/" + path, kind});
  };
  walk_tree(snapshot.upper, [&](const std::string& path, const struct stat& status) {
    if (is_whiteout(status)) return add(path, deleted);
    const auto before = below.lstat(path);
    if (!before) return add(path, added);
    // overlayfs copies a directory up for what happens below it
    if (S_ISDIR(status.st_mode) && S_ISDIR(before->st_mode) && same_directory(status, *before)) return;
    add(path, modified);
  });
  std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return changes;
}

image::Snapshot Manager::Impl::known_snapshot(const LiveContainer& container) const {
  auto snapshot = services.images.find_snapshot(container.record.id);
  if (container.removed || !snapshot) throw Error(ErrorCode::not_found, "No such container: " + container.record.id);
  return std::move(*snapshot);
}

asio::awaitable<std::vector<api::FilesystemChange>> Manager::Impl::changes(ContainerPtr container) {
  const Busy busy(tasks);
  auto work = [snapshot = known_snapshot(*container)] { return layer_changes(snapshot); };
  co_return co_await run_in_pool(services.pool, std::move(work));
}

asio::awaitable<void> Manager::Impl::export_rootfs(ContainerPtr container, image::BodyWriter write) {
  const Busy busy(tasks);
  auto open = [snapshot = known_snapshot(*container)] { return std::make_shared<const RootDir>(open_merged(snapshot)); };
  const auto root = co_await run_in_pool(services.pool, std::move(open));
  std::function<void(const archive::Sink&)> produce = [root](const archive::Sink& sink) {
    archive::write_directory(root->fd(), {}, sink);
  };
  co_await image::produce_body(std::move(produce), std::move(write));
  publish(*container, "export");
}

asio::awaitable<DiskUsage> Manager::Impl::disk_usage(std::string container_id) {
  const auto snapshot = services.images.find_snapshot(container_id);
  DiskUsage usage;
  if (!snapshot) co_return usage;
  auto work = [upper = snapshot->upper] { return static_cast<std::int64_t>(tree_size(upper)); };
  usage.own = co_await run_in_pool(services.pool, std::move(work));
  usage.with_image = usage.own;
  const auto container = by_id.find(container_id);
  if (container == by_id.end()) co_return usage;
  if (const image::ImagePtr image = services.images.find_id(container->second->record.image_id))
    usage.with_image += static_cast<std::int64_t>(image->size);
  co_return usage;
}

namespace {

/// A layer with what the container's own one holds now.
asio::awaitable<image::Layer> copy_layer(image::Store& images, asio::thread_pool& pool, std::string upper) {
  const std::string staged = images.make_temporary("commit");
  Rollback remove;
  remove.add([&images, staged] { images.discard(staged); });
  const std::string copy = staged + "/upper";
  auto work = [upper, staged] {
    CopyOptions options;
    options.overlay_layer = true;
    copy_entry(RootDir(upper.substr(0, upper.rfind('/'))).fd(), "upper", RootDir(staged).fd(), "upper", options);
  };
  co_await run_in_pool(pool, std::move(work));
  co_return co_await images.commit_layer(copy);
}

bool is_empty(const image::Layer& layer) {
  static const std::string empty = sha256_digest(std::string(1024, '\0'));  // a tar archive without members
  return layer.diff_id == empty;
}

image::ImageConfig next_image(const image::ImageConfig& parent, const Record& record, const CommitOptions& options,
                              const image::Layer& layer) {
  image::ImageConfig config = parent;
  config.created = image::rfc3339_now();
  config.author = options.author;
  config.comment = options.comment;
  config.config = committed_config(record.config, options);
  image::HistoryEntry entry;
  entry.created = config.created;
  entry.created_by = joined(record.config.cmd.value_or(std::vector<std::string>{}));
  entry.author = options.author;
  entry.comment = options.comment;
  entry.empty_layer = is_empty(layer);
  if (!entry.empty_layer) config.diff_ids.push_back(layer.diff_id);
  config.history.push_back(std::move(entry));
  return config;
}

}  // namespace

asio::awaitable<image::ImagePtr> Manager::Impl::commit(ContainerPtr container, CommitOptions options) {
  const Busy busy(tasks);
  const AsyncMutex::Guard guard = co_await container->operations.lock();
  const image::Snapshot snapshot = known_snapshot(*container);
  const Record& record = container->record;
  committed_config(record.config, options);  // bad changes are told before anything is copied
  const image::ImagePtr parent = services.images.find_id(record.image_id);
  const bool pauses = options.pause && record.state == State::running;
  if (pauses) co_await pause_locked(container);
  std::exception_ptr failure;
  std::optional<image::Layer> layer;
  try {
    layer = co_await copy_layer(services.images, services.pool, snapshot.upper);
  } catch (...) {
    failure = std::current_exception();
  }
  if (pauses && record.state == State::paused) co_await unpause_locked(container);
  if (failure) std::rethrow_exception(failure);
  Rollback release;
  release.add([this, id = layer->diff_id] { services.images.release_layer(id); });
  image::ImageConfig base = parent ? parent->config : image::ImageConfig();
  if (!parent) base.diff_ids = services.images.snapshot_layers(record.id);
  const image::ImageConfig config = next_image(base, record, options, *layer);
  const image::ImagePtr made = services.images.create(config, options.name, parent ? parent->id : std::string());
  publish(*container, "commit",
          {{"comment", options.comment},
           {"imageID", made->id},
           {"imageRef", options.name ? options.name->familiar() : std::string()}});
  co_return made;
}

}  // namespace stack::engine::container
