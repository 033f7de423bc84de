#include "compose/print.hpp"

#include <algorithm>

#include "compose/codec.hpp"

namespace stack::compose {
namespace {

Node tree(const Project& project, bool json) {
  Node out = Node::mapping();
  write_structure(keys_of<Project>(), &project, nullptr, out, json);
  if (out.find("services") == nullptr) {  // always there, after the name
    const auto place = out.members().begin() + (out.find("name") == nullptr ? 0 : 1);
    out.members().insert(place, {"services", Node::mapping(), {}});
  }
  for (const auto& [name, value] : project.extensions) out.members().push_back({name, from_json(value), {}});
  return out;
}

}  // namespace

std::string escape_dollars(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  for (std::size_t dollar = text.find('$'); dollar != std::string::npos; dollar = text.find('$', at)) {
    out.append(text, at, dollar + 1 - at);
    out += '$';
    at = dollar + 1;
  }
  return out.append(text, at);
}

std::string print_yaml(const Project& project, Dollars dollars) {
  const std::string text = yaml_text(tree(project, false));
  return dollars == Dollars::escaped ? escape_dollars(text) : text;
}

std::string print_json(const Project& project, Dollars dollars) {
  Node document = tree(project, true);
  std::sort(document.members().begin(), document.members().end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  const std::string text = json_text(document, true);
  return dollars == Dollars::escaped ? escape_dollars(text) : text;
}

namespace {

template <class T>
std::string one_line_json(const T& value) {
  Node out;
  write(value, out, true);
  return json_text(out, false);
}

}  // namespace

std::string json_for_hash(const Service& service) {
  Service hashed = service;
  hashed.build.reset();
  hashed.pull_policy.clear();
  hashed.scale.reset();
  if (hashed.deploy) hashed.deploy->replicas.reset();
  hashed.depends_on.clear();
  hashed.profiles.clear();
  return one_line_json(hashed);
}

std::string json_for_hash(const Network& network) { return one_line_json(network); }

std::string json_for_hash(const Volume& volume) {
  Volume hashed = volume;
  if (hashed.driver.empty()) hashed.driver = "local";
  return one_line_json(hashed);
}

}  // namespace stack::compose
