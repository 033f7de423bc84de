#include "cli/container_options/mounts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/units.hpp"
#include "cli/container_options/csv.hpp"
#include "cli/flags.hpp"

namespace stack::cli::container_options {

namespace api = engine::api;

namespace {

[[noreturn]] void refuse(const CsvField& field, std::string_view why) {
  throw FlagError(fmt::format("invalid value for --mount: {}={}: {}", field.name, field.value.value_or(""), why));
}

bool truth(const CsvField& field) {
  const std::string value = field.value.value_or("true");
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  refuse(field, "true or false is needed");
}

std::uint32_t octal(const CsvField& field) {
  std::uint32_t mode = 0;
  const std::string& text = *field.value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc{} || end != text.data() + text.size()) refuse(field, "an octal mode is needed");
  return mode;
}

void add_pair(const CsvField& field, api::StringMap& map) {
  const std::size_t equals = field.value->find('=');
  map[field.value->substr(0, equals)] = equals == std::string::npos ? "" : field.value->substr(equals + 1);
}

std::string absolute(const std::string& path) {
  return path.starts_with('.') ? std::filesystem::absolute(path).lexically_normal().string() : path;
}

void set_recursive(const CsvField& field, api::BindOptions& bind) {
  const std::string& value = *field.value;
  if (value == "enabled" || value == "true" || value == "1") return;
  if (value == "disabled" || value == "false" || value == "0")
    bind.non_recursive = true;
  else if (value == "writable")
    bind.read_only_non_recursive = true;
  else if (value == "readonly")
    bind.read_only_force_recursive = true;
  else
    refuse(field, "enabled, disabled, writable or readonly is needed");
}

template <class T>
T& made(std::optional<T>& options) {
  return options ? *options : options.emplace();
}

api::DriverConfig& driver_of(api::Mount& mount) { return made(made(mount.volume_options).driver_config); }

/// Which kind of mount an option belongs to, by its beginning.
void check_kind(const api::Mount& mount, const std::vector<CsvField>& fields) {
  for (const CsvField& field : fields)
    for (const std::string_view kind : {"bind", "volume", "tmpfs", "image"})
      if (field.name.starts_with(std::string(kind) + "-") && mount.type != kind)
        throw FlagError(fmt::format("invalid value for --mount: {} cannot be used with type={}", field.name, mount.type));
}

/// Returns whether there is such a key.
bool set_own_option(const CsvField& field, api::Mount& mount) {
  const std::string& key = field.name;
  if (key == "bind-propagation")
    made(mount.bind_options).propagation = *field.value;
  else if (key == "bind-nonrecursive")
    made(mount.bind_options).non_recursive = truth(field);
  else if (key == "bind-recursive")
    set_recursive(field, made(mount.bind_options));
  else if (key == "bind-create-src")
    made(mount.bind_options).create_mountpoint = truth(field);
  else if (key == "volume-nocopy")
    made(mount.volume_options).no_copy = truth(field);
  else if (key == "volume-label")
    add_pair(field, made(mount.volume_options).labels);
  else if (key == "volume-subpath")
    made(mount.volume_options).subpath = *field.value;
  else if (key == "volume-driver")
    driver_of(mount).name = *field.value;
  else if (key == "volume-opt")
    add_pair(field, driver_of(mount).options);
  else if (key == "image-subpath")
    made(mount.image_options).subpath = *field.value;
  else if (key == "tmpfs-size")
    made(mount.tmpfs_options).size_bytes = parse_byte_size(*field.value);
  else if (key == "tmpfs-mode")
    made(mount.tmpfs_options).mode = octal(field);
  else
    return false;
  return true;
}

void set_field(const CsvField& field, api::Mount& mount) {
  const std::string& key = field.name;
  const bool is_switch =
      key == "readonly" || key == "ro" || key == "volume-nocopy" || key == "bind-nonrecursive" || key == "bind-create-src";
  if (!field.value && !is_switch)
    throw FlagError(fmt::format("invalid value for --mount: \"{}\" must be a NAME=VALUE pair", key));
  if (key == "type")
    mount.type = *field.value;
  else if (key == "source" || key == "src")
    mount.source = absolute(*field.value);
  else if (key == "target" || key == "dst" || key == "destination")
    mount.target = *field.value;
  else if (key == "readonly" || key == "ro")
    mount.read_only = truth(field);
  else if (key == "consistency")
    mount.consistency = *field.value;
  else if (!set_own_option(field, mount))
    throw FlagError(fmt::format("invalid value for --mount: unexpected key \"{}\"", key));
}

}  // namespace

void add_volume(const std::string& text, api::ContainerCreateRequest& request) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos)
    request.config.volumes.insert(text);
  else
    request.host_config.binds.push_back(absolute(text.substr(0, colon)) + text.substr(colon));
}

api::Mount parse_mount(std::string_view text) {
  api::Mount mount;
  mount.type = "volume";
  std::vector<CsvField> fields = csv_fields(text, "--mount");
  for (CsvField& field : fields) {
    std::transform(field.name.begin(), field.name.end(), field.name.begin(), [](unsigned char c) { return std::tolower(c); });
    set_field(field, mount);
  }
  check_kind(mount, fields);
  if (mount.target.empty()) throw FlagError(fmt::format("invalid value \"{}\" for --mount: target is missing", text));
  if (mount.volume_options) driver_of(mount);  // docker's CLI sends it always
  return mount;
}

void add_tmpfs(const std::string& text, api::ContainerCreateRequest& request) {
  const std::size_t colon = text.find(':');
  request.host_config.tmpfs[text.substr(0, colon)] = colon == std::string::npos ? "" : text.substr(colon + 1);
}

}  // namespace stack::cli::container_options
