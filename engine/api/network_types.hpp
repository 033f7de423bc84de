#pragma once
// Networks and volumes as the API shows them.
#include "engine/api/container_types.hpp"

namespace stack::engine::api {

struct IpamPool {
  std::string subnet, ip_range, gateway;
  StringMap aux_addresses;  ///< "AuxiliaryAddresses"
};

struct Ipam {
  std::string driver = "default";
  std::optional<StringMap> options;
  std::optional<std::vector<IpamPool>> config;
};

struct ConfigReference {
  std::string network;
};

/// POST /networks/create
struct NetworkCreate {
  std::string name;
  std::string driver;  ///< empty = bridge
  std::string scope;
  std::optional<bool> enable_ipv4, enable_ipv6;
  std::optional<Ipam> ipam;
  bool internal = false, attachable = false, ingress = false, config_only = false;
  std::optional<ConfigReference> config_from;
  StringMap options, labels;
};

struct NetworkCreateResponse {
  std::string id, warning;
};

/// An endpoint in NetworkResource.Containers
struct EndpointResource {
  std::string name, endpoint_id, mac_address;
  std::string ipv4_address, ipv6_address;  ///< with the prefix length
};

/// GET /networks/{id}; the list's items have empty Containers
struct NetworkResource {
  std::string name, id;
  std::optional<Timestamp> created;
  std::string scope, driver;
  bool enable_ipv4 = true, enable_ipv6 = false;
  Ipam ipam;
  bool internal = false, attachable = false, ingress = false;
  ConfigReference config_from;
  bool config_only = false;
  std::map<std::string, EndpointResource> containers;  ///< by container id; {} when none
  StringMap options, labels;                           ///< {} when none
};

/// POST /networks/{id}/connect
struct NetworkConnect {
  std::string container;
  std::optional<EndpointSettings> endpoint_config;
};

/// POST /networks/{id}/disconnect
struct NetworkDisconnect {
  std::string container;
  bool force = false;
};

/// POST /volumes/create
struct VolumeCreate {
  std::string name;    ///< empty = a random one
  std::string driver;  ///< empty = local
  StringMap driver_opts, labels;
};

struct Volume {
  std::optional<Timestamp> created_at;
  std::string driver;
  std::optional<StringMap> labels;
  std::string mountpoint, name;
  std::optional<StringMap> options;
  std::string scope;
  struct Usage {
    std::int64_t size = -1, ref_count = -1;
  };
  std::optional<Usage> usage_data;  ///< only in /system/df
};

/// GET /volumes
struct VolumeList {
  std::vector<Volume> volumes;  ///< [] when none
  std::vector<std::string> warnings;
};

void to_json(nlohmann::json&, const NetworkCreate&);
void from_json(const nlohmann::json&, NetworkCreate&);
void to_json(nlohmann::json&, const NetworkCreateResponse&);
void from_json(const nlohmann::json&, NetworkCreateResponse&);
void to_json(nlohmann::json&, const NetworkResource&);
void from_json(const nlohmann::json&, NetworkResource&);
void to_json(nlohmann::json&, const NetworkConnect&);
void from_json(const nlohmann::json&, NetworkConnect&);
void to_json(nlohmann::json&, const NetworkDisconnect&);
void from_json(const nlohmann::json&, NetworkDisconnect&);
void to_json(nlohmann::json&, const VolumeCreate&);
void from_json(const nlohmann::json&, VolumeCreate&);
void to_json(nlohmann::json&, const Volume&);
void from_json(const nlohmann::json&, Volume&);
void to_json(nlohmann::json&, const VolumeList&);
void from_json(const nlohmann::json&, VolumeList&);

}  // namespace stack::engine::api
