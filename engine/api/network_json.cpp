#include "engine/api/json_fields.hpp"

namespace stack::engine::api {

using detail::Empty;

template <class V>
void fields(V& v, IpamPool& x) {
  v("Subnet", x.subnet, Empty::omit);
  v("IPRange", x.ip_range, Empty::omit);
  v("Gateway", x.gateway, Empty::omit);
  v("AuxiliaryAddresses", x.aux_addresses, Empty::omit);
}

template <class V>
void fields(V& v, Ipam& x) {
  v("Driver", x.driver);
  v("Options", x.options);
  v("Config", x.config);
}

template <class V>
void fields(V& v, ConfigReference& x) {
  v("Network", x.network);
}

template <class V>
void fields(V& v, NetworkCreate& x) {
  v("Name", x.name);
  v("Driver", x.driver);
  v("Scope", x.scope);
  v("EnableIPv4", x.enable_ipv4, Empty::omit);
  v("EnableIPv6", x.enable_ipv6, Empty::omit);
  v("IPAM", x.ipam);
  v("Internal", x.internal);
  v("Attachable", x.attachable);
  v("Ingress", x.ingress);
  v("ConfigOnly", x.config_only);
  v("ConfigFrom", x.config_from);
  v("Options", x.options);
  v("Labels", x.labels);
}

template <class V>
void fields(V& v, NetworkCreateResponse& x) {
  v("Id", x.id);
  v("Warning", x.warning);
}

template <class V>
void fields(V& v, EndpointResource& x) {
  v("Name", x.name);
  v("EndpointID", x.endpoint_id);
  v("MacAddress", x.mac_address);
  v("IPv4Address", x.ipv4_address);
  v("IPv6Address", x.ipv6_address);
}

template <class V>
void fields(V& v, NetworkResource& x) {
  v("Name", x.name);
  v("Id", x.id);
  v("Created", x.created);
  v("Scope", x.scope);
  v("Driver", x.driver);
  v("EnableIPv4", x.enable_ipv4);
  v("EnableIPv6", x.enable_ipv6);
  v("IPAM", x.ipam);
  v("Internal", x.internal);
  v("Attachable", x.attachable);
  v("Ingress", x.ingress);
  v("ConfigFrom", x.config_from);
  v("ConfigOnly", x.config_only);
  v("Containers", x.containers, Empty::keep);
  v("Options", x.options, Empty::keep);
  v("Labels", x.labels, Empty::keep);
}

template <class V>
void fields(V& v, NetworkConnect& x) {
  v("Container", x.container);
  v("EndpointConfig", x.endpoint_config, Empty::omit);
}

template <class V>
void fields(V& v, NetworkDisconnect& x) {
  v("Container", x.container);
  v("Force", x.force);
}

STACK_API_JSON(NetworkCreate)
STACK_API_JSON(NetworkCreateResponse)
STACK_API_JSON(NetworkResource)
STACK_API_JSON(NetworkConnect)
STACK_API_JSON(NetworkDisconnect)

}  // namespace stack::engine::api
