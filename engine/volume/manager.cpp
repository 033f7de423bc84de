#include "engine/volume/manager.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>
#include <cerrno>
#include <filesystem>
#include <set>

#include "base/crash_point.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/name_pattern.hpp"
#include "engine/image/config.hpp"
#include "engine/image/layers.hpp"
#include "engine/state/async.hpp"
#include "engine/volume/fill.hpp"
#include "engine/volume/local_mount.hpp"

namespace stack::engine::volume {

namespace {

namespace fs = std::filesystem;

void check_name(const std::string& name) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (name.size() == 1)
    throw Error(ErrorCode::invalid_argument,
                "create " + name + ": volume name is too short, names should be at least two alphanumeric characters");
  const bool valid = is_alphanumeric(name.front()) && name.size() <= 255 && std::all_of(name.begin(), name.end(), [&](char c) {
                       return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
                     });
  if (!valid)
    throw Error(ErrorCode::invalid_argument,
                "create " + name + ": \"" + name +
                    "\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are "
                    "allowed. If you intended to pass a host directory, use absolute path");
}

void check_request(const std::string& name, const VolumeCreate& request) {
  check_name(name);
  if (!request.driver.empty() && request.driver != "local")
    throw Error(ErrorCode::not_found, "create " + name + ": error looking up volume plugin " + request.driver + ": plugin \"" +
                                          request.driver + "\" not found");
  try {
    check_options(request.options);
  } catch (const Error& error) {
    throw Error(error.code(), "create " + name + ": " + error.what());
  }
}

bool matches_label(const Volume& volume, const std::string& wanted) {
  const std::size_t equals = wanted.find('=');
  const auto found = volume.labels.find(wanted.substr(0, equals));
  return found != volume.labels.end() && (equals == std::string::npos || found->second == wanted.substr(equals + 1));
}

bool truth(const std::string& value) {
  if (value == "1" || value == "true" || value == "True") return true;
  if (value == "0" || value == "false" || value == "False") return false;
  throw Error(ErrorCode::invalid_argument, "invalid filter 'dangling=[" + value + "]'");
}

Document row_of(const Volume& volume, bool removing = false) {
  nlohmann::json row{
      {"created", volume.created}, {"driver", volume.driver}, {"labels", volume.labels}, {"options", volume.options}};
  if (removing) row["removing"] = true;
  return {volume.name, row.dump()};
}

}  // namespace

class Manager::Impl {
public:
  Impl(std::string data_root, DocumentTable& table, asio::thread_pool& thread_pool)
      : root(data_root + "/volumes"), trash(data_root + "/volumes/.gone", thread_pool), rows(table), pool(thread_pool) {}

  std::string dir(const std::string& name) const { return root + "/" + name; }
  std::vector<std::string> users(const std::string& name) const { return usage ? usage(name) : std::vector<std::string>{}; }

  void load();
  void load_volume(const Document& row);
  void remove_leftovers();
  void erase(const VolumePtr& volume);
  asio::awaitable<AsyncMutex::Guard> lock(const std::string& name);
  void forget_lock(const std::string& name);
  bool passes(const Volume& volume, const std::string& filter, const std::vector<std::string>& values) const;

  std::string root;
  image::Trash trash;
  DocumentTable& rows;
  asio::thread_pool& pool;
  std::map<std::string, VolumePtr> volumes;
  std::map<std::string, std::shared_ptr<AsyncMutex>> locks;  // of those being filled or mounted
  std::map<std::string, std::set<std::string>> mounted_for;  // by volume: who has acquired it
  std::function<std::vector<std::string>(const std::string&)> usage;
  std::function<void(const std::string&, const Volume&)> events;
};

void Manager::Impl::load() {
  for (const std::string& path : {root, root + "/.gone"}) {
    const mode_t mode = path == root ? 0711 : 0700;
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) throw errno_error("mkdir " + path);
    if (::chmod(path.c_str(), mode) != 0) throw errno_error("chmod " + path);
  }
  for (const Document& row : rows.load_all()) {
    try {
      load_volume(row);
    } catch (const std::exception& error) {
      log::error("volume {} is left out: {}", row.key, error.what());
    }
  }
  remove_leftovers();
}

void Manager::Impl::load_volume(const Document& row) {
  const nlohmann::json value = json::parse_object(row.json, "volume row");
  auto volume = std::make_shared<Volume>();
  volume->name = row.key;
  volume->mountpoint = dir(row.key) + "/_data";
  json::read(value, "created", volume->created, "volume row");
  json::read(value, "driver", volume->driver, "volume row");
  json::read(value, "labels", volume->labels, "volume row");
  json::read(value, "options", volume->options, "volume row");
  if (value.value("removing", false)) {
    erase(volume);
    return;
  }
  if (::access(volume->mountpoint.c_str(), F_OK) != 0) log::error("volume {}: {} is missing", row.key, volume->mountpoint);
  volumes[row.key] = std::move(volume);
}

