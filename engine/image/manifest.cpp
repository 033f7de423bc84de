#include "engine/image/manifest.hpp"

#include <sys/utsname.h>

#include <algorithm>

#include "base/json.hpp"
#include "engine/image/layers.hpp"

namespace stack::engine::image {

namespace {

constexpr std::size_t max_entries = 4096;

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw Error(ErrorCode::invalid_argument, where + ": " + why);
}

/// Names of machines as images spell them.
std::string normal_architecture(std::string_view name) {
  if (name == "x86_64" || name == "x86-64") return "amd64";
  if (name == "aarch64") return "arm64";
  if (name == "armhf" || name == "armv7l") return "arm";
  if (name == "i386" || name == "i686") return "386";
  return std::string(name);
}

/// arm64 has one variant that matters, and it goes without saying.
std::string normal_variant(const Platform& platform) {
  if (platform.architecture == "arm64" && platform.variant == "v8") return "";
  if (platform.architecture == "arm" && platform.variant.empty()) return "v7";
  return platform.variant;
}

Platform read_platform(const nlohmann::json& value, const std::string& where) {
  if (!value.is_object()) refuse(where, "must be an object");
  Platform platform;
  json::read(value, "os", platform.os, where);
  json::read(value, "architecture", platform.architecture, where);
  json::read(value, "variant", platform.variant, where);
  return platform;
}

Descriptor read_descriptor(const nlohmann::json& value, const std::string& where) {
  if (!value.is_object()) refuse(where, "must be an object");
  Descriptor descriptor;
  json::read(value, "mediaType", descriptor.media_type, where);
  json::read(value, "digest", descriptor.digest, where);
  json::read(value, "size", descriptor.size, where);
  json::read(value, "annotations", descriptor.annotations, where);
  try {
    digest_hex(descriptor.digest);
  } catch (const Error& error) {
    refuse(where + ".digest", error.what());
  }
  if (descriptor.size < 0) refuse(where + ".size", "must not be negative");
  if (const auto platform = value.find("platform"); platform != value.end() && !platform->is_null())
    descriptor.platform = read_platform(*platform, where + ".platform");
  return descriptor;
}

std::vector<Descriptor> read_list(const nlohmann::json& value, const char* key) {
  const auto list = value.find(key);
  if (list == value.end() || !list->is_array()) refuse(key, "must be a list");
  if (list->size() > max_entries) refuse(key, "has too many entries");
  std::vector<Descriptor> found;
  for (std::size_t i = 0; i < list->size(); ++i)
    found.push_back(read_descriptor((*list)[i], std::string(key) + "[" + std::to_string(i) + "]"));
  return found;
}

void check_layer(const Descriptor& layer) {
  const std::string& type = layer.media_type;
  if (type.find("foreign") != std::string::npos || type.find("nondistributable") != std::string::npos)
    throw Error(ErrorCode::not_implemented,
                "layer " + layer.digest + " (" + type + ") is not in the registry: it cannot be used");
  if (type.ends_with("+encrypted"))
    throw Error(ErrorCode::not_implemented, "layer " + layer.digest + " is encrypted: it cannot be used");
}

Manifest read_manifest(const nlohmann::json& value, const std::string& type) {
  Manifest manifest;
  manifest.media_type = type.empty() ? media::oci_manifest : type;
  const auto config = value.find("config");
  if (config == value.end()) refuse("config", "is missing");
  manifest.config = read_descriptor(*config, "config");
  const std::string& kind = manifest.config.media_type;
  if (!kind.empty() && kind != media::oci_config && kind != "application/vnd.docker.container.image.v1+json" &&
      kind != "application/octet-stream")
    throw Error(ErrorCode::not_implemented, "this is no container image but an artifact (" + kind + ")");
  manifest.layers = read_list(value, "layers");
  for (const Descriptor& layer : manifest.layers) check_layer(layer);
  return manifest;
}

std::variant<Manifest, Index> read_document(const nlohmann::json& value, std::string_view content_type) {
  int schema = 0;
  json::read(value, "schemaVersion", schema, "document");
  if (schema == 1)
    throw Error(
        ErrorCode::not_implemented,
        "the registry offers only the first manifest format of 2014 (schema 1): push the image again with a current tool");
  if (schema != 2) refuse("schemaVersion", "must be 2");
  std::string type;
  json::read(value, "mediaType", type, "document");
  if (type.empty()) type = content_type.substr(0, content_type.find(';'));
  const bool known_index = type == media::docker_list || type == media::oci_index;
  const bool known_manifest = type == media::docker_manifest || type == media::oci_manifest;
  if (known_index && value.contains("layers")) refuse("mediaType", "says index, but the document has layers");
  if (known_manifest && value.contains("manifests")) refuse("mediaType", "says manifest, but the document lists manifests");
  if (known_index || (!known_manifest && value.contains("manifests"))) {
    Index index;
    index.media_type = known_index ? type : media::oci_index;
    index.manifests = read_list(value, "manifests");
    return index;
  }
  return read_manifest(value, known_manifest ? type : "");
}

}  // namespace

std::string Platform::text() const { return os + "/" + architecture + (variant.empty() ? "" : "/" + variant); }

Platform host_platform() {
  utsname name{};
  ::uname(&name);
  return {"linux", normal_architecture(name.machine), ""};
}

Platform parse_platform(std::string_view text) {
  Platform platform = host_platform();
  if (text.empty()) return platform;
  std::vector<std::string> parts;
  for (std::string_view rest = text;;) {
    const std::size_t slash = rest.find('/');
    parts.emplace_back(rest.substr(0, slash));
    for (char& c : parts.back()) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const bool valid = !parts.back().empty() && std::all_of(parts.back().begin(), parts.back().end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
    });
    if (!valid || parts.size() > 3)
      throw Error(ErrorCode::invalid_argument,
                  "\"" + std::string(text) + "\" is no platform: os/architecture[/variant] is expected");
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (parts.size() == 1 && parts[0] != "linux" && parts[0] != "windows" && parts[0] != "darwin" && parts[0] != "freebsd") {
    platform.architecture = normal_architecture(parts[0]);
    return platform;
  }
  platform.os = parts[0];
  if (parts.size() > 1) platform.architecture = normal_architecture(parts[1]);
  if (parts.size() > 2) platform.variant = parts[2];
  return platform;
}

bool matches(const Platform& wanted, const Platform& offered) {
  if (offered.os != wanted.os || normal_architecture(offered.architecture) != wanted.architecture) return false;
  Platform same = offered;
  same.architecture = wanted.architecture;
  return wanted.variant.empty() || normal_variant(wanted) == normal_variant(same);
}

std::variant<Manifest, Index> parse_manifest(const std::string& text, std::string_view content_type) {
  try {
    return read_document(json::parse_object(text, "manifest"), content_type);
  } catch (const Error& error) {
    const std::string_view text_of_error = error.what();
    if (error.code() != ErrorCode::invalid_argument || text_of_error.starts_with("manifest:")) throw;
    throw Error(error.code(), std::string("manifest: ") + error.what());
  }
}

const Descriptor* choose(const Index& index, const Platform& wanted) {
  const Descriptor* best = nullptr;
  for (const Descriptor& entry : index.manifests) {
    if (!entry.platform || !matches(wanted, *entry.platform)) continue;
    if (normal_variant(*entry.platform) == normal_variant(wanted)) return &entry;
    if (best == nullptr) best = &entry;
  }
  return best;
}

}  // namespace stack::engine::image
