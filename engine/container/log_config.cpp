#include "engine/container/log_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "base/error.hpp"

namespace stack::engine::container {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::invalid_argument, message); }

bool is_json_file(const api::LogConfig& config) { return config.type == "json-file"; }

std::string option(const api::LogConfig& config, const char* name) {
  const auto found = config.config.find(name);
  return found == config.config.end() ? std::string() : found->second;
}

/// "10m", "512k", "1g", plain bytes; 0: none was given.
std::uint64_t parse_log_size(const std::string& text) {
  if (text.empty()) return 0;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string unit(end, text.data() + text.size());
  std::transform(unit.begin(), unit.end(), unit.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (error != std::errc{} || value == 0) refuse("invalid size: '" + text + "'");
  if (unit == "k" || unit == "kb") return value << 10;
  if (unit == "m" || unit == "mb") return value << 20;
  if (unit == "g" || unit == "gb") return value << 30;
  if (unit.empty() || unit == "b") return value;
  refuse("invalid size: '" + text + "'");
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

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size() && !text.empty();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    if (end > at) parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::regex parse_regex(const std::string& name, const std::string& text) {
  try {
    return std::regex(text);
  } catch (const std::regex_error& error) {
    refuse(name + ": \"" + text + "\" is no regular expression: " + error.what());
  }
}

/// The tag's template; a container's short id where none is given.
std::string render_tag(const std::string& text, const api::StringMap& values) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = std::min(text.find("{{", at), text.size());
    out += text.substr(at, begin - at);
    if (begin == text.size()) break;
    const std::size_t end = text.find("}}", begin);
    if (end == std::string::npos) refuse("tag: \"" + text + "\": a \"}}\" is missing");
    std::string word = text.substr(begin + 2, end - begin - 2);
    std::erase(word, ' ');
    const auto value = values.find(word);
    if (value == values.end()) refuse("tag: \"" + text + "\": {{" + word + "}} is not known");
    out += value->second;
    at = end + 2;
  }
  return out;
}

api::StringMap tag_values(const Record& record) {
  const std::string image = record.image_id.substr(std::min(record.image_id.find(':') + 1, record.image_id.size()));
  return {{".ID", record.id.substr(0, 12)},
          {".FullID", record.id},
          {".Name", record.name},
          {".ImageID", image.substr(0, 12)},
          {".ImageFullID", record.image_id},
          {".ImageName", record.config.image},
          {".DaemonName", "docker"}};
}

/// Labels and variables that are named, or match the expression.
void add_matching(api::StringMap& to, const api::StringMap& from, const std::string& names, const std::string& expression,
                  const std::string& option_name) {
  for (const std::string& name : split(names))
    if (const auto found = from.find(name); found != from.end()) to[name] = found->second;
  if (expression.empty()) return;
  const std::regex pattern = parse_regex(option_name, expression);
  for (const auto& [name, value] : from)
    if (std::regex_search(name, pattern)) to[name] = value;
}

/// "\"attrs\":{…}," or empty.
std::string attributes(const Record& record) {
  const api::LogConfig& config = record.host_config.log_config;
  api::StringMap variables;
  for (const std::string& assignment : record.config.env)
    if (const auto equals = assignment.find('='); equals != std::string::npos)
      variables[assignment.substr(0, equals)] = assignment.substr(equals + 1);
  api::StringMap attributes;
  add_matching(attributes, record.config.labels, option(config, "labels"), option(config, "labels-regex"), "labels-regex");
  add_matching(attributes, variables, option(config, "env"), option(config, "env-regex"), "env-regex");
  if (const std::string tag = option(config, "tag"); !tag.empty()) attributes["tag"] = render_tag(tag, tag_values(record));
  if (attributes.empty()) return {};
  return "\"attrs\":" + nlohmann::json(attributes).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + ",";
}

void check_values(const api::LogConfig& config) {
  const std::uint64_t size = parse_log_size(option(config, "max-size"));
  const std::uint32_t files = parse_file_count(option(config, "max-file"));
  const std::string mode = option(config, "mode");
  if (!mode.empty() && mode != "blocking" && mode != "non-blocking") refuse("logger: logging mode not supported: " + mode);
  parse_log_size(option(config, "max-buffer-size"));
  if (parse_flag("compress", option(config, "compress")) && is_json_file(config) && (files < 2 || size == 0))
    refuse("compress cannot be true when max-file is less than 2 or max-size is not set");
  for (const char* name : {"labels-regex", "env-regex"})
    if (const std::string text = option(config, name); !text.empty()) parse_regex(name, text);
  render_tag(option(config, "tag"), tag_values(Record{}));
}

}  // namespace

std::string log_driver(const api::LogConfig& config) {
  if (!config.type.empty()) return config.type;
  return config.config.empty() ? "local" : "json-file";
}

void check_log_config(const api::LogConfig& asked) {
  const api::LogConfig config{.type = log_driver(asked), .config = asked.config};
  static const std::set<std::string> elsewhere{"syslog",  "journald", "gelf",    "fluentd",
                                               "awslogs", "splunk",   "gcplogs", "etwlogs"};
  static const std::set<std::string> common{"max-size", "max-file", "compress", "mode", "max-buffer-size"};
  static const std::set<std::string> of_json_file{"labels", "labels-regex", "env", "env-regex", "tag"};
  if (config.type == "none" && !config.config.empty()) refuse("invalid logging opts for driver none");
  if (elsewhere.contains(config.type))
    throw Error(ErrorCode::not_implemented,
                fmt::format("log driver \"{}\" is not supported: json-file, local and none are", config.type));
  if (config.type != "none" && config.type != "local" && !is_json_file(config))
    throw Error(ErrorCode::not_found,
                fmt::format("error looking up logging plugin {0}: plugin \"{0}\" not found", config.type));
  for (const auto& [name, value] : config.config) {
    if (common.contains(name) || (is_json_file(config) && of_json_file.contains(name))) continue;
    refuse(is_json_file(config) ? fmt::format("unknown log opt '{}' for json-file log driver", name)
                                : fmt::format("unknown log opt '{}' for log driver local", name));
  }
  check_values(config);
}

runtime::LogOptions log_options(const Record& record, const std::string& directory) {
  const api::LogConfig& config = record.host_config.log_config;
  runtime::LogOptions options;
  if (config.type == "none") return options;
  const LogSource source = log_source(record, directory);
  options.directory = source.directory;
  options.file_name = source.file_name;
  options.format = source.format;
  const std::uint64_t size = parse_log_size(option(config, "max-size"));
  const std::uint32_t files = parse_file_count(option(config, "max-file"));
  if (source.format == shim::LogFormat::json) {  // Docker's defaults: one file without a bound
    options.max_size = size;
    options.max_files = std::max(files, 1u);
    options.attributes = attributes(record);
  } else {
    if (size > 0) options.max_size = size;
    if (files > 0) options.max_files = files;
  }
  return options;
}

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
