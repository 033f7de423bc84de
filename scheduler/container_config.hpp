#pragma once
// From a service to the body of POST /containers/create, as docker compose writes it. Pure.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compose/types.hpp"
#include "engine/api/types.hpp"

namespace stack::scheduler {

namespace api = engine::api;

/// "shop-web-1", or the service's container_name
std::string container_name(const compose::Project& project, const compose::Service& service, int number);
/// The image a service runs: as written, or "shop-web" for one that is built without a name
std::string image_of(const compose::Project& project, const compose::Service& service);
/// The service's networks (keys), the one that gives HostConfig.NetworkMode first: highest priority, then by name.
std::vector<std::string> networks_in_order(const compose::Service& service);

/// Without the labels config-hash and image. Throws invalid_argument, naming the place, for what no engine can be asked.
api::ContainerCreateRequest container_config(const compose::Project& project, const compose::Service& service, int number);

/// What `run` changes for its one-off container.
struct RunOptions {
  std::optional<std::vector<std::string>> command, entrypoint;
  std::vector<std::string> environment;  ///< -e K=V; a bare K was resolved by the caller
  std::vector<std::string> volumes;      ///< -v, as HostConfig.Binds wants them
  std::map<std::string, std::string> labels;
  std::string name, user, working_dir;
  bool tty = false, interactive = false, detach = false;
  bool service_ports = false;        ///< publish the service's ports
  std::vector<compose::Port> ports;  ///< -p: in addition
  std::vector<std::string> cap_add, cap_drop;
  bool use_aliases = false;  ///< answer to the service's name and aliases, too
  bool auto_remove = false;
};

struct NamedContainer {
  std::string name;
  api::ContainerCreateRequest body;
};

/// `slug`: 12 hexadecimal digits that make the name unique, "shop-web-run-<slug>".
NamedContainer oneoff_config(const compose::Project& project, const compose::Service& service, const std::string& slug,
                             const RunOptions& options);

}  // namespace stack::scheduler
