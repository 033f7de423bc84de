#include "engine/container/mounts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/error.hpp"

namespace stack::engine::container {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::invalid_argument, message); }

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (;;) {
    const auto end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) return parts;
    begin = end + 1;
  }
}

std::string clean(const std::string& path) {
  std::string result = std::filesystem::path(path).lexically_normal().string();
  while (result.size() > 1 && result.back() == '/') result.pop_back();
  return result;
}

/// `context` goes before the text ("invalid volume specification: 'a:b': ").
void check_destination(const std::string& context, const std::string& type, const std::string& destination) {
  const std::string prefix = fmt::format("{}invalid mount config for type \"{}\": ", context, type);
  if (destination.empty()) refuse(prefix + "field Target must not be empty");
  if (destination.front() != '/')
    refuse(fmt::format("{}invalid mount path: '{}' mount path must be absolute", prefix, destination));
  if (clean(destination) == "/") refuse(prefix + "invalid specification: destination can't be '/'");
}

bool is_propagation(const std::string& word) {
  static const std::set<std::string> words{"private", "rprivate", "shared", "rshared", "slave", "rslave"};
  return words.contains(word);
}

/// One word of a bind's mode; false: unknown.
bool apply_mode_word(const std::string& word, MountPoint& mount) {
  if (word == "ro")
    mount.rw = false;
  else if (word == "rw" || word == "z" || word == "Z" || word == "consistent" || word == "cached" || word == "delegated" ||
           word.empty())
    return true;
  else if (word == "nocopy")
    mount.no_copy = true;
  else if (is_propagation(word))
    mount.propagation = word;
  else
    return false;
  return true;
}

void apply_mode(const std::string& mode, MountPoint& mount) {
  mount.mode = mode;
  for (const auto& word : split(mode, ','))
    if (!apply_mode_word(word, mount)) refuse("invalid mode: " + mode);
  if (mount.type == "volume" && !mount.propagation.empty()) refuse("invalid mode: " + mode);
}

void check_read_only(const api::Mount& mount, const api::BindOptions& options) {
  const auto conflict = [](const char* what) { refuse(std::string("mount options conflict: ") + what); };
  if (!mount.read_only && options.read_only_non_recursive) conflict("!ReadOnly && BindOptions.ReadOnlyNonRecursive");
  if (!mount.read_only && options.read_only_force_recursive) conflict("!ReadOnly && BindOptions.ReadOnlyForceRecursive");
  if (options.read_only_non_recursive && options.read_only_force_recursive)
    conflict("ReadOnlyNonRecursive && BindOptions.ReadOnlyForceRecursive");
}

/// A path below the root of a volume or image: relative, and not out of it.
void check_subpath(const std::string& type, const std::string& subpath) {
  if (subpath.empty()) return;
  const std::string path = clean(subpath);
  if (path.front() == '/' || path == ".." || path.rfind("../", 0) == 0)
    refuse(fmt::format("invalid mount config for type \"{}\": subpath must be a relative path within the volume", type));
}

MountPoint from_bind_mount(const api::Mount& mount) {
  MountPoint point;
  const api::BindOptions options = mount.bind_options.value_or(api::BindOptions{});
  if (mount.source.empty()) refuse("invalid mount config for type \"bind\": field Source must not be empty");
  if (mount.source.front() != '/')
    refuse(fmt::format("invalid mount config for type \"bind\": invalid mount path: '{}' mount path must be absolute",
                       mount.source));
  if (!options.propagation.empty() && !is_propagation(options.propagation))
    refuse("invalid mount config for type \"bind\": invalid propagation mode: " + options.propagation);
  point.source = clean(mount.source);
  point.propagation = options.propagation.empty() ? "rprivate" : options.propagation;
  point.recursive = !options.non_recursive;
  point.create_source = options.create_mountpoint;
  check_read_only(mount, options);
  point.read_only_recursive = !options.read_only_non_recursive;
  return point;
}

MountPoint from_volume_mount(const api::Mount& mount) {
  MountPoint point;
  const api::VolumeOptions options = mount.volume_options.value_or(api::VolumeOptions{});
  if (options.driver_config && !options.driver_config->name.empty() && options.driver_config->name != "local")
    refuse(fmt::format("error looking up volume plugin {}: plugin \"{}\" not found", options.driver_config->name,
                       options.driver_config->name));
  point.name = mount.source;
  point.anonymous = mount.source.empty();
  point.no_copy = options.no_copy;
  check_subpath("volume", options.subpath);
  point.subpath = options.subpath;
  point.labels = options.labels;
  if (options.driver_config) point.driver_options = options.driver_config->options;
  point.mode = "z";
  return point;
}

MountPoint from_image_mount(const api::Mount& mount) {
  MountPoint point;
  if (mount.source.empty()) refuse("invalid mount config for type \"image\": field Source must not be empty");
  if (mount.image_options) point.subpath = mount.image_options->subpath;
  check_subpath("image", point.subpath);
  point.name = mount.source;
  point.propagation = "rprivate";
  return point;
}

MountPoint from_tmpfs_mount(const api::Mount& mount) {
  MountPoint point;
  if (!mount.source.empty()) refuse("invalid mount config for type \"tmpfs\": field Source must not be specified");
  const api::TmpfsOptions options = mount.tmpfs_options.value_or(api::TmpfsOptions{});
  point.options = {"nosuid", "nodev", "noexec"};
  if (options.size_bytes > 0) point.options.push_back(fmt::format("size={}", options.size_bytes));
  if (options.mode != 0) point.options.push_back(fmt::format("mode={:o}", options.mode));
  for (const auto& extra : options.options)
    if (!extra.empty()) point.options.push_back(extra.size() > 1 ? extra[0] + "=" + extra[1] : extra[0]);
  return point;
}

