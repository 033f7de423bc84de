#include "engine/container/manager.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/crash_point.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/rollback.hpp"
#include "engine/container/endpoint_checks.hpp"
#include "engine/container/manager_impl.hpp"
#include "engine/container/mounts.hpp"
#include "engine/container/names.hpp"

namespace stack::engine::container {

namespace {

std::string_view without_slash(std::string_view name) { return !name.empty() && name.front() == '/' ? name.substr(1) : name; }

bool is_host_mode(const std::string& mode) { return mode == "host" || mode == "none" || mode.rfind("container:", 0) == 0; }

/// By network name. Where the request says which networks it wants, the default bridge is none of them, as in Docker; a network
/// that the mode names always is.
std::map<std::string, api::EndpointSettings> requested_endpoints(const api::ContainerCreateRequest& request,
                                                                 const std::string& network_mode) {
  auto endpoints = request.endpoints_config;
  if (network_mode == "host" || network_mode == "none") return {{network_mode, {}}};
  if (is_host_mode(network_mode)) return {};
  if (auto standard = endpoints.extract("default")) endpoints.insert_or_assign("bridge", std::move(standard.mapped()));
  if (network_mode != "bridge" || endpoints.empty()) endpoints.try_emplace(network_mode);
  return endpoints;
}

/// `owner` is the container whose network it shares, if any: they have one name.
void set_hostname(Record& record, const HostFacts& host, const Record* owner) {
  if (owner != nullptr) {
    record.config.hostname = owner->config.hostname;
    record.config.domainname = owner->config.domainname;
  } else if (record.host_config.network_mode == "host" || record.host_config.uts_mode == "host") {
    if (record.config.hostname.empty()) record.config.hostname = host.hostname;
  } else if (record.config.hostname.empty()) {
    record.config.hostname = record.id.substr(0, 12);
  }
}

void check_bind_sources(const std::vector<MountPoint>& mounts) {
  for (const auto& mount : mounts) {
    struct stat status {};
    if (mount.type == "bind" && !mount.create_source && ::stat(mount.source.c_str(), &status) != 0)
      throw Error(ErrorCode::invalid_argument,
                  "invalid mount config for type \"bind\": bind source path does not exist: " + mount.source);
  }
}

/// Anonymous volumes get their names before the record is written: recovery finds them by it.
void name_volumes(std::vector<MountPoint>& mounts) {
  for (auto& mount : mounts)
    if (mount.type == "volume" && mount.name.empty()) mount.name = random_id();
}

/// `made` gets the names of those that did not exist, so that a failed creation takes back only its own.
void create_volumes(volume::Manager& volumes, std::vector<MountPoint>& mounts, std::vector<std::string>& made) {
  for (auto& mount : mounts) {
    if (mount.type != "volume") continue;
    const bool existed = volumes.find(mount.name) != nullptr;
    volume::VolumeCreate request;
    request.name = mount.name;
    request.labels = mount.labels;
    request.options = mount.driver_options;
    if (mount.anonymous && !existed) request.labels[volume::anonymous_label] = "";
    mount.source = volumes.create(request)->mountpoint;
    if (!existed) made.push_back(mount.name);
  }
}

/// Images that are mounted: their ids.
void find_images(const image::Store& images, std::vector<MountPoint>& mounts) {
  for (auto& mount : mounts)
    if (mount.type == "image") mount.source = images.get(mount.name)->id;
}

}  // namespace

WaitCondition parse_wait_condition(std::string_view text) {
  if (text.empty() || text == "not-running") return WaitCondition::not_running;
  if (text == "next-exit") return WaitCondition::next_exit;
  if (text == "removed") return WaitCondition::removed;
  throw Error(ErrorCode::invalid_argument, fmt::format("invalid condition: \"{}\"", text));
}

void Manager::Impl::load() {
  for (const auto& [id, text] : services.database.all_text(Table::containers)) {
    try {
      auto container = std::make_shared<LiveContainer>(executor, nlohmann::json::parse(text).get<Record>());
      by_name[container->record.name] = id;
      by_id[id] = std::move(container);
    } catch (const std::exception& error) {
      log::error("the record of container {} cannot be read and is ignored: {}", id, error.what());
    }
  }
}

std::string Manager::Impl::cgroup(const Record& record) const {
  std::string parent = record.host_config.cgroup_parent;
  if (parent.empty()) return services.paths.cgroup_parent() + "/" + record.id;
  // relative to the root, and never above it
  std::string path = std::filesystem::path("/" + parent).lexically_normal();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return (path == "/" ? "" : path) + "/" + record.id;
}

/// A name may go to another container (docker compose renames when it recreates); an id stays.
void Manager::Impl::resolve_shared_modes(api::HostConfig& host) const {
  const auto resolve = [this](std::string& mode, const char* what) {
    const std::string other = shared_with(mode);
    if (other.empty()) return;
    try {
      mode = "container:" + get(other)->record.id;
    } catch (const Error& error) {  // "not found" would make clients pull the image
      throw Error(ErrorCode::invalid_argument, std::string(what) + error.what());
    }
  };
  resolve(host.ipc_mode, "");
  resolve(host.pid_mode, "");
  resolve(host.network_mode, "joining network namespace of container: ");
}

void Manager::Impl::resolve_links(Record& record) const {
  for (std::string& text : record.host_config.links) {
    const Link link = parse_link(text);
    try {
      text = kept_link(get(link.name)->record.name, link.alias, record.name);
    } catch (const Error& error) {
      throw Error(ErrorCode::invalid_argument, fmt::format("could not get container for {}: {}", link.name, error.what()));
    }
  }
}

void Manager::Impl::save(const ContainerPtr& container) {
  services.database.put(Table::containers, container->record.id, nlohmann::json(container->record));
}

void Manager::Impl::note(const ContainerPtr& container) {
  services.database.record(Table::containers, container->record.id, nlohmann::json(container->record));
}

void Manager::Impl::forget(const ContainerPtr& container) {
  for (const auto& id : container->exec_ids) execs.erase(id);
  const auto name = by_name.find(container->record.name);
  if (name != by_name.end() && name->second == container->record.id) by_name.erase(name);
  by_id.erase(container->record.id);
}

void Manager::Impl::set_state(const ContainerPtr& container, State state) {
  if (!may_become(container->record.state, state))
    log::error("container {}: {} after {} is not foreseen", container->record.id, to_string(state),
               to_string(container->record.state));
  container->record.state = state;
  note(container);
  container->changed.notify_all();
}

void Manager::Impl::publish(const LiveContainer& container, std::string_view action, std::map<std::string, std::string> extra) {
  std::map<std::string, std::string> attributes = container.record.config.labels;
  attributes["image"] = container.record.config.image;
  attributes["name"] = container.record.name;
  for (auto& [key, value] : extra) attributes[key] = std::move(value);
  services.events.publish("container", action, container.record.id, std::move(attributes));
}

void Manager::Impl::publish_volume(const LiveContainer& container, const MountPoint& mount, std::string_view action) {
  std::map<std::string, std::string> attributes{{"container", container.record.id}, {"driver", "local"}};
  if (action == "mount") {
    attributes["destination"] = mount.destination;
    attributes["propagation"] = mount.propagation;
    attributes["read/write"] = mount.rw ? "true" : "false";
  }
  services.events.publish("volume", action, mount.name, std::move(attributes));
}

std::string Manager::Impl::health_word(const LiveContainer& container) const {
  return container.health ? container.health->health().status : container.record.health_status;
}

ContainerPtr Manager::Impl::get(std::string_view name_or_id) const {
  if (name_or_id.empty()) throw Error(ErrorCode::invalid_argument, "invalid name or ID supplied: \"\"");
  if (const auto exact = by_id.find(name_or_id); exact != by_id.end()) return exact->second;
  if (const auto named = by_name.find(without_slash(name_or_id)); named != by_name.end())
    if (const auto found = by_id.find(named->second); found != by_id.end()) return found->second;
  const auto first = by_id.lower_bound(name_or_id);
  const auto has_prefix = [&](auto position) { return position != by_id.end() && position->first.rfind(name_or_id, 0) == 0; };
  if (has_prefix(first)) {
    if (has_prefix(std::next(first)))
      throw Error(ErrorCode::invalid_argument, fmt::format("multiple IDs found with provided prefix: {}", name_or_id));
    return first->second;
  }
  throw Error(ErrorCode::not_found, fmt::format("No such container: {}", name_or_id));
}

api::CreateResponse Manager::Impl::create(const std::string& name, const api::ContainerCreateRequest& request) {
  std::string checked_name;
  if (!name.empty()) checked_name = check_name(name);
  image::RunConfig defaults;
  image::ImagePtr image;
  if (!request.config.image.empty()) {
    image = services.images.get(request.config.image);
    defaults = image->config.config;
  }
  Settings settings = resolve_settings(request, defaults, services.host);
  if (!image) throw Error(ErrorCode::invalid_argument, "no image specified");
  resolve_shared_modes(settings.host_config);
  if (checked_name.empty())
    checked_name = random_name([&](const std::string& candidate) { return by_name.contains(candidate); });
  if (const auto holder = by_name.find(checked_name); holder != by_name.end())
    throw Error(
        ErrorCode::conflict,
        fmt::format("Conflict. The container name \"/{}\" is already in use by container \"{}\". You have to remove (or "
                    "rename) that container to be able to reuse that name.",
                    checked_name, holder->second));
  Record record;
  record.id = random_id();
  record.name = checked_name;
  record.created = now();
  record.image_id = image->id;
  record.config = std::move(settings.config);
  record.host_config = std::move(settings.host_config);
  if (!record.config.network_disabled) record.endpoints = requested_endpoints(request, record.host_config.network_mode);
  for (const auto& [network, endpoint] : request.endpoints_config) check_endpoint(network, endpoint);
  resolve_links(record);
  record.mounts = resolve_mounts(record.config, record.host_config, lent_mounts(record.host_config));
  find_images(services.images, record.mounts);
  const std::string sharing = shared_with(record.host_config.network_mode);
  set_hostname(record, services.host, sharing.empty() ? nullptr : &get(sharing)->record);
  auto argv = command_line(record.config);
  record.path = argv.front();
  record.args.assign(argv.begin() + 1, argv.end());
  check_bind_sources(record.mounts);
  name_volumes(record.mounts);
  record.intent = Intent::create;

  auto container = std::make_shared<LiveContainer>(executor, std::move(record));
  const std::string id = container->record.id;
  std::vector<std::string> made_volumes;
  Rollback undo;  // after what its steps use
  undo.add([&] {  // last of all, when nothing uses them any more
    for (const auto& volume : made_volumes) services.volumes.remove(volume, true);
  });
  by_name[checked_name] = id;
  by_id[id] = container;
  undo.add([&] { forget(container); });
  save(container);
  undo.add([&] { services.database.erase(Table::containers, id); });
  crash_point("container.create.intent");
  create_volumes(services.volumes, container->record.mounts, made_volumes);
  std::filesystem::create_directories(dir(*container));
  ::chmod(dir(*container).c_str(), 0710);
  undo.add([&] { std::filesystem::remove_all(dir(*container)); });
  services.images.prepare_snapshot(id, image->config);
  undo.add([&] { services.images.remove_snapshot(id); });
  container->record.intent = Intent::none;
  save(container);
  undo.commit();
  crash_point("container.create.done");
  publish(*container, "create");
  return {id, std::move(settings.warnings)};
}

std::vector<MountPoint> Manager::Impl::lent_mounts(const api::HostConfig& host_config) const {
  std::vector<MountPoint> mounts;
  for (const std::string& text : host_config.volumes_from) {
    const VolumesFrom from = parse_volumes_from(text);
    ContainerPtr lender;
    try {
      lender = get(from.container);
    } catch (const Error& error) {
      throw Error(ErrorCode::invalid_argument, error.what());  // it is the request that is wrong
    }
    for (auto& mount : inherit_mounts(lender->record.mounts, from.read_only)) mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::vector<api::ContainerSummary> Manager::Impl::list(const ListOptions& options) const {
  const ContainerFilter filter(options.filters, [this](const std::string& name) {
    try {
      const image::ImagePtr image = services.images.find(name);
      return image ? image->id : std::string();
    } catch (const Error&) {  // no image can have such a name, or several do
      return std::string();
    }
  });
  std::vector<const LiveContainer*> newest_first;
  for (const auto& [id, container] : by_id) newest_first.push_back(container.get());
  std::sort(newest_first.begin(), newest_first.end(),
            [](const auto* a, const auto* b) { return a->record.created > b->record.created; });
  const auto position_of = [&](const char* key) -> std::optional<api::Timestamp> {
    const auto found = filter.filters().find(key);
    if (found == filter.filters().end()) return std::nullopt;
    return get(found->second.front())->record.created;
  };
  const auto before = position_of("before");
  const auto since = position_of("since");
  const bool all = options.all || options.limit > 0 || filter.implies_all();
  std::vector<api::ContainerSummary> result;
  for (const auto* container : newest_first) {
    const Record& record = container->record;
    if (record.intent == Intent::create || (!all && !is_active(record.state))) continue;
    if ((before && record.created >= *before) || (since && record.created <= *since)) continue;
    const std::string health = health_word(*container);
    FilterSubject subject{record, health.empty() ? "none" : health, {}, {}};
    if (filter.looks_at_ports()) subject.ports = port_summaries(*this, record);
    for (const auto& [name, settings] : record.endpoints)
      if (const auto network_id = services.networks.find(name)) subject.network_ids.push_back(*network_id);
    if (!filter.matches(subject)) continue;
    result.push_back(make_summary(*this, *container));
    if (options.limit > 0 && static_cast<std::int64_t>(result.size()) >= options.limit) break;
  }
  return result;
}

namespace {

bool uses_image(const Record& record, const std::string& id) {
  return record.image_id == id || std::any_of(record.mounts.begin(), record.mounts.end(), [&](const MountPoint& mount) {
           return mount.type == "image" && mount.source == id;
         });
}

}  // namespace

Manager::Manager(Services services) : impl_(std::make_shared<Impl>(std::move(services))) {}
Manager::~Manager() = default;

void Manager::load() { impl_->load(); }
asio::awaitable<Restored> Manager::find_running() { return impl_->find_running(); }
asio::awaitable<void> Manager::restore(bool rebooted) { return impl_->restore(rebooted); }
ContainerPtr Manager::get(std::string_view name_or_id) const { return impl_->get(name_or_id); }
std::vector<api::ContainerSummary> Manager::list(const ListOptions& options) const { return impl_->list(options); }
api::ContainerInspect Manager::inspect(const ContainerPtr& container) const { return make_inspect(*impl_, *container); }
const Record& Manager::record(const ContainerPtr& container) const { return container->record; }
std::size_t Manager::count() const { return impl_->by_id.size(); }
std::size_t Manager::count(State state) const {
  return static_cast<std::size_t>(std::count_if(impl_->by_id.begin(), impl_->by_id.end(),
                                                [&](const auto& entry) { return entry.second->record.state == state; }));
}
const Counters& Manager::counters() const { return impl_->counters; }
bool Manager::is_idle() const {
  return impl_->tasks == 0 && std::none_of(impl_->by_id.begin(), impl_->by_id.end(), [](const auto& entry) {
           return is_active(entry.second->record.state) || entry.second->run || entry.second->operations.locked();
         });
}

std::vector<image::ImageUse> Manager::users_of_image(const std::string& image_id) const {
  std::vector<image::ImageUse> users;
  for (const auto& [id, container] : impl_->by_id)
    if (uses_image(container->record, image_id)) users.push_back({id, is_active(container->record.state)});
  return users;
}

std::vector<std::string> Manager::users_of_volume(const std::string& name) const {
  std::vector<std::string> users;
  for (const auto& [id, container] : impl_->by_id) {
    const auto& mounts = container->record.mounts;
    if (std::any_of(mounts.begin(), mounts.end(),
                    [&](const auto& mount) { return mount.type == "volume" && mount.name == name; }))
      users.push_back(id);
  }
  return users;
}

std::string Manager::name_of(const std::string& id) const {
  const auto found = impl_->by_id.find(id);
  return found == impl_->by_id.end() ? std::string() : found->second->record.name;
}

api::CreateResponse Manager::create(const std::string& name, const api::ContainerCreateRequest& request) {
  return impl_->create(name, request);
}
asio::awaitable<void> Manager::start(ContainerPtr container) { return impl_->start(std::move(container)); }
asio::awaitable<void> Manager::stop(ContainerPtr container, StopOptions options) {
  return impl_->stop(std::move(container), std::move(options));
}
asio::awaitable<void> Manager::restart(ContainerPtr container, StopOptions options) {
  return impl_->restart(std::move(container), std::move(options));
}
asio::awaitable<void> Manager::kill(ContainerPtr container, std::string signal) {
  return impl_->kill(std::move(container), std::move(signal));
}
asio::awaitable<void> Manager::pause(ContainerPtr container) { return impl_->pause(std::move(container)); }
asio::awaitable<void> Manager::unpause(ContainerPtr container) { return impl_->unpause(std::move(container)); }
asio::awaitable<void> Manager::remove(ContainerPtr container, bool force, bool volumes) {
  return impl_->remove(std::move(container), force, volumes);
}
asio::awaitable<void> Manager::rename(ContainerPtr container, std::string name) {
  return impl_->rename(std::move(container), std::move(name));
}
asio::awaitable<std::vector<std::string>> Manager::update(ContainerPtr container, api::HostConfig request) {
  return impl_->update(std::move(container), std::move(request));
}
asio::awaitable<std::vector<api::FilesystemChange>> Manager::changes(ContainerPtr container) {
  return impl_->changes(std::move(container));
}
asio::awaitable<void> Manager::export_rootfs(ContainerPtr container, image::BodyWriter write) {
  return impl_->export_rootfs(std::move(container), std::move(write));
}
asio::awaitable<image::ImagePtr> Manager::commit(ContainerPtr container, CommitOptions options) {
  return impl_->commit(std::move(container), std::move(options));
}
asio::awaitable<DiskUsage> Manager::disk_usage(std::string container_id) { return impl_->disk_usage(std::move(container_id)); }
asio::awaitable<void> Manager::resize(ContainerPtr container, std::uint16_t rows, std::uint16_t columns) {
  return impl_->resize(std::move(container), rows, columns);
}
Waiting Manager::begin_wait(ContainerPtr container, WaitCondition condition) {
  const std::uint64_t exits = container->exits;
  return {std::move(container), condition, exits};
}
asio::awaitable<api::WaitResponse> Manager::wait(ContainerPtr container, WaitCondition condition) {
  Waiting waiting = begin_wait(std::move(container), condition);
  co_return co_await waiting.result();
}
asio::awaitable<api::TopResponse> Manager::top(ContainerPtr container, std::string arguments) {
  return impl_->top(std::move(container), std::move(arguments));
}
asio::awaitable<api::ContainerStats> Manager::stats(ContainerPtr container) { return impl_->stats(std::move(container)); }
asio::awaitable<std::vector<std::string>> Manager::prune(Filters filters) { return impl_->prune(std::move(filters)); }
asio::awaitable<void> Manager::attach(ContainerPtr container, AttachOptions options, std::shared_ptr<ClientStream> client) {
  return impl_->attach(std::move(container), options, std::move(client));
}
asio::awaitable<void> Manager::connect(ContainerPtr container, std::string network, api::EndpointSettings settings) {
  return impl_->connect(std::move(container), std::move(network), std::move(settings));
}
asio::awaitable<void> Manager::disconnect(ContainerPtr container, std::string network, bool force) {
  return impl_->disconnect(std::move(container), std::move(network), force);
}
asio::awaitable<api::PathStat> Manager::stat_path(ContainerPtr container, PathRequest request) {
  return impl_->stat_path(std::move(container), std::move(request));
}
asio::awaitable<void> Manager::download(ContainerPtr container, PathRequest request, ArchiveReceiver receiver) {
  return impl_->download(std::move(container), std::move(request), std::move(receiver));
}
asio::awaitable<void> Manager::upload(ContainerPtr container, UploadRequest request, image::BodyReader body) {
  return impl_->upload(std::move(container), std::move(request), std::move(body));
}
asio::awaitable<ExecPtr> Manager::create_exec(ContainerPtr container, api::ExecCreateRequest request) {
  return impl_->create_exec(std::move(container), std::move(request));
}
asio::awaitable<void> Manager::start_exec(ExecPtr exec, std::shared_ptr<ClientStream> client, bool terminal,
                                          std::vector<std::uint64_t> console_size) {
  exec->request.tty = exec->request.tty || terminal;
  if (!console_size.empty()) exec->request.console_size = std::move(console_size);
  return impl_->start_exec(std::move(exec), std::move(client));
}
ExecPtr Manager::get_exec(const std::string& id) const {
  const auto found = impl_->execs.find(id);
  if (found == impl_->execs.end()) throw Error(ErrorCode::not_found, "No such exec instance: " + id);
  return found->second;
}
asio::awaitable<int> Manager::run_build_step(build::RunRequest request, build::RunOutput output) {
  return impl_->run_build_step(std::move(request), std::move(output));
}
asio::awaitable<void> Manager::farewell() { return impl_->farewell(); }

}  // namespace stack::engine::container
