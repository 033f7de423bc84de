#include "engine/api/query.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/api/client.hpp"

namespace stack::engine::api {

Query& Query::add_encoded(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  text_ += std::exchange(separator_, '&');
  text_.append(name).append("=").append(value);
  return *this;
}

Query& Query::add(std::string_view name, std::string_view value) { return add_encoded(name, url_encode(value)); }
Query& Query::add_flag(std::string_view name, bool value) { return add_encoded(name, value ? "1" : ""); }
Query& Query::add_number(std::string_view name, long value) {
  return value == 0 ? *this : add_encoded(name, std::to_string(value));
}

std::string url_encode(std::string_view text, bool keep_slashes) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos || (keep_slashes && (c == '/' || c == ':' || c == '@'))) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return encoded;
}

std::string filters_query(const Filters& filters) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [name, values] : filters)
    for (const std::string& value : values) json[name][value] = true;
  return json.empty() ? std::string() : url_encode(print_body(json));
}

std::string platform_json(std::string_view text) {
  if (text.empty()) return "";
  std::vector<std::string> parts;
  for (std::string_view rest = text;;) {
    const std::size_t slash = rest.find('/');
    parts.emplace_back(rest.substr(0, slash));
    if (parts.back().empty() || parts.size() > 3)
      throw Error(ErrorCode::invalid_argument, fmt::format("invalid platform \"{}\": OS/ARCH[/VARIANT] is needed", text));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (parts.size() == 1) parts.insert(parts.begin(), "linux");
  nlohmann::json platform{{"os", parts[0]}, {"architecture", parts[1]}};
  if (parts.size() > 2) platform["variant"] = parts[2];
  return platform.dump();
}

namespace {

std::string json_query(const nlohmann::json& value) { return value.empty() ? std::string() : print_body(value); }

nlohmann::json build_args(const BuildOptions& options) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [name, value] : options.build_args) json[name] = value ? nlohmann::json(*value) : nlohmann::json();
  return json;
}

nlohmann::json build_ulimits(const BuildOptions& options) {
  nlohmann::json json = nlohmann::json::array();
  for (const Ulimit& limit : options.ulimits)
    json.push_back({{"Name", limit.name}, {"Hard", limit.hard}, {"Soft", limit.soft}});
  return json;
}

}  // namespace

std::string build_query(const BuildOptions& options) {
  Query query("");
  for (const std::string& tag : options.tags) query.add("t", tag);
  query.add("dockerfile", options.dockerfile).add("remote", options.remote).add("target", options.target);
  query.add("buildargs", json_query(build_args(options))).add("labels", json_query(options.labels));
  query.add("cachefrom", json_query(options.cache_from)).add("ulimits", json_query(build_ulimits(options)));
  for (const std::string& host : options.extra_hosts) query.add("extrahosts", host);
  query.add("networkmode", options.network_mode).add("platform", options.platform).add("session", options.session);
  query.add_flag("nocache", options.no_cache).add_flag("pull", options.pull).add_flag("q", options.quiet);
  query.add("rm", options.remove ? "1" : "0").add_flag("forcerm", options.force_remove);
  query.add_number("shmsize", options.shm_size).add_number("memory", options.memory).add_number("memswap", options.memory_swap);
  query.add_number("cpushares", options.cpu_shares).add_number("cpuperiod", options.cpu_period);
  query.add_number("cpuquota", options.cpu_quota).add("cpusetcpus", options.cpuset_cpus).add("cpusetmems", options.cpuset_mems);
  query.add("cgroupparent", options.cgroup_parent).add("version", "1");
  return std::move(query).text().substr(1);
}

}  // namespace stack::engine::api
