#pragma once
// The networks of one engine: bridges, addresses, names, published ports, firewall. See README.md of this folder for the
// life of a network and of an attachment.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/network/attachment.hpp"
#include "engine/network/name_table.hpp"
#include "engine/network/store.hpp"

namespace stack::dns {
class Server;
}
namespace stack::engine::api {
struct NetworkCreate;
struct NetworkResource;
struct EndpointSettings;
}  // namespace stack::engine::api

namespace stack::engine::network {

/// What the API's event stream tells about networks.
struct NetworkEvent {
  std::string action;  ///< create, connect, disconnect, destroy
  std::string id;
  std::string name;
  std::string driver;
  std::string container_id;  ///< connect and disconnect only
};

struct ManagerOptions {
  std::string instance;                               ///< 8 hex digits, part of every name the kernel shares
  std::string host_lock = "/run/stack-network.lock";  ///< what all engines of the host take to pick subnets and ports
  std::function<void(const NetworkEvent&)> on_event;  ///< called on the loop thread
};

/// What containers asked the DNS server for, since the engine started.
struct NameStatistics {
  std::uint64_t local = 0, forwarded = 0, cached = 0;  ///< by who knew the answer
  std::uint64_t dropped = 0;                           ///< packets that were no queries
};

/// All member functions are called on the loop thread; kernel work happens in the pool. Requests that arrive while a batch of
/// the same kind is under way are done together in the next one: one netlink batch, one firewall transaction.
class Manager {
public:
  /// `dns` may be null (nothing is served, the sockets are handed out all the same). `names` is the backend `dns` was made
  /// with.
  Manager(boost::asio::any_io_executor loop, boost::asio::thread_pool& pool, NetworkStore& store,
          std::shared_ptr<NameTable> names, dns::Server* dns, ManagerOptions options);
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  /// First call after construction: reads the store, adopts what runs (`running`), and removes every bridge, veth and firewall
  /// entry of this instance that nobody owns, including half-made ones. Networks whose bridge is gone (reboot) get it again.
  boost::asio::awaitable<void> restore(std::vector<RunningContainer> running);

  /// Makes a network; its bridge is up when this returns. Returns the id. Errors as Docker's: conflict `network with name N
  /// already exists`, forbidden `invalid pool request: Pool overlaps with other one on this address space`.
  boost::asio::awaitable<std::string> create(api::NetworkCreate request);
  /// Removes by name, id or prefix. Throws forbidden while endpoints exist and for the predefined networks, not_found.
  boost::asio::awaitable<void> remove(std::string network);
  /// Ids of what was removed: user-defined networks without endpoints that `matches` accepts.
  boost::asio::awaitable<std::vector<std::string>> prune(std::function<bool(const api::NetworkResource&)> matches);

  /// The id for a name, an id or an unambiguous prefix (the exact name wins). Empty: there is none; throws invalid_argument
  /// when ambiguous.
  std::optional<std::string> find(const std::string& network) const;
  std::string get(const std::string& network) const;  ///< throws not_found `network N not found`
  api::NetworkResource inspect(const std::string& network) const;
  /// What does not work on this host for a network (its firewall, say), as it was when its bridge was made. Empty: nothing.
  std::string warning(const std::string& id) const;
  std::vector<api::NetworkResource> list() const;  ///< with the predefined bridge, host, none; sorted by name

  /// Makes the container's namespace with everything in it. All or nothing: when it throws, nothing is left. A taken port
  /// throws internal `driver failed programming external connectivity on endpoint NAME: Bind for 0.0.0.0:8080 failed: port is
  /// already allocated (…holder…)`. network_mode host needs no attach.
  boost::asio::awaitable<Attachment> attach(AttachRequest request);
  /// Undoes attach: no interface, address, name, port or firewall entry of the container is left when it returns (the namespace
  /// itself goes with its last process and descriptor). Unknown containers are ignored. Never throws for what is already gone.
  boost::asio::awaitable<void> detach(std::string container_id);

  /// Adds an interface to a running (attached) container. Throws forbidden `endpoint with name N already exists in network X`.
  boost::asio::awaitable<Connection> connect(std::string container_id, EndpointRequest request);
  /// Throws internal `container ID is not connected to the network N`.
  boost::asio::awaitable<void> disconnect(std::string container_id, std::string network);

  void rename(const std::string& container_id, const std::string& new_name);  ///< in names and inspect; unknown ids are ignored
  std::vector<Endpoint> endpoints(const std::string& container_id) const;     ///< empty when not attached
  std::vector<PortBinding> ports(const std::string& container_id) const;
  NameStatistics name_statistics() const;
  int netns(
      const std::string& container_id) const;  ///< borrowed descriptor of the attached container's namespace; -1: not attached

private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared with the coroutines that are under way
};

/// The API's form of an endpoint, for a container's NetworkSettings.Networks.
api::EndpointSettings to_api(const Endpoint& endpoint);

}  // namespace stack::engine::network
