#pragma once
// What a registry says an image consists of: manifests and indexes of Docker (schema 2) and OCI.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace stack::engine::image {

struct Platform {
  std::string os, architecture, variant;

  std::string text() const;  ///< "linux/arm64/v8"
  bool operator==(const Platform&) const = default;
};

Platform host_platform();
/// "linux", "arm64", "linux/arm64", "linux/arm/v7"; what is not given is the host's. Empty text: the host's. Throws
/// invalid_argument.
Platform parse_platform(std::string_view text);
/// Can what is made for `offered` be taken when `wanted` is asked for?
bool matches(const Platform& wanted, const Platform& offered);

struct Descriptor {
  std::string media_type;
  std::string digest;  ///< "sha256:<64 hex>", checked
  std::int64_t size = 0;
  std::optional<Platform> platform;
  std::map<std::string, std::string> annotations;
};

struct Manifest {
  std::string media_type;
  Descriptor config;
  std::vector<Descriptor> layers;  ///< lowest first
};

struct Index {
  std::string media_type;
  std::vector<Descriptor> manifests;
};

namespace media {
inline constexpr const char* docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr const char* docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr const char* oci_manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* oci_index = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* oci_config = "application/vnd.oci.image.config.v1+json";
inline constexpr const char* oci_layer = "application/vnd.oci.image.layer.v1.tar";
/// What is asked for, most welcome first: the Accept header.
inline constexpr const char* accepted =
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";
}  // namespace media

/// Reads a document of either kind. `content_type` decides only when the document itself has no mediaType. Throws
/// invalid_argument naming the field; not_implemented for schema 1, artifacts, and layers that are not in the registry.
std::variant<Manifest, Index> parse_manifest(const std::string& text, std::string_view content_type);

/// The manifest for a platform: an exact variant before any other. Null: there is none.
const Descriptor* choose(const Index& index, const Platform& wanted);

}  // namespace stack::engine::image