/// Directories without a row: a create that a crash cut short (empty, removed), or something we do not know: data, kept.
void Manager::Impl::remove_leftovers() {
  for (const auto& entry : fs::directory_iterator(root + "/.gone")) trash.discard(entry.path());
  for (const auto& entry : fs::directory_iterator(root)) {
    const std::string name = entry.path().filename();
    if (name == ".gone" || volumes.contains(name)) continue;
    ::rmdir((entry.path().string() + "/_data").c_str());
    if (::rmdir(entry.path().c_str()) != 0)
      log::warning("{} belongs to no volume; it has content and is left alone", entry.path().string());
  }
}

void Manager::Impl::erase(const VolumePtr& volume) {
  if (needs_mount(volume->options)) unmount_volume(volume->mountpoint);
  trash.discard(dir(volume->name));
  crash_point("volume.remove.done");
  rows.apply({}, {volume->name});
}

Manager::Manager(std::string data_root, DocumentTable& table, asio::thread_pool& pool)
    : impl_(std::make_unique<Impl>(std::move(data_root), table, pool)) {}
Manager::~Manager() = default;  // removals under way go on in the pool, or at the next start

void Manager::load() { impl_->load(); }
void Manager::set_usage(std::function<std::vector<std::string>(const std::string&)> usage) { impl_->usage = std::move(usage); }
void Manager::on_event(std::function<void(const std::string&, const Volume&)> sink) { impl_->events = std::move(sink); }
std::size_t Manager::count() const { return impl_->volumes.size(); }
void Manager::drain() const { impl_->trash.drain(); }

VolumePtr Manager::create(const VolumeCreate& request) {
  auto volume = std::make_shared<Volume>();
  volume->name = request.name;
  volume->labels = request.labels;
  volume->options = request.options;
  if (request.name.empty()) {
    volume->name = random_id();
    volume->labels[anonymous_label] = "";
  }
  check_request(volume->name, request);
  if (VolumePtr existing = find(volume->name)) return existing;
  volume->created = image::rfc3339_now();
  volume->mountpoint = impl_->dir(volume->name) + "/_data";
  crash_point("volume.create.intent");
  if (::mkdir(impl_->dir(volume->name).c_str(), 0701) != 0 && errno != EEXIST)
    throw errno_error("mkdir " + impl_->dir(volume->name));
  if (::mkdir(volume->mountpoint.c_str(), 0755) != 0 && errno != EEXIST) throw errno_error("mkdir " + volume->mountpoint);
  if (::chmod(volume->mountpoint.c_str(), 0755) != 0) throw errno_error("chmod " + volume->mountpoint);
  crash_point("volume.create.done");
  impl_->rows.apply({row_of(*volume)}, {});
  impl_->volumes[volume->name] = volume;
  if (impl_->events) impl_->events("create", *volume);
  return volume;
}

VolumePtr Manager::find(const std::string& name) const {
  const auto found = impl_->volumes.find(name);
  return found == impl_->volumes.end() ? nullptr : found->second;
}

VolumePtr Manager::get(const std::string& name) const {
  if (VolumePtr volume = find(name)) return volume;
  throw Error(ErrorCode::not_found, "get " + name + ": no such volume");
}

bool Manager::Impl::passes(const Volume& volume, const std::string& filter, const std::vector<std::string>& values) const {
  if (filter == "label")
    return std::all_of(values.begin(), values.end(), [&](const auto& value) { return matches_label(volume, value); });
  if (filter == "label!")
    return std::none_of(values.begin(), values.end(), [&](const auto& value) { return matches_label(volume, value); });
  return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
    if (filter == "name") return name_matches(volume.name, value);
    if (filter == "driver") return volume.driver == value;
    return users(volume.name).empty() == truth(value);  // dangling
  });
}

std::vector<VolumePtr> Manager::list(const Filters& filters) const {
  for (const auto& [filter, values] : filters) {
    constexpr std::array known{"name", "label", "label!", "driver", "dangling"};
    if (std::find(known.begin(), known.end(), filter) == known.end())
      throw Error(ErrorCode::invalid_argument, "invalid filter '" + filter + "'");
  }
  std::vector<VolumePtr> found;
  for (const auto& [name, volume] : impl_->volumes) {
    const bool wanted = std::all_of(filters.begin(), filters.end(),
                                    [&](const auto& filter) { return impl_->passes(*volume, filter.first, filter.second); });
    if (wanted) found.push_back(volume);
  }
  return found;
}

