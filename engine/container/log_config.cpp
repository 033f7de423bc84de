#include "engine/container/log_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/units.hpp"
#include "engine/container/log_attributes.hpp"
#include "engine/container/log_services.hpp"

namespace stack::engine::container {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::invalid_argument, message); }

bool is_json_file(const api::LogConfig& config) { return config.type == "json-file"; }

/// "10m", "1.5g", "64KiB", plain bytes; 0: none was given.
std::uint64_t parse_log_size(const std::string& text) {
  if (text.empty()) return 0;
  std::int64_t size = 0;
  try {
    size = parse_byte_size(text);
  } catch (const Error&) {  // refused below, as what is no size at all
  }
  if (size <= 0) refuse("invalid size: '" + text + "'");
  return static_cast<std::uint64_t>(size);
}

/// 0: none was given.
std::uint32_t parse_file_count(const std::string& text) {
  if (text.empty()) return 0;
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size()) refuse("max-file: \"" + text + "\" is no number");
  if (count < 1) refuse("max-file cannot be less than 1");
  return static_cast<std::uint32_t>(std::min<std::int64_t>(count, 10'000));
}

bool parse_flag(const std::string& name, const std::string& text) {
  if (text == "true" || text == "1") return true;
  if (text.empty() || text == "false" || text == "0") return false;
  refuse(name + ": \"" + text + "\" is neither true nor false");
}

/// "\"attrs\":{…}," or empty.
std::string json_attributes(const Record& record) {
  api::StringMap attributes = log_attributes(record);
  if (const std::string tag = log_tag(record, ""); !tag.empty()) attributes["tag"] = tag;
  if (attributes.empty()) return {};
  return "\"attrs\":" + nlohmann::json(attributes).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + ",";
}

void check_mode(const api::LogConfig& config) {
  const std::string mode = log_option(config, "mode");
  if (!mode.empty() && mode != "blocking" && mode != "non-blocking") refuse("logger: logging mode not supported: " + mode);
  const std::string buffer = log_option(config, "max-buffer-size");
  if (!buffer.empty() && mode != "non-blocking")
    refuse("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
  parse_log_size(buffer);
}

/// `prefix`: "cache-" where the file is beside a logging service.
void check_file(const api::LogConfig& config, const std::string& prefix) {
  const std::uint64_t size = parse_log_size(log_option(config, (prefix + "max-size").c_str()));
  const std::uint32_t files = parse_file_count(log_option(config, (prefix + "max-file").c_str()));
  if (parse_flag("compress", log_option(config, (prefix + "compress").c_str())) && is_json_file(config) &&
      (files < 2 || size == 0))
    refuse("compress cannot be true when max-file is less than 2 or max-size is not set");
}

bool is_known_option(const api::LogConfig& config, const std::string& name) {
  static const std::set<std::string> of_all{"mode", "max-buffer-size"};
  // Docker drops these unread for drivers whose logs can be read anyway
  static const std::set<std::string> of_cache{"cache-disabled", "cache-max-size", "cache-max-file", "cache-compress"};
  static const std::set<std::string> of_file{"max-size", "max-file", "compress"};
  static const std::set<std::string> of_attributes{"labels", "labels-regex", "env", "env-regex", "tag"};
  const bool has_file = config.type == "local" || is_json_file(config);
  if (of_all.contains(name) || of_cache.contains(name)) return true;
  if (has_file && of_file.contains(name)) return true;
  if (config.type != "local" && of_attributes.contains(name)) return true;
  return is_log_service(config.type) && is_log_service_option(config.type, name);
}

bool has_no_file(const api::LogConfig& config) {
  return config.type == "none" ||
         (is_log_service(config.type) && parse_flag("cache-disabled", log_option(config, "cache-disabled")));
}

}  // namespace

std::string log_driver(const api::LogConfig& config) {
  if (!config.type.empty()) return config.type;
  return config.config.empty() ? "local" : "json-file";
}

void check_log_config(const api::LogConfig& asked) {
  const api::LogConfig config{.type = log_driver(asked), .config = asked.config};
  static const std::set<std::string> elsewhere{"gelf", "fluentd", "awslogs", "splunk", "gcplogs", "etwlogs"};
  if (config.type == "none" && !config.config.empty()) refuse("invalid logging opts for driver none");
  if (elsewhere.contains(config.type))
    throw Error(
        ErrorCode::not_implemented,
        fmt::format("log driver \"{}\" is not supported: json-file, local, journald, syslog and none are", config.type));
  const bool is_service = is_log_service(config.type);
  if (config.type != "none" && config.type != "local" && !is_json_file(config) && !is_service)
    throw Error(ErrorCode::invalid_argument,
                fmt::format("error looking up logging plugin {0}: plugin \"{0}\" not found", config.type));
  for (const auto& [name, value] : config.config) {
    if (is_known_option(config, name)) continue;
    refuse(config.type == "local" ? fmt::format("unknown log opt '{}' for log driver local", name)
                                  : fmt::format("unknown log opt '{}' for {} log driver", name, config.type));
  }
  check_mode(config);
  check_file(config, is_service ? "cache-" : "");
  check_log_attributes(config);
  if (is_service) check_log_service_options(config);
}

runtime::LogOptions log_options(const Record& record, const std::string& directory) {
  const api::LogConfig& config = record.host_config.log_config;
  runtime::LogOptions options;
  options.shipping = log_shipping(record);
  if (const std::string buffer = log_option(config, "max-buffer-size"); !buffer.empty())
    options.shipping.buffer = parse_log_size(buffer);
  if (has_no_file(config)) return options;
  const LogSource source = log_source(record, directory);
  options.directory = source.directory;
  options.file_name = source.file_name;
  options.format = source.format;
  const std::string prefix = is_log_service(config.type) ? "cache-" : "";
  const std::uint64_t size = parse_log_size(log_option(config, (prefix + "max-size").c_str()));
  const std::uint32_t files = parse_file_count(log_option(config, (prefix + "max-file").c_str()));
  options.compress = parse_flag("compress", log_option(config, (prefix + "compress").c_str()));
  if (source.format == shim::LogFormat::json) {  // Docker's defaults: one file without a bound
    options.max_size = size;
    options.max_files = std::max(files, 1u);
    options.attributes = json_attributes(record);
  } else {
    if (size > 0) options.max_size = size;
    if (files > 0) options.max_files = files;
  }
  return options;
}

bool can_read_log(const Record& record) { return !has_no_file(record.host_config.log_config); }

LogSource log_source(const Record& record, const std::string& directory) {
  LogSource source(directory + "/logs");
  if (!is_json_file(record.host_config.log_config)) return source;
  source.file_name = record.id + "-json.log";
  source.format = shim::LogFormat::json;
  return source;
}

std::string log_path(const Record& record, const std::string& directory) {
  if (!is_json_file(record.host_config.log_config)) return {};
  const LogSource source = log_source(record, directory);
  return source.directory / source.file_name;
}

}  // namespace stack::engine::container
