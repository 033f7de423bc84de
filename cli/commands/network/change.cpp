// Networks and who is on them: create, rm, connect, disconnect.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/each.hpp"
#include "cli/flags.hpp"
#include "cli/key_values.hpp"
#include "cli/network_pools.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

asio::awaitable<std::string> remove_one(api::Client& client, std::string name, bool force) {
  try {
    co_await client.remove_network(name);
  } catch (const api::ApiError& error) {
    if (!force || error.code() != ErrorCode::not_found) throw;
    co_return std::string();
  }
  co_return name_line(name);
}

/// "a,b" and repeated flags.
std::vector<std::string> separated(const std::vector<std::string>& texts) {
  std::vector<std::string> parts;
  for (std::string_view text : texts) {
    while (true) {
      const std::size_t comma = text.find(',');
      parts.emplace_back(text.substr(0, comma));
      if (comma == std::string_view::npos) break;
      text.remove_prefix(comma + 1);
    }
  }
  return parts;
}

}  // namespace

int network_create(const Invocation& invocation) {
  api::NetworkCreate body;
  PoolFlags pools;
  std::optional<bool> ipv4;
  std::optional<bool> ipv6;
  std::string config_from;
  std::vector<std::string> labels;
  std::vector<std::string> driver_options;
  std::vector<std::string> ipam_options;
  std::vector<std::string> arguments;
  api::Ipam ipam;
  Flags flags("network create [OPTIONS] NETWORK", "Make a network.");
  flags.flag("--attachable", body.attachable, "Containers of the user may join it (clusters)");
  flags.values("--aux-address", pools.aux_addresses, "NAME=IP", "An address that something else has; repeatable");
  flags.value("--config-from", config_from, "NETWORK", "Take the configuration of this network");
  flags.flag("--config-only", body.config_only, "Only a configuration for other networks");
  flags.value("-d,--driver", body.driver, "DRIVER", "Who makes it (default bridge)");
  flags.values("--gateway", pools.gateways, "IP", "The gateway's address in its subnet; repeatable");
  flags.flag("--ingress", body.ingress, "The network that publishes a cluster's ports");
  flags.flag("--internal", body.internal, "No way out");
  flags.values("--ip-range", pools.ranges, "SUBNET", "Give out addresses of this part of the subnet only; repeatable");
  flags.value("--ipam-driver", ipam.driver, "DRIVER", "Who gives out addresses (default default)");
  flags.values("--ipam-opt", ipam_options, "NAME=VALUE", "Option of that; repeatable");
  flags.flag("--ipv4", ipv4, "IPv4 addresses (default true)");
  flags.flag("--ipv6", ipv6, "IPv6 addresses");
  flags.values("--label", labels, "NAME=VALUE", "Add a label; repeatable");
  flags.values("-o,--opt", driver_options, "NAME=VALUE", "Option of the driver; repeatable");
  flags.value("--scope", body.scope, "SCOPE", "local, or swarm");
  flags.values("--subnet", pools.subnets, "SUBNET", "\"10.1.0.0/16\"; repeatable, for IPv6 as well");
  flags.arguments(arguments, 1, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  body.name = arguments.front();
  body.enable_ipv4 = ipv4;
  body.enable_ipv6 = ipv6;
  body.labels = key_values(labels);
  body.options = key_values(driver_options);
  if (!config_from.empty()) body.config_from = api::ConfigReference{config_from};
  for (std::vector<std::string>* list : {&pools.subnets, &pools.ranges, &pools.gateways}) *list = separated(*list);
  ipam.config = pools_of(pools);
  if (!ipam_options.empty()) ipam.options = key_values(ipam_options);
  body.ipam = ipam;
  Session session(invocation.global);
  const api::NetworkCreateResponse created = session.run(session.client().create_network(body));
  if (!created.warning.empty()) write_all(2, "WARNING: " + created.warning + "\n");
  return write_all(1, created.id + "\n") ? 0 : 1;
}

int network_remove(const Invocation& invocation) {
  bool force = false;
  std::vector<std::string> names;
  Flags flags("network rm [OPTIONS] NETWORK...", "Remove networks.");
  flags.flag("-f,--force", force, "A network that does not exist is no error");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  return do_each(session, names, [&](const std::string& name) { return remove_one(session.client(), name, force); });
}

int network_connect(const Invocation& invocation) {
  api::EndpointSettings endpoint;
  api::EndpointIpamConfig address;
  std::optional<int> gateway_priority;
  std::vector<std::string> driver_options;
  std::vector<std::string> arguments;
  Flags flags("network connect [OPTIONS] NETWORK CONTAINER", "Connect a container to a network.");
  flags.values("--alias", endpoint.aliases, "NAME", "A name it answers to there; repeatable");
  flags.values("--driver-opt", driver_options, "NAME=VALUE", "Option of the driver; repeatable");
  flags.value("--gw-priority", gateway_priority, "N", "The network with the highest one has the default gateway");
  flags.value("--ip", address.ipv4_address, "IP", "Its IPv4 address there");
  flags.value("--ip6", address.ipv6_address, "IP", "Its IPv6 address there");
  flags.values("--link", endpoint.links, "CONTAINER[:ALIAS]", "A name for another container; repeatable");
  flags.values("--link-local-ip", address.link_local_ips, "IP", "A link-local address; repeatable");
  flags.arguments(arguments, 2, 2);
  if (!flags.parse(invocation.arguments)) return 0;
  endpoint.aliases = separated(endpoint.aliases);
  endpoint.driver_opts = key_values_of("--driver-opt", driver_options);
  endpoint.gw_priority = gateway_priority.value_or(0);
  if (!address.ipv4_address.empty() || !address.ipv6_address.empty() || !address.link_local_ips.empty())
    endpoint.ipam_config = address;
  api::NetworkConnect body{.container = arguments[1], .endpoint_config = endpoint};
  Session session(invocation.global);
  session.run(session.client().connect_network(arguments[0], body));
  return 0;
}

int network_disconnect(const Invocation& invocation) {
  bool force = false;
  std::vector<std::string> arguments;
  Flags flags("network disconnect [OPTIONS] NETWORK CONTAINER", "Disconnect a container from a network.");
  flags.flag("-f,--force", force, "Also a container that the network alone remembers");
  flags.arguments(arguments, 2, 2);
  if (!flags.parse(invocation.arguments)) return 0;
  api::NetworkDisconnect body{.container = arguments[1], .force = force};
  Session session(invocation.global);
  session.run(session.client().disconnect_network(arguments[0], body));
  return 0;
}

}  // namespace stack::cli
