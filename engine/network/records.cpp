#include "engine/network/records.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace stack::engine::network {

namespace {

using nlohmann::json;

constexpr std::size_t longest_interface_name = 15;

bool option_is_on(const api::StringMap& options, const char* name) {
  const auto option = options.find(name);
  return option == options.end() || option->second == "true" || option->second == "1" || option->second.empty();
}

Ipv4 need_address(const std::string& text, const std::string& what) {
  const auto address = Ipv4::parse(text);
  if (!address) throw Error(ErrorCode::invalid_argument, "invalid " + what + " address: " + text);
  return *address;
}

Ipv4Subnet need_subnet(const std::string& text, const std::string& what) {
  if (text.find(':') != std::string::npos)
    throw Error(ErrorCode::not_implemented, "IPv6 networks are not supported yet: " + what + " " + text);
  const auto subnet = Ipv4Subnet::parse(text);
  if (!subnet || subnet->bits == 0)
    throw Error(ErrorCode::invalid_argument, "invalid " + what + " " + text + ": not an address block");
  return *subnet;
}

void need_inside(const NetworkRecord& record, Ipv4 address, const std::string& what) {
  if (!record.subnet.contains(address))
    throw Error(ErrorCode::invalid_argument, "invalid network config: " + what + " " + address.to_string() +
                                                 " is not in subnet " + record.subnet.to_string());
}

void check_name(const std::string& name) {
  const auto good = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-'; };
  const bool starts_well = !name.empty() && std::isalnum(static_cast<unsigned char>(name.front())) != 0;
  if (!starts_well || !std::all_of(name.begin(), name.end(), good))
    throw Error(ErrorCode::invalid_argument,
                "invalid network name \"" + name + "\": only [a-zA-Z0-9][a-zA-Z0-9_.-]* is allowed");
}

void apply_pool(NetworkRecord& record, const api::IpamPool& pool) {
  if (pool.subnet.empty()) {
    if (!pool.gateway.empty() || !pool.ip_range.empty())
      throw Error(ErrorCode::invalid_argument, "invalid network config: a gateway or an IP range needs a subnet");
    return;
  }
  const Ipv4Subnet subnet = need_subnet(pool.subnet, "subnet");
  if (subnet.network() != subnet.address)
    throw Error(ErrorCode::invalid_argument, "invalid network config: invalid subnet " + pool.subnet + ": it should be " +
                                                 Ipv4Subnet{subnet.network(), subnet.bits}.to_string());
  if (!pool.gateway.empty()) record.gateway = need_address(pool.gateway.substr(0, pool.gateway.find('/')), "gateway");
  set_subnet(record, subnet);
  need_inside(record, record.gateway, "gateway");
  if (!pool.ip_range.empty()) {
    record.range = need_subnet(pool.ip_range, "ip-range");
    if (!subnet.contains(*record.range))
      throw Error(ErrorCode::invalid_argument,
                  "invalid network config: ip-range " + pool.ip_range + " is not in subnet " + pool.subnet);
    record.resource.ipam.config->front().ip_range = pool.ip_range;
  }
  for (const auto& [name, text] : pool.aux_addresses) {
    record.auxiliary.push_back(need_address(text, "auxiliary"));
    need_inside(record, record.auxiliary.back(), "auxiliary address " + name);
  }
  record.resource.ipam.config->front().aux_addresses = pool.aux_addresses;
}

json endpoint_json(const Endpoint& endpoint) {
  return {{"id", endpoint.id},
          {"network", endpoint.network_id},
          {"network_name", endpoint.network_name},
          {"interface", endpoint.interface_name},
          {"host_interface", endpoint.host_interface},
          {"index", endpoint.index},
          {"address", endpoint.address.to_string()},
          {"prefix", endpoint.prefix_length},
          {"mac", endpoint.mac},
          {"gateway", endpoint.gateway},
          {"is_gateway", endpoint.is_gateway},
          {"aliases", endpoint.aliases},
          {"dns_names", endpoint.dns_names},
          {"links", endpoint.links}};
}

Endpoint endpoint_from(const json& value) {
  Endpoint endpoint;
  endpoint.id = value.at("id");
  endpoint.network_id = value.at("network");
  endpoint.network_name = value.at("network_name");
  endpoint.interface_name = value.at("interface");
  endpoint.host_interface = value.at("host_interface");
  endpoint.index = value.at("index");
  endpoint.address = Ipv4::parse(value.at("address").get<std::string>()).value_or(Ipv4{});
  endpoint.prefix_length = value.at("prefix");
  endpoint.mac = value.at("mac");
  endpoint.gateway = value.at("gateway");
  endpoint.is_gateway = value.at("is_gateway");
  endpoint.aliases = value.at("aliases");
  endpoint.dns_names = value.at("dns_names");
  endpoint.links = value.value("links", std::vector<std::string>());
  return endpoint;
}

constexpr std::array state_names{"creating", "ready", "removing"};

}  // namespace

