#pragma once
// What an engine has of a project, from four lists and nothing else (they carry the labels): containers, networks, volumes,
// images.
#include <boost/asio/awaitable.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compose/types.hpp"
#include "engine/api/client.hpp"

namespace stack::scheduler {

namespace asio = boost::asio;
namespace api = engine::api;
using StringMap = std::map<std::string, std::string>;

enum class Health { none, starting, healthy, unhealthy };

struct ObservedContainer {
  std::string id, name;  ///< name without the slash
  std::string service;
  int number = 0;  ///< 0: one-off
  bool oneoff = false;
  std::string state;  ///< created running paused restarting removing exited dead
  Health health = Health::none;
  std::optional<int> exit_code;  ///< of an exited one
  std::string config_hash;
  std::string image;         ///< as the container was asked for
  std::string image_id;      ///< label: the image it was made from
  std::string replaces;      ///< label::replace: made to take the place of "web-1"
  std::int64_t created = 0;  ///< Unix seconds
  StringMap labels;
  StringMap networks;  ///< name → network id
  std::vector<api::MountPoint> mounts;
  std::vector<api::PortSummary> ports;
  std::string command, status;  ///< for `ps`

  bool running() const { return state == "running" || state == "restarting" || state == "paused"; }
};

struct ObservedNetwork {
  std::string id, name, driver;
  std::string key;      ///< label::network
  std::string project;  ///< label::project; empty: made by someone else
  std::string config_hash;
};

struct ObservedVolume {
  std::string name, driver;
  std::string key, project, config_hash;
};

/// What only looking at an image itself tells.
struct InspectedImage {
  std::optional<std::int64_t> last_tag_time;  ///< when it was pulled, built or tagged last (Unix seconds)
  std::string os, architecture, variant;
};

struct ObservedState {
  std::vector<ObservedContainer> containers;  ///< sorted by service, number, name
  std::vector<ObservedNetwork> networks;
  std::vector<ObservedVolume> volumes;
  std::map<std::string, std::string> images;               ///< every name an image has, normalised, and its id → id
  std::map<std::string, InspectedImage> inspected_images;  ///< by id; only those of ObserveOptions::inspected_images
  std::int64_t now = 0;                                    ///< Unix seconds of the observation

  const ObservedNetwork* network(std::string_view name) const;
  const ObservedVolume* volume(std::string_view name) const;
  /// The id of the image a service asks for; empty: not there.
  std::string image_id(std::string_view reference) const;
};

struct ObserveOptions {
  bool images = true;  ///< commands that create nothing leave them out
  bool volumes = true;
  std::vector<std::string> inspected_images;               ///< whose age (pull_policy daily and the like) or platform matters
  bool foreign_networks = false, foreign_volumes = false;  ///< also those without the project's label (external ones)
};

/// What this project needs to know for `up`.
ObserveOptions observe_options_for(const compose::Project& project);

/// The requests run at the same time.
asio::awaitable<ObservedState> observe(api::Client& client, std::string project_name, ObserveOptions options);

ObservedContainer observed_container(const api::ContainerSummary& summary);

/// "docker.io/library/alpine" → "alpine:latest"; a digest or image id stays as it is.
std::string normalize_image(std::string_view reference);

}  // namespace stack::scheduler
