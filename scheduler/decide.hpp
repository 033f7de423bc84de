#pragma once
// First half of reconcile(): what becomes of each container, before any operation is written down. Private to the scheduler.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "scheduler/reconcile.hpp"
#include "scheduler/shared_namespaces.hpp"

namespace stack::scheduler {

struct Replica {
  enum class Fate {
    create,
    recreate,         ///< new one made beside it, takes its name once it is gone
    replace,          ///< has to go before the new one can be made: its network is made anew
    keep,             ///< start it if it does not run
    rename_and_keep,  ///< the replacement a run that was cut short had made; its predecessor is gone already
  };
  Fate fate = Fate::create;
  int number = 0;
  std::string name;                             ///< the final one
  const ObservedContainer* existing = nullptr;  ///< null for create
  std::string reason;

  bool kept() const { return fate == Fate::keep || fate == Fate::rename_and_keep; }
};

/// A container that has to go.
struct Surplus {
  const ObservedContainer* container = nullptr;
  std::string reason;
  bool volumes = false;  ///< with its anonymous volumes; not when another container has taken them over
};

struct ServiceDecision {
  const compose::Service* service = nullptr;
  std::string config_hash;  ///< empty: not known before the containers whose namespaces it shares are made
  std::vector<Replica> replicas;
  std::vector<Surplus> surplus;
};

struct Decisions {
  std::vector<std::string> order;                   ///< selected services, dependencies first
  std::map<std::string, ServiceDecision> services;  ///< selected ones
  std::set<std::string> changed_networks;           ///< keys: exist, but have to be made anew
  std::vector<const ObservedContainer*> orphans;
  std::vector<std::string> warnings;
};

Decisions decide(const compose::Project& project, const ObservedState& observed, const ReconcileOptions& options);

/// The services a command is about: the named ones, with what they need unless told otherwise; all if none is named.
/// Throws not_found for a name that does not exist.
std::set<std::string> selected_services(const compose::Project& project, const std::set<std::string>& named,
                                        bool with_dependencies);

/// The existing container whose namespaces the service is to share; empty: it is going to be made. Throws invalid_argument when
/// the service has none.
std::string container_to_share(const Decisions& decisions, const ObservedState& observed, const compose::Service& service,
                               const SharedNamespace& shared);

/// Create bodies with all labels.
api::NetworkCreate network_body(const compose::Project& project, const std::string& key);
api::VolumeCreate volume_body(const compose::Project& project, const std::string& key);

}  // namespace stack::scheduler