MountPoint from_api(const api::Mount& mount) {
  if (mount.type != "bind" && mount.type != "volume" && mount.type != "tmpfs" && mount.type != "image")
    refuse(fmt::format("invalid mount config for type \"{}\": mount type unknown", mount.type));
  check_destination("", mount.type, mount.target);
  MountPoint point = mount.type == "bind"     ? from_bind_mount(mount)
                     : mount.type == "volume" ? from_volume_mount(mount)
                     : mount.type == "image"  ? from_image_mount(mount)
                                              : from_tmpfs_mount(mount);
  point.type = mount.type;
  point.destination = clean(mount.target);
  point.rw = !mount.read_only && mount.type != "image";
  point.from_mounts_api = true;
  return point;
}

MountPoint from_tmpfs_map(const std::string& path, const std::string& options) {
  check_destination("", "tmpfs", path);
  MountPoint point;
  point.type = "tmpfs";
  point.destination = clean(path);
  point.options = {"rw", "nosuid", "nodev", "noexec"};
  if (!options.empty())
    for (const auto& word : split(options, ',')) {
      if (word == "ro")
        point.rw = false;
      else if (word == "exec" || word == "suid" || word == "dev")
        std::erase(point.options, "no" + word);
      else if (word != "rw" && std::find(point.options.begin(), point.options.end(), word) == point.options.end())
        point.options.push_back(word);
    }
  return point;
}

}  // namespace

MountPoint parse_bind(const std::string& text) {
  const auto parts = split(text, ':');
  const std::string context = fmt::format("invalid volume specification: '{}': ", text);
  MountPoint mount;
  if (parts.empty() || parts.size() > 3 ||
      std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); }))
    refuse(fmt::format("invalid volume specification: '{}'", text));
  if (parts.size() == 1) {
    mount.type = "volume";
    mount.anonymous = true;
    mount.destination = parts[0];
  } else {
    const bool is_path = parts[0].front() == '/';
    mount.type = is_path ? "bind" : "volume";
    (is_path ? mount.source : mount.name) = is_path ? clean(parts[0]) : parts[0];
    mount.destination = parts[1];
    mount.create_source = is_path;
  }
  check_destination(context, mount.type, mount.destination);
  mount.destination = clean(mount.destination);
  apply_mode(parts.size() == 3 ? parts[2] : std::string(), mount);
  if (mount.type == "bind" && mount.propagation.empty()) mount.propagation = "rprivate";
  if (mount.type == "volume" && parts.size() == 2) mount.mode = "z";
  return mount;
}

VolumesFrom parse_volumes_from(const std::string& text) {
  const auto parts = split(text, ':');
  VolumesFrom from{.container = parts[0]};
  if (parts.size() > 2 || parts[0].empty()) refuse("invalid volumes-from: " + text);
  for (const auto& word : split(parts.size() == 2 ? parts[1] : std::string(), ','))
    if (word == "ro")
      from.read_only = true;
    else if (!word.empty() && word != "rw" && word != "z" && word != "Z")
      refuse("invalid mode for volumes-from: " + parts[1]);
  return from;
}

std::vector<MountPoint> inherit_mounts(const std::vector<MountPoint>& from, bool read_only) {
  std::vector<MountPoint> mounts;
  for (MountPoint mount : from) {
    if (mount.type != "bind" && mount.type != "volume") continue;
    mount.rw = mount.rw && !read_only;
    mount.no_copy = true;
    mount.mode.clear();
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::vector<MountPoint> resolve_mounts(const api::ContainerConfig& config, const api::HostConfig& host_config,
                                       std::vector<MountPoint> inherited) {
  std::vector<MountPoint> mounts;
  std::set<std::string> destinations;
  const auto add = [&](MountPoint mount) {
    if (!destinations.insert(mount.destination).second) refuse("Duplicate mount point: " + mount.destination);
    mounts.push_back(std::move(mount));
  };
  for (const auto& bind : host_config.binds) add(parse_bind(bind));
  for (const auto& mount : host_config.mounts) add(from_api(mount));
  for (const auto& [path, options] : host_config.tmpfs) add(from_tmpfs_map(path, options));
  for (auto mount = inherited.rbegin(); mount != inherited.rend(); ++mount)  // of equal ones, the last container's
    if (!destinations.contains(mount->destination)) add(std::move(*mount));
  for (const auto& path : config.volumes) {
    check_destination("", "volume", path);
    if (destinations.contains(clean(path))) continue;  // the image's volume gets what the user put there
    MountPoint mount;
    mount.type = "volume";
    mount.anonymous = true;
    mount.destination = clean(path);
    add(std::move(mount));
  }
  std::stable_sort(mounts.begin(), mounts.end(), [](const MountPoint& a, const MountPoint& b) {
    return std::count(a.destination.begin(), a.destination.end(), '/') <
           std::count(b.destination.begin(), b.destination.end(), '/');
  });
  return mounts;
}

api::MountPoint to_api(const MountPoint& mount) {
  api::MountPoint shown;
  shown.type = mount.type;
  shown.name = mount.name;
  shown.source = mount.source;
  shown.destination = mount.destination;
  shown.driver = mount.type == "volume" ? "local" : "";
  shown.mode = mount.mode;
  shown.rw = mount.rw;
  shown.propagation = mount.propagation;
  return shown;
}

std::vector<api::MountPoint> to_api(const std::vector<MountPoint>& mounts) {
  std::vector<api::MountPoint> shown;
  for (const auto& mount : mounts)
    if (mount.type != "tmpfs" || mount.from_mounts_api) shown.push_back(to_api(mount));
  return shown;
}

}  // namespace stack::engine::container
