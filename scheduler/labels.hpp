#pragma once
// The labels docker compose puts on what it makes. Ours are the same, so that either tool finds the other's projects.
#include <map>
#include <string>
#include <string_view>

#include "compose/types.hpp"

namespace stack::scheduler {

using StringMap = std::map<std::string, std::string>;

namespace label {
inline constexpr const char* project = "com.docker.compose.project";
inline constexpr const char* service = "com.docker.compose.service";
inline constexpr const char* container_number = "com.docker.compose.container-number";
inline constexpr const char* oneoff = "com.docker.compose.oneoff";  ///< "True" or "False"
inline constexpr const char* slug = "com.docker.compose.slug";
inline constexpr const char* config_hash = "com.docker.compose.config-hash";
inline constexpr const char* image = "com.docker.compose.image";  ///< id of the image the container was made from
inline constexpr const char* depends_on = "com.docker.compose.depends_on";
inline constexpr const char* config_files = "com.docker.compose.project.config_files";
inline constexpr const char* working_dir = "com.docker.compose.project.working_dir";
inline constexpr const char* environment_file = "com.docker.compose.project.environment_file";
inline constexpr const char* version = "com.docker.compose.version";
inline constexpr const char* replace = "com.docker.compose.replace";  ///< "web-1" while it has not taken its name yet
inline constexpr const char* network = "com.docker.compose.network";
inline constexpr const char* volume = "com.docker.compose.volume";
}  // namespace label

/// Value of label::version.
inline constexpr const char* version_value = "stack-0.1.0";

/// The labels of a container of `service` besides those the user gave it; without config-hash and image.
StringMap container_labels(const compose::Project& project, const compose::Service& service, int number);
/// The same for a one-off container (`run`).
StringMap oneoff_labels(const compose::Project& project, const compose::Service& service, const std::string& slug);
StringMap network_labels(const compose::Project& project, const std::string& key, const compose::Network& network);
StringMap volume_labels(const compose::Project& project, const std::string& key, const compose::Volume& volume);
StringMap image_labels(const compose::Project& project, const compose::Service& service);

/// "db:service_healthy:false,init:service_completed_successfully:true": name, condition, restart
std::string format_depends_on(const std::map<std::string, compose::Dependency>& dependencies);
/// Reads it back; what cannot be read is left out (it may be another tool's).
std::map<std::string, compose::Dependency> parse_depends_on(std::string_view text);

}  // namespace stack::scheduler
