#pragma once
// The OCI image configuration document; its SHA-256 is the image's id.
#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace stack::engine::image {

struct HealthCheck {
  std::vector<std::string> test;        ///< {"NONE"}, {"CMD", …} or {"CMD-SHELL", text}
  std::chrono::nanoseconds interval{};  ///< 0: the engine's default, as are the others
  std::chrono::nanoseconds timeout{};
  std::chrono::nanoseconds start_period{};
  std::chrono::nanoseconds start_interval{};
  int retries = 0;
};

/// What a container made from the image runs with ("config" in the document).
struct RunConfig {
  std::string user;
  std::set<std::string> exposed_ports;  ///< "80/tcp"
  std::vector<std::string> env;         ///< "K=V", in order
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::set<std::string> volumes;  ///< absolute paths in the container
  std::string working_dir;
  std::map<std::string, std::string> labels;
  std::string stop_signal;
  std::optional<HealthCheck> healthcheck;
  std::vector<std::string> shell;  ///< empty: /bin/sh -c
  std::vector<std::string> on_build;
};

struct HistoryEntry {
  std::string created;  ///< RFC 3339
  std::string created_by;
  std::string author;
  std::string comment;
  bool empty_layer = false;
};

struct ImageConfig {
  std::string created;  ///< RFC 3339 with nanoseconds; empty: unknown
  std::string author;
  std::string architecture = "amd64";
  std::string variant;
  std::string os = "linux";
  std::string comment;
  RunConfig config;
  std::vector<std::string> diff_ids;  ///< "sha256:…", lowest layer first
  std::vector<HistoryEntry> history;
};

/// Canonical text: fixed key order, empty members left out, so that equal configurations have equal ids.
std::string to_text(const ImageConfig& config);
/// Throws invalid_argument naming the field. Unknown fields are ignored.
ImageConfig parse_image_config(const std::string& text);

nlohmann::json to_json(const RunConfig& config);  ///< as the API's Config of an image: every key present
nlohmann::json to_json(const HealthCheck& check);

/// The current time as the API prints times: 2026-01-02T03:04:05.123456789Z.
std::string rfc3339_now();

}  // namespace stack::engine::image