void Manager::remove(const std::string& name, bool force) {
  const VolumePtr volume = find(name);
  if (!volume && force) return;
  if (!volume) throw Error(ErrorCode::not_found, "get " + name + ": no such volume");
  const std::vector<std::string> users = impl_->users(name);
  if (!users.empty()) {
    std::string ids;
    for (const auto& id : users) ids += (ids.empty() ? "" : ", ") + id;
    throw Error(ErrorCode::conflict, "remove " + name + ": volume is in use - [" + ids + "]");
  }
  impl_->rows.apply({row_of(*volume, true)}, {});
  crash_point("volume.remove.intent");
  impl_->erase(volume);
  impl_->volumes.erase(name);
  if (impl_->events) impl_->events("destroy", *volume);
}

void Manager::remove_anonymous(const std::string& name) {
  const VolumePtr volume = find(name);
  if (volume && volume->anonymous() && impl_->users(name).empty()) remove(name, true);
}

asio::awaitable<void> Manager::fill_from_image(std::string name, std::vector<std::string> lower_dirs, std::string path) {
  const VolumePtr volume = get(name);
  {
    const AsyncMutex::Guard guard = co_await impl_->lock(name);
    auto work = [directory = impl_->dir(name), lower_dirs = std::move(lower_dirs), path = std::move(path)] {
      fill_volume(directory, lower_dirs, path);
    };
    co_await run_in_pool(impl_->pool, std::move(work));
  }
  impl_->forget_lock(name);
}

/// Two containers starting at once are served one after the other.
asio::awaitable<AsyncMutex::Guard> Manager::Impl::lock(const std::string& name) {
  auto& slot = locks[name];
  if (!slot) slot = std::make_shared<AsyncMutex>(co_await asio::this_coro::executor);
  const std::shared_ptr<AsyncMutex> mutex = slot;
  co_return co_await mutex->lock();
}

void Manager::Impl::forget_lock(const std::string& name) {
  const auto found = locks.find(name);
  if (found != locks.end() && !found->second->locked()) locks.erase(found);
}

asio::awaitable<void> Manager::acquire(std::string name, std::string user) {
  const VolumePtr volume = get(name);
  if (!needs_mount(volume->options)) co_return;
  {
    const AsyncMutex::Guard guard = co_await impl_->lock(name);
    auto work = [volume] { mount_volume(volume->options, volume->mountpoint); };
    co_await run_in_pool(impl_->pool, std::move(work));
    impl_->mounted_for[name].insert(std::move(user));
  }
  impl_->forget_lock(name);
}

asio::awaitable<void> Manager::release(std::string name, std::string user) {
  const VolumePtr volume = find(name);
  if (!volume || !needs_mount(volume->options)) co_return;
  {
    const AsyncMutex::Guard guard = co_await impl_->lock(name);
    const auto found = impl_->mounted_for.find(name);
    const bool last = found != impl_->mounted_for.end() && found->second.erase(user) > 0 && found->second.empty();
    if (last) {
      impl_->mounted_for.erase(found);
      auto work = [volume] { unmount_volume(volume->mountpoint); };
      co_await run_in_pool(impl_->pool, std::move(work));
    }
  }
  impl_->forget_lock(name);
}

void Manager::adopt(const std::string& name, const std::string& user) {
  const VolumePtr volume = find(name);
  if (volume && needs_mount(volume->options)) impl_->mounted_for[name].insert(user);
}

void Manager::unmount_unused() {
  for (const auto& [name, volume] : impl_->volumes) {
    if (!needs_mount(volume->options) || impl_->mounted_for.contains(name)) continue;
    try {
      unmount_volume(volume->mountpoint);
    } catch (const Error& error) {
      log::error("volume {}: {}", name, error.what());
    }
  }
}

nlohmann::json to_json(const Volume& volume) {
  nlohmann::json value;
  value["CreatedAt"] =
      volume.created.substr(0, volume.created.find('.')) + (volume.created.find('.') == std::string::npos ? "" : "Z");
  value["Driver"] = volume.driver;
  value["Labels"] = volume.labels.empty() ? nlohmann::json(nullptr) : nlohmann::json(volume.labels);
  value["Mountpoint"] = volume.mountpoint;
  value["Name"] = volume.name;
  value["Options"] = volume.options.empty() ? nlohmann::json(nullptr) : nlohmann::json(volume.options);
  value["Scope"] = "local";
  return value;
}

}  // namespace stack::engine::volume
