#include "compose/raw_model.hpp"

#include "compose/codec.hpp"
#include "compose/key_order.hpp"

namespace stack::compose {
namespace {

Node& child(Node& parent, std::string_view key, Node fresh = Node::mapping()) {
  if (Node* found = parent.find(key)) return *found;
  return parent.set(std::string(key), std::move(fresh));
}

void sort_keys(Node& node) {
  sort_yaml_keys(node);
  for (Node::Member& member : node.members()) sort_keys(member.value);
  for (Node& item : node.items()) sort_keys(item);
}

/// What the project found to be implied.
void add_implied(Node& node, const Service& service) {
  if (!service.depends_on.empty()) {
    Node& dependencies = child(node, "depends_on");
    for (const auto& [name, dependency] : service.depends_on) {
      if (dependencies.find(name) != nullptr) continue;
      Node written;
      write(dependency, written, false);
      dependencies.set(name, std::move(written));
    }
  }
  for (const auto& [name, settings] : service.networks) child(child(node, "networks"), name, Node());
  if (Node* build = node.find("build"); build != nullptr && build->is_mapping() && build->find("dockerfile_inline") == nullptr)
    child(*build, "dockerfile", Node::string("Dockerfile"));
  if (!service.pull_policy.empty()) child(node, "pull_policy") = Node::string(service.pull_policy);
}

/// Of all services, normalised or not.
void place_secrets(Node& services) {
  for (Node::Member& service : services.members())
    if (Node* secrets = service.value.find("secrets"))
      for (Node& secret : secrets->items())
        if (const Node* source = secret.find("source")) child(secret, "target", Node::string("/run/secrets/" + source->text()));
}

template <class Objects>
void add_names(Node& tree, std::string_view kind, const Objects& objects) {
  if (objects.empty()) return;
  Node& listed = child(tree, kind);
  for (const auto& [key, object] : objects) {
    Node& node = child(listed, key);
    if (!node.is_mapping()) node = Node::mapping();
    child(node, "name", Node::string(object.name));
  }
}

}  // namespace

Node raw_model(const LoadResult& result, const LoadOptions& options) {
  Node tree = *result.tree;
  const Project& project = result.project;
  tree.erase("version");
  tree.erase("include");
  tree.set("name", Node::string(project.name));
  for (const char* section : {"services", "jobs"})
    if (Node* containers = tree.find(section)) place_secrets(*containers);
  if (options.normalize) {
    for (const auto* services : {&project.services, &project.disabled_services})
      for (const auto& [name, service] : *services)
        if (Node* node = child(tree, "services").find(name); node != nullptr && node->is_mapping()) add_implied(*node, service);
    for (const auto* jobs : {&project.jobs, &project.disabled_jobs})
      for (const auto& [name, job] : *jobs)
        if (Node* node = child(tree, "jobs").find(name); node != nullptr && node->is_mapping()) add_implied(*node, job);
    add_names(tree, "networks", project.networks);
    add_names(tree, "volumes", project.volumes);
    add_names(tree, "secrets", project.secrets);
    add_names(tree, "configs", project.configs);
  }
  sort_keys(tree);
  return tree;
}

}  // namespace stack::compose
