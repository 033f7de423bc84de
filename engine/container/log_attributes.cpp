#include "engine/container/log_attributes.hpp"

#include <algorithm>
#include <regex>

#include "base/error.hpp"

namespace stack::engine::container {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::invalid_argument, message); }

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

/// The tag's template.
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

}  // namespace

std::string log_option(const api::LogConfig& config, const char* name) {
  const auto found = config.config.find(name);
  return found == config.config.end() ? std::string() : found->second;
}

api::StringMap log_attributes(const Record& record) {
  const api::LogConfig& config = record.host_config.log_config;
  api::StringMap variables;
  for (const std::string& assignment : record.config.env)
    if (const auto equals = assignment.find('='); equals != std::string::npos)
      variables[assignment.substr(0, equals)] = assignment.substr(equals + 1);
  api::StringMap result;
  add_matching(result, record.config.labels, log_option(config, "labels"), log_option(config, "labels-regex"), "labels-regex");
  add_matching(result, variables, log_option(config, "env"), log_option(config, "env-regex"), "env-regex");
  return result;
}

std::string log_tag(const Record& record, const std::string& otherwise) {
  const std::string text = log_option(record.host_config.log_config, "tag");
  return render_tag(text.empty() ? otherwise : text, tag_values(record));
}

void check_log_attributes(const api::LogConfig& config) {
  for (const char* name : {"labels-regex", "env-regex"})
    if (const std::string text = log_option(config, name); !text.empty()) parse_regex(name, text);
  render_tag(log_option(config, "tag"), tag_values(Record{}));
}

}  // namespace stack::engine::container
