#pragma once
// Inside of Manager, shared by the files that implement its parts: manager.cpp (networks), manager_attach.cpp (containers),
// manager_restore.cpp.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/network/batcher.hpp"
#include "engine/network/ipam.hpp"
#include "engine/network/manager.hpp"
#include "engine/network/records.hpp"

namespace stack::engine::network {

class Manager::Impl : public std::enable_shared_from_this<Impl> {
public:
  struct Network {
    NetworkRecord record;
    AddressPool pool;
    bool bridge_up = false;
    std::string warning;               ///< of the host, when the bridge was made
    std::shared_ptr<Signal> creating;  ///< set while somebody creates the bridge
  };
  struct Attached {
    AttachmentRecord record;
    UniqueFd netns;
    std::vector<UniqueFd> reserved;   ///< duplicates of the published ports' sockets
    std::vector<PortRequest> wanted;  ///< ports being reserved
    bool detaching = false;
    bool wired = false;  ///< the kernel has its interfaces and firewall elements
  };

  Impl(boost::asio::any_io_executor loop, boost::asio::thread_pool& pool, NetworkStore& store, std::shared_ptr<NameTable> names,
       dns::Server* dns, ManagerOptions options);
  void start();  ///< what needs shared_from_this
  void close();

  boost::asio::awaitable<void> restore(std::vector<RunningContainer> running);
  boost::asio::awaitable<std::string> create(api::NetworkCreate request);
  boost::asio::awaitable<void> remove(std::string network);
  boost::asio::awaitable<Attachment> attach(AttachRequest request);
  boost::asio::awaitable<void> detach(std::string container_id);
  boost::asio::awaitable<Connection> connect(std::string container_id, EndpointRequest request);
  boost::asio::awaitable<void> disconnect(std::string container_id, std::string network);

  std::optional<std::string> find(const std::string& network) const;
  std::string get(const std::string& network) const;
  NameStatistics name_statistics() const;
  api::NetworkResource inspect(const std::string& id, bool with_containers) const;
  void rename(const std::string& container_id, const std::string& new_name);

  std::map<std::string, Network> networks_;                       ///< by id
  std::map<std::string, std::shared_ptr<Attached>> attachments_;  ///< by container id

private:
  // networks
  boost::asio::awaitable<void> make_bridge(std::string id);  ///< throws; the caller decides what becomes of the record
  boost::asio::awaitable<void> ensure_bridge(
      std::string id);  ///< waits when it is being made; throws not_found when the network is gone
  void fill_pool(Network& network);
  /// The default bridge comes with its first container and goes with its last one: nothing stays on a host that runs nothing.
  bool is_idle_default(const std::string& network_id, const std::string& but_for_container) const;
  void retire_bridge(Network& network, Work& work);  ///< adds the removal to the work; addresses of the network are forgotten
  void check_overlap(const NetworkRecord& record) const;
  std::string endpoints_text(const std::string& network_id) const;
  void emit(const std::string& action, const NetworkRecord& record, const std::string& container_id = {}) const;
  void save(const Network& network) { store_.save_network(network.record.resource.id, network.record.to_json()); }
  /// For what must go on when the disk is full: a row that stays behind is put right when the engine restarts.
  void save_or_log(const Network& network);
  void save_or_log(const Attached& attached);
  void forget_network(const std::string& id);
  void forget_attachment(const std::string& container_id);
  /// Takes the default bridge down when none of the networks' containers is left; failures are logged.
  boost::asio::awaitable<void> finish_teardown(std::shared_ptr<Work> work, std::vector<std::string> network_ids);

  // containers
  struct Plan;
  Endpoint lease(const std::string& network_id, const EndpointRequest& request, const AttachRequest& container);
  void release(const Endpoint& endpoint);
  void check_ports(const AttachRequest& request) const;
  boost::asio::awaitable<Attachment> attach_steps(AttachRequest request, std::vector<std::string> ids,
                                                  std::shared_ptr<Attached> attached);
  boost::asio::awaitable<void> undo_attach(std::vector<std::string> ids, std::shared_ptr<Attached> attached);
  EndpointWork endpoint_work(const Endpoint& endpoint, int netns_fd, bool hairpin) const;
  void choose_gateway(AttachmentRecord& record) const;
  std::optional<Ipv4> route_of(const Endpoint& endpoint) const;
  Attachment complete_attach(Attached& attached, ContainerNamespace& space, Work& work);
  boost::asio::awaitable<std::vector<HeldSocket>> begin_dns(std::shared_ptr<Attached> attached);
  void serve_dns(const Attached& attached, int udp, int tcp);
  void add_names(const AttachmentRecord& record, const Endpoint& endpoint);
  void save(const Attached& attached) { store_.save_attachment(attached.record.container_id, attached.record.to_json()); }
  std::shared_ptr<Attached> get_attached(const std::string& container_id) const;

  // restore
  std::vector<std::string> load_networks();  ///< returns bridges of half-made networks
  void load_attachments(std::vector<RunningContainer> running);
  void adopt_container(AttachmentRecord record, RunningContainer container);

  boost::asio::any_io_executor loop_;
  boost::asio::thread_pool& pool_;
  NetworkStore& store_;
  std::shared_ptr<NameTable> names_;
  dns::Server* dns_;
  ManagerOptions options_;
  std::string bridge_prefix_;  ///< "stk" + six digits of the instance
  std::string veth_prefix_;    ///< "stv" + four digits of the instance
  std::shared_ptr<Host> host_;
  std::shared_ptr<Batcher> batcher_;
};

}  // namespace stack::engine::network
