#pragma once
// Services that live in another service's namespaces, or take its volumes: `network_mode`, `ipc` and `pid` with "service:NAME",
// and `volumes_from`. The engine knows containers only, so the name has to become one: "container:<id>". Its id is part of the
// configuration hash, which is why a service is recreated together with the one whose namespaces it shares. Private to the
// scheduler.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "compose/types.hpp"

namespace stack::scheduler {

struct SharedNamespace {
  std::string_view attribute;  ///< "network_mode", "ipc", "pid", "volumes_from"
  std::string service;         ///< whose
};
std::vector<SharedNamespace> shared_namespaces(const compose::Service& service);

/// The service with each "service:NAME" replaced by "container:" and what `container_of` gives; in volumes_from "NAME:ro" by
/// what it gives and ":ro".
compose::Service with_containers(const compose::Service& service,
                                 const std::function<std::string(const SharedNamespace&)>& container_of);

/// What of it is hashed: of volumes_from the containers alone, which docker compose has lost the modes of by then.
compose::Service as_hashed(compose::Service resolved);

/// A container that an operation of the plan is going to make, in the place of its id: "#3"
std::string made_by(int operation);
/// The operation in "container:#3"; 0: the mode needs none.
int operation_in(std::string_view mode);
/// The same of an item of HostConfig.VolumesFrom, "#3:ro".
int operation_in_volumes_from(std::string_view item);

}  // namespace stack::scheduler