std::uint32_t NetworkRecord::mtu() const {
  const auto option = resource.options.find(option_mtu);
  return option == resource.options.end() ? 0 : static_cast<std::uint32_t>(std::strtoul(option->second.c_str(), nullptr, 10));
}

FirewallNetwork NetworkRecord::firewall() const {
  return {bridge, subnet, resource.internal, option_is_on(resource.options, option_masquerade),
          option_is_on(resource.options, option_icc)};
}

std::string NetworkRecord::to_json() const {
  json value{{"resource", resource},
             {"state", state_names[static_cast<std::size_t>(state)]},
             {"bridge", bridge},
             {"predefined", predefined}};
  if (has_subnet()) {
    value["subnet"] = subnet.to_string();
    value["gateway"] = gateway.to_string();
  }
  if (range) value["range"] = range->to_string();
  for (const Ipv4 address : auxiliary) value["auxiliary"].push_back(address.to_string());
  return value.dump();
}

NetworkRecord NetworkRecord::from_json(const std::string& text) {
  const json value = json::parse(text);
  NetworkRecord record;
  record.resource = value.at("resource").get<api::NetworkResource>();
  const std::string state = value.at("state");
  record.state = state == "ready" ? State::ready : state == "removing" ? State::removing : State::creating;
  record.bridge = value.at("bridge");
  record.predefined = value.at("predefined");
  if (value.contains("subnet")) {
    record.subnet = Ipv4Subnet::parse(value["subnet"].get<std::string>()).value_or(Ipv4Subnet{});
    record.gateway = Ipv4::parse(value["gateway"].get<std::string>()).value_or(Ipv4{});
  }
  if (value.contains("range")) record.range = Ipv4Subnet::parse(value["range"].get<std::string>());
  if (value.contains("auxiliary"))
    for (const auto& address : value["auxiliary"])
      record.auxiliary.push_back(Ipv4::parse(address.get<std::string>()).value_or(Ipv4{}));
  return record;
}

void set_subnet(NetworkRecord& record, Ipv4Subnet subnet) {
  record.subnet = subnet;
  if (record.gateway == Ipv4{}) record.gateway = {subnet.network().value + 1};
  api::IpamPool pool;
  if (record.resource.ipam.config && !record.resource.ipam.config->empty()) pool = record.resource.ipam.config->front();
  pool.subnet = subnet.to_string();
  pool.gateway = record.gateway.to_string();
  record.resource.ipam.config = std::vector<api::IpamPool>{pool};
}

void forget_subnet(NetworkRecord& record) {
  record.subnet = {};
  record.gateway = {};
  record.resource.ipam.config.emplace();
}

bool is_predefined_name(const std::string& name) {
  return name == "bridge" || name == "host" || name == "none" || name == "default";
}

