#include "compose/config_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "compose/interpolate.hpp"
#include "compose/names.hpp"
#include "compose/normalize.hpp"
#include "compose/print.hpp"
#include "compose/profiles.hpp"
#include "compose/raw_model.hpp"

namespace stack::compose {
namespace {

template <class Map>
std::string key_lines(const Map& map) {
  std::string out;
  for (const auto& [name, _] : map) out += name + "\n";
  return out;
}

std::string lines(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += name + "\n";
  return out;
}

std::string image_lines(const Project& project) {
  std::string out;
  for (const auto& [name, service] : project.services) out += image_name(project, service) + "\n";
  return out;
}

std::string model_lines(const Project& project) {
  std::string out;
  for (const auto& [_, model] : project.models) out += model.model + "\n";
  return out;
}

std::string profile_lines(const Project& project) {
  std::set<std::string> profiles;
  for (const auto* services : {&project.services, &project.disabled_services, &project.jobs, &project.disabled_jobs})
    for (const auto& [_, service] : *services) profiles.insert(service.profiles.begin(), service.profiles.end());
  return lines(profiles);
}

std::string environment_lines(const Project& project) {
  std::string out;
  for (const auto& [name, value] : project.environment) out += fmt::format("{}={}\n", name, value);
  return out;
}

std::string hash_lines(const Project& project, const std::vector<std::string>& wanted) {
  std::set<std::string> names(wanted.begin(), wanted.end());
  if (names.empty())
    for (const auto& [name, _] : project.services) names.insert(name);
  std::string out;
  for (const std::string& name : names) {
    const auto service = project.services.find(name);
    if (service == project.services.end())
      throw Error(ErrorCode::not_found, fmt::format("no such service: {}{}", name,
                                                    project.disabled_services.contains(name) ? " (its profile is off)" : ""));
    out += fmt::format("{} {}\n", name, sha256_hex(json_for_hash(service->second)));
  }
  return out;
}

// ---- variables -----------------------------------------------------------------------------------------------------------

using Variables = std::map<std::string, VariableUse>;

/// What a later use says of a default or a replacement replaces what an earlier one said; one that needs a value is enough.
void collect(const Node& node, Variables& variables) {
  if (node.is_string()) {
    if (node.as_string().find('$') == std::string::npos) return;
    for (VariableUse& use : variables_of(node.as_string())) {
      VariableUse& known = variables[use.name];
      if (use.fallback) known.fallback = std::move(use.fallback);
      if (use.replacement) known.replacement = std::move(use.replacement);
      known.required = known.required || use.required;
      known.name = std::move(use.name);
    }
  }
  for (const Node& item : node.items()) collect(item, variables);
  for (const Node::Member& member : node.members()) collect(member.value, variables);
}

/// Characters, as docker compose counts them.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string variable_table(const Variables& variables) {
  constexpr std::size_t least = 20, gap = 3;
  std::vector<std::array<std::string, 4>> rows{{"NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"}};
  for (const auto& [name, use] : variables)
    rows.push_back({name, use.required ? "true" : "false", use.fallback.value_or(""), use.replacement.value_or("")});
  std::array<std::size_t, 3> widths{least, least, least};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], width(row[i]) + gap);
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) out += row[i] + std::string(widths[i] - width(row[i]), ' ');
    out += row.back() + "\n";
  }
  return out;
}

/// Docker compose gives the names of its own structure here, and four spaces.
std::string variable_document(const Variables& variables, bool json) {
  nlohmann::ordered_json document = nlohmann::ordered_json::object();
  std::string yaml;
  for (const auto& [name, use] : variables) {
    const std::string fallback = use.fallback.value_or(""), replacement = use.replacement.value_or("");
    document[name] = {{"Name", name}, {"DefaultValue", fallback}, {"PresenceValue", replacement}, {"Required", use.required}};
    const auto member = [](const char* key, const std::string& text) {
      Node node = Node::mapping();
      node.set(key, Node::string(text));
      return "    " + yaml_text(node);
    };
    yaml += name + ":\n" + member("name", name) + member("defaultvalue", fallback) + member("presencevalue", replacement) +
            fmt::format("    required: {}\n", use.required);
  }
  return json ? document.dump(4) + "\n" : yaml;
}

std::string variable_text(const Node& tree, const ConfigRequest& request) {
  Variables variables;
  collect(tree, variables);
  return request.table ? variable_table(variables) : variable_document(variables, request.json);
}

// ---- the document --------------------------------------------------------------------------------------------------------

/// Leaves the named services and what they depend on, and what those use.
void select(Project& project, const std::vector<std::string>& names) {
  const std::set<std::string> kept = with_dependencies(project, {names.begin(), names.end()});
  for (auto* containers : {&project.services, &project.jobs})
    std::erase_if(*containers, [&](const auto& entry) { return !kept.contains(entry.first); });
  for (auto& [_, service] : project.services)  // an optional dependency may be switched off
    std::erase_if(service.depends_on, [&](const auto& dependency) { return !project.services.contains(dependency.first); });
  drop_unused(project);
}

std::string document(const LoadResult& result, const LoadOptions& options, const ConfigRequest& request) {
  if (!options.interpolate) {
    const Node model = raw_model(result, options);
    return request.json ? json_text(model, true) : yaml_text(model);
  }
  return request.json ? print_json(result.project) : print_yaml(result.project);
}

}  // namespace

void prepare(LoadOptions& options, ConfigRequest& request) {
  // Of the lists only that of the images is one of the named services.
  if (request.part != ConfigPart::document && request.part != ConfigPart::images) {
    request.services.clear();
    options.services.clear();
  }
  if (request.part == ConfigPart::variables) options.interpolate = false;
  if (request.part == ConfigPart::hashes) options.resolve_env_files = false;  // as docker compose's hash
  if (!options.interpolate) {
    options.check_consistency = false;
    request.services.clear();
    options.services.clear();
  }
}

std::string config_output(LoadResult result, const LoadOptions& options, const ConfigRequest& request) {
  Project& project = result.project;
  if (!request.services.empty()) select(project, request.services);
  switch (request.part) {
    case ConfigPart::services: return key_lines(project.services);
    case ConfigPart::images: return image_lines(project);
    case ConfigPart::volumes: return key_lines(project.volumes);
    case ConfigPart::networks: return key_lines(project.networks);
    case ConfigPart::models: return model_lines(project);
    case ConfigPart::profiles: return profile_lines(project);
    case ConfigPart::environment: return environment_lines(project);
    case ConfigPart::variables: return variable_text(*result.tree, request);
    case ConfigPart::hashes: return hash_lines(project, request.hashed);
    case ConfigPart::document: return document(result, options, request);
  }
  return {};
}

}  // namespace stack::compose
