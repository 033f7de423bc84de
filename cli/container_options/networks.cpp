#include "cli/container_options/networks.hpp"

#include <fmt/format.h>

#include <charconv>

#include "cli/container_options/csv.hpp"

namespace stack::cli::container_options {

namespace api = engine::api;

namespace {

struct Attachment {
  std::string network;
  api::EndpointSettings endpoint;
  bool configured = false;  ///< anything but the name was given
};

std::int64_t number(const CsvField& field) {
  std::int64_t value = 0;
  const std::string& text = *field.value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw FlagError(fmt::format("invalid value \"{}\" for {} of --network: a whole number is needed", text, field.name));
  return value;
}

api::EndpointIpamConfig& addresses(api::EndpointSettings& endpoint) {
  return endpoint.ipam_config ? *endpoint.ipam_config : endpoint.ipam_config.emplace();
}

void set_field(const CsvField& field, Attachment& attachment) {
  api::EndpointSettings& endpoint = attachment.endpoint;
  const std::string& key = field.name;
  if (!field.value) throw FlagError(fmt::format("invalid field \"{}\" of --network: NAME=VALUE is needed", key));
  if (key == "name")
    attachment.network = *field.value;
  else if (key == "alias")
    endpoint.aliases.push_back(*field.value);
  else if (key == "ip")
    addresses(endpoint).ipv4_address = *field.value;
  else if (key == "ip6")
    addresses(endpoint).ipv6_address = *field.value;
  else if (key == "link-local-ip")
    addresses(endpoint).link_local_ips.push_back(*field.value);
  else if (key == "mac-address")
    endpoint.mac_address = *field.value;
  else if (key == "gw-priority")
    endpoint.gw_priority = number(field);
  else if (key == "driver-opt") {
    const std::size_t equals = field.value->find('=');
    if (equals == std::string::npos) throw UsageError("invalid driver-opt of --network: driver-opt=NAME=VALUE is needed");
    endpoint.driver_opts[field.value->substr(0, equals)] = field.value->substr(equals + 1);
  } else {
    throw UsageError(
        fmt::format("invalid field \"{}\" of --network: name, alias, ip, ip6, mac-address, link-local-ip, driver-opt "
                    "and gw-priority are known",
                    key));
  }
  attachment.configured = attachment.configured || key != "name";
}

/// "NETWORK", or "name=NETWORK,alias=…".
Attachment parse_attachment(const std::string& text) {
  Attachment attachment;
  if (text.find('=') == std::string::npos) {
    attachment.network = text;
    return attachment;
  }
  for (const CsvField& field : csv_fields(text, "--network")) set_field(field, attachment);
  if (attachment.network.empty()) throw FlagError(fmt::format("invalid value \"{}\" for --network: name= is missing", text));
  return attachment;
}

bool is_special(const std::string& network) {
  return network == "host" || network == "none" || network.starts_with("container:");
}

/// Where --link is a matter of the network's names; on the default one it is the container's.
bool is_user_defined(const std::string& network) { return network != "default" && network != "bridge" && !is_special(network); }

void add_flags(const ContainerOptions& options, Attachment& first) {
  api::EndpointSettings& endpoint = first.endpoint;
  const auto once = [](const std::string& flag, bool given, bool known) {
    if (given && known) throw UsageError(fmt::format("conflicting options: {} is given beside --network and in it", flag));
  };
  const bool addressed = endpoint.ipam_config.has_value();
  once("--network-alias", !options.aliases.empty(), !endpoint.aliases.empty());
  once("--ip", !options.ip.empty(), addressed && !endpoint.ipam_config->ipv4_address.empty());
  once("--ip6", !options.ip6.empty(), addressed && !endpoint.ipam_config->ipv6_address.empty());
  once("--mac-address", !options.mac_address.empty(), !endpoint.mac_address.empty());
  endpoint.aliases.insert(endpoint.aliases.end(), options.aliases.begin(), options.aliases.end());
  if (!options.ip.empty()) addresses(endpoint).ipv4_address = options.ip;
  if (!options.ip6.empty()) addresses(endpoint).ipv6_address = options.ip6;
  for (const std::string& address : options.link_local_ips) addresses(endpoint).link_local_ips.push_back(address);
  if (!options.mac_address.empty()) endpoint.mac_address = options.mac_address;
  if (is_user_defined(first.network)) endpoint.links = options.links;
  first.configured = first.configured || !endpoint.links.empty() || !options.aliases.empty() || !options.ip.empty() ||
                     !options.ip6.empty() || !options.link_local_ips.empty() || !options.mac_address.empty();
}

}  // namespace

void set_networks(const ContainerOptions& options, api::ContainerCreateRequest& request) {
  std::vector<Attachment> attachments;
  for (const std::string& text : options.networks) attachments.push_back(parse_attachment(text));
  if (attachments.empty()) attachments.push_back({.network = "default", .endpoint = {}, .configured = true});
  for (const Attachment& attachment : attachments)
    if (attachments.size() > 1 && is_special(attachment.network))
      throw UsageError(fmt::format("conflicting options: {} cannot be combined with other networks", attachment.network));
  add_flags(options, attachments.front());
  request.host_config.network_mode = attachments.front().network;
  request.host_config.links = options.links;
  for (const Attachment& attachment : attachments)
    if (attachment.configured || attachments.size() > 1) request.endpoints_config[attachment.network] = attachment.endpoint;
}

}  // namespace stack::cli::container_options