NetworkRecord make_network(const api::NetworkCreate& request, const std::string& id, const std::string& bridge_prefix) {
  if (request.name.empty()) throw Error(ErrorCode::invalid_argument, "invalid name: name is empty");
  check_name(request.name);
  if (request.scope == "swarm")
    throw Error(ErrorCode::forbidden, "cannot create a swarm scoped network when swarm is not active");
  if (!request.driver.empty() && request.driver != "bridge" && request.driver != "default") {
    if (request.driver == "host" || request.driver == "null")
      throw Error(ErrorCode::forbidden, "only one instance of \"" + request.driver + "\" network is allowed");
    for (const char* docker_has : {"macvlan", "ipvlan", "overlay"})
      if (request.driver == docker_has)
        throw Error(ErrorCode::not_implemented, "network driver \"" + request.driver + "\" is not supported: use bridge");
    throw Error(ErrorCode::not_found, "plugin \"" + request.driver + "\" not found");
  }
  if (request.enable_ipv6.value_or(false))
    throw Error(ErrorCode::not_implemented, "IPv6 networks are not supported yet: leave enable_ipv6 out");
  if (!request.enable_ipv4.value_or(true)) throw Error(ErrorCode::not_implemented, "networks without IPv4 are not supported");
  if (request.config_only || request.config_from)
    throw Error(ErrorCode::not_implemented, "config-only networks are not supported");

  NetworkRecord record;
  api::NetworkResource& resource = record.resource;
  resource.name = request.name;
  resource.id = id;
  resource.created = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  resource.scope = "local";
  resource.driver = "bridge";
  resource.internal = request.internal;
  resource.attachable = request.attachable;
  resource.options = request.options;
  resource.labels = request.labels;
  resource.ipam.options = request.ipam ? request.ipam->options : std::nullopt;
  resource.ipam.config.emplace();
  record.bridge = bridge_prefix + id.substr(0, 6);
  if (const auto name = request.options.find(option_bridge_name); name != request.options.end()) record.bridge = name->second;
  if (record.bridge.empty() || record.bridge.size() > longest_interface_name ||
      record.bridge.find_first_of("/ \"*") != std::string::npos)
    throw Error(ErrorCode::invalid_argument,
                "invalid bridge name \"" + record.bridge + "\": at most 15 characters, no '/' and no space");
  if (request.ipam && request.ipam->driver != "default" && !request.ipam->driver.empty())
    throw Error(ErrorCode::not_found, "plugin \"" + request.ipam->driver + "\" not found");
  if (!request.ipam || !request.ipam->config) return record;
  const auto& pools = *request.ipam->config;
  if (pools.size() > 1) throw Error(ErrorCode::not_implemented, "bridge driver doesn't support multiple subnets");
  if (!pools.empty()) apply_pool(record, pools.front());
  return record;
}

NetworkRecord make_predefined(const std::string& name, const std::string& id, const std::string& bridge_prefix) {
  NetworkRecord record;
  record.resource.name = name;
  record.resource.id = id;
  record.resource.created = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  record.resource.scope = "local";
  record.resource.driver = name == "none" ? "null" : name;
  record.predefined = true;
  if (!record.is_bridge()) return record;
  record.resource.ipam.config.emplace();
  record.bridge = bridge_prefix + id.substr(0, 6);
  record.resource.options = {{"com.docker.network.bridge.default_bridge", "true"},
                             {option_icc, "true"},
                             {option_masquerade, "true"},
                             {option_host_binding, "0.0.0.0"},
                             {option_bridge_name, record.bridge}};
  return record;
}

std::string AttachmentRecord::to_json() const {
  json value{{"id", container_id}, {"name", container_name}, {"hostname", hostname}, {"priorities", priorities},
             {"dns", dns},         {"has_dns", has_dns},     {"complete", complete}};
  value["endpoints"] = json::array();
  for (const Endpoint& endpoint : endpoints) value["endpoints"].push_back(endpoint_json(endpoint));
  value["ports"] = json::array();
  for (const PortBinding& port : ports)
    value["ports"].push_back({{"host_ip", port.host_ip},
                              {"host_port", port.host_port},
                              {"port", port.container_port},
                              {"udp", port.protocol == Protocol::udp}});
  return value.dump();
}

AttachmentRecord AttachmentRecord::from_json(const std::string& text) {
  const json value = json::parse(text);
  AttachmentRecord record;
  record.container_id = value.at("id");
  record.container_name = value.at("name");
  record.hostname = value.value("hostname", "");
  record.priorities = value.at("priorities").get<std::vector<int>>();
  record.dns = value.at("dns");
  record.has_dns = value.at("has_dns");
  record.complete = value.at("complete");
  for (const auto& endpoint : value.at("endpoints")) record.endpoints.push_back(endpoint_from(endpoint));
  for (const auto& port : value.at("ports"))
    record.ports.push_back({port.at("host_ip"), port.at("host_port"), port.at("port"),
                            port.at("udp").get<bool>() ? Protocol::udp : Protocol::tcp});
  return record;
}

std::vector<std::string> dns_names(const std::string& container_name, const std::string& container_id,
                                   const std::vector<std::string>& aliases, const std::string& hostname) {
  std::vector<std::string> names{container_name};
  const auto add = [&names](const std::string& name) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const std::string& alias : aliases) add(alias);
  add(container_id.substr(0, 12));
  add(hostname);
  return names;
}

}  // namespace stack::engine::network
