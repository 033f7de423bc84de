#pragma once
// What a start needs, put together on the loop thread and carried out in a pool thread.
#include <string>
#include <utility>
#include <vector>

#include "engine/container/manager_impl.hpp"
#include "engine/container/security_options.hpp"
#include "engine/network/attachment.hpp"
#include "engine/network/hosts_file.hpp"

namespace stack::engine::container {

struct LaunchPlan {
  runtime::LaunchRequest request;
  network::Attachment attachment;  ///< keeps the namespace's descriptor open
  SeccompChoice seccomp;
  // the three files, written before the launch; nothing is written where a name is empty
  std::string hosts_path, hostname_path, resolv_path;
  bool copies_host_files = false;  ///< network_mode host
  network::HostsFile hosts;
  network::ResolvConfRequest resolv;
};

/// Endpoints in the order of their interfaces, published ports, name servers.
network::AttachRequest attach_request(const Record& record);
network::EndpointRequest endpoint_request(const std::string& network, const api::EndpointSettings& settings);
/// What its files say of a container itself, whatever its networks are.
network::HostsFile hosts_request(const Record& record);
network::ResolvConfRequest resolv_request(const Record& record);
std::vector<network::PortRequest> port_requests(const Record& record);

LaunchPlan make_launch_plan(Manager::Impl& impl, LiveContainer& container, const image::Snapshot& snapshot,
                            network::Attachment attachment);

/// Blocking. Throws runtime::LaunchError.
runtime::LaunchResult run_launch_plan(LaunchPlan& plan, const runtime::ShimBinary& shim, runtime::SeccompCache& seccomp);

/// Null: unconfined. Blocking.
std::shared_ptr<const std::string> filter_of(const SeccompChoice& choice, const runtime::Capabilities& capabilities,
                                             runtime::SeccompCache& seccomp);

/// The same as linux.seccomp of config.json; empty: unconfined.
std::string oci_filter_of(const SeccompChoice& choice, const runtime::Capabilities& capabilities);

runtime::HeldSocket to_runtime(network::HeldSocket socket);
network::HeldSocket to_network(runtime::HeldSocket socket);

}  // namespace stack::engine::container
