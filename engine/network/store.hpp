#pragma once
// What the network manager must find again after a crash or a reboot. The engine implements it on its state database; every
// call happens on the loop thread and is durable when it returns (record_… and remove_…: when the disk lets it). The texts are
// JSON of this module's own making.
#include <string>
#include <vector>

namespace stack::engine::network {

class NetworkStore {
public:
  virtual ~NetworkStore() = default;
  virtual void save_network(const std::string& id, const std::string& json) = 0;  ///< inserts or replaces
  virtual void remove_network(const std::string& id) = 0;                         ///< unknown ids are ignored
  virtual std::vector<std::string> load_networks() = 0;                           ///< the JSON of each

  /// One row per container that has (or is about to get) a network namespace: its endpoints, leases and ports.
  virtual void save_attachment(const std::string& container_id, const std::string& json) = 0;
  virtual void remove_attachment(const std::string& container_id) = 0;
  virtual std::vector<std::string> load_attachments() = 0;

  /// As save_…, for what has happened or must go on whether it can be written or not: a full disk is no error to the caller.
  virtual void record_network(const std::string& id, const std::string& json) { save_network(id, json); }
  virtual void record_attachment(const std::string& container_id, const std::string& json) {
    save_attachment(container_id, json);
  }
};

}  // namespace stack::engine::network
