#include "scheduler/config_hash.hpp"

#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "scheduler/labels.hpp"

namespace stack::scheduler {

namespace {

void drop_managed_labels(nlohmann::json& labels) {
  if (!labels.is_object()) return;
  for (const char* name :
       {label::config_hash, label::image, label::version, label::replace, label::container_number, label::depends_on,
        label::config_files, label::working_dir, label::environment_file, label::oneoff, label::slug})
    labels.erase(name);
}

/// Which replica it is shows in the aliases: the container's own name.
void drop_own_name(nlohmann::json& body) {
  auto& endpoints = body["NetworkingConfig"]["EndpointsConfig"];
  if (!endpoints.is_object()) return;
  for (auto& endpoint : endpoints)
    if (auto& aliases = endpoint["Aliases"]; aliases.is_array() && !aliases.empty()) aliases.erase(0);
}

std::string digest_of(const nlohmann::json& body) { return sha256_hex(engine::api::print_body(body)); }

}  // namespace

std::string config_hash(const engine::api::ContainerCreateRequest& body) {
  nlohmann::json json = body;
  drop_managed_labels(json["Labels"]);
  drop_own_name(json);
  return digest_of(json);
}

std::string config_hash(const engine::api::NetworkCreate& body) {
  nlohmann::json json = body;
  drop_managed_labels(json["Labels"]);
  return digest_of(json);
}

std::string config_hash(const engine::api::VolumeCreate& body) {
  nlohmann::json json = body;
  drop_managed_labels(json["Labels"]);
  return digest_of(json);
}

}  // namespace stack::scheduler
