#include "scheduler/image_plan.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "scheduler/container_config.hpp"
#include "scheduler/decide.hpp"
#include "scheduler/graph.hpp"
#include "scheduler/labels.hpp"
#include "scheduler/pull_policy.hpp"

namespace stack::scheduler {

using compose::Project;
using compose::Service;

namespace {

[[noreturn]] void refuse(const Service& service, const std::string& attribute, const std::string& reason) {
  throw Error(ErrorCode::not_implemented,
              service.where("build." + attribute) + ": services." + service.name + ".build." + attribute + " " + reason);
}

/// What the file may say but no build here can do.
void refuse_unsupported(const Service& service) {
  const compose::Build& build = *service.build;
  if (!build.additional_contexts.empty()) refuse(service, "additional_contexts", "is not supported yet");
  if (!build.ssh.empty()) refuse(service, "ssh", "is not supported: give the key as a secret");
  if (!build.entitlements.empty()) refuse(service, "entitlements", "is not supported: builds run with the usual privileges");
  if (build.privileged) refuse(service, "privileged", "is not supported: builds run with the usual privileges");
  if (!build.isolation.empty() && build.isolation != "default") refuse(service, "isolation", "exists only on Windows");
}

void add_secrets(const Project& project, const Service& service, BuildImage& action) {
  for (const compose::FileReference& reference : service.build->secrets) {
    const compose::FileObject& secret = project.secrets.at(reference.source);
    const std::string& id = reference.target.empty() ? reference.source : reference.target;
    if (secret.external)
      refuse(service, "secrets", "names the external secret " + reference.source + ", which only a Swarm has");
    if (secret.content)
      action.secret_values[id] = *secret.content;
    else if (!secret.file.empty())
      action.secret_files[id] = secret.file;
    else if (const auto value = project.environment.find(secret.environment); value != project.environment.end())
      action.secret_values[id] = value->second;
    else
      throw Error(ErrorCode::invalid_argument, service.where("build.secrets") + ": the environment has no " +
                                                   secret.environment + " for the secret " + reference.source);
  }
}

BuildImage build_action(const Project& project, const Service& service, const std::string& image,
                        const ReconcileOptions& options) {
  refuse_unsupported(service);
  const compose::Build& build = *service.build;
  BuildImage action;
  action.image = image;
  action.context = build.context;
  action.dockerfile = build.dockerfile;
  action.dockerfile_inline = build.dockerfile_inline;
  action.options.tags = {image};
  action.options.tags.insert(action.options.tags.end(), build.tags.begin(), build.tags.end());
  action.options.build_args = build.args;
  action.options.labels = image_labels(project, service);
  action.options.target = build.target;
  action.options.network_mode = build.network;
  action.options.platform = service.platform;
  action.options.shm_size = build.shm_size;
  for (const auto& [host, addresses] : build.extra_hosts)
    for (const std::string& address : addresses) action.options.extra_hosts.push_back(host + ":" + address);
  for (const auto& [name, limit] : build.ulimits)
    action.options.ulimits.push_back({.name = name, .hard = limit.hard, .soft = limit.soft});
  if (action.options.platform.empty() && build.platforms.size() == 1) action.options.platform = build.platforms.front();
  add_secrets(project, service, action);
  action.options.no_cache = build.no_cache || options.no_cache;
  action.options.pull = build.pull || options.pull;
  return action;
}

bool needs_build(const Service& service, bool present, const ReconcileOptions& options) {
  if (!service.build) return false;
  if (options.build == BuildMode::always) return true;
  return !present || (service.pull_policy == "build" && options.build != BuildMode::never);
}

}  // namespace

ImagePlanner::ImagePlanner(PlanBuilder& builder, const Project& project, const ObservedState& observed,
                           const ReconcileOptions& options)
    : builder_(builder), project_(project), observed_(observed), options_(options) {}

void ImagePlanner::add(const Service& service) {
  add_own(service);
  add_mounted(service);
}

/// Images that are only mounted are fetched when they are missing, whatever the service's own pull_policy says.
void ImagePlanner::add_mounted(const Service& service) {
  for (const compose::Mount& mount : service.volumes) {
    if (mount.type != "image" || operations_.contains(mount.source) || !observed_.image_id(mount.source).empty()) continue;
    if (!has_builder(mount.source)) add_pull(service, mount.source, "volumes", "missing");
  }
}

void ImagePlanner::add_own(const Service& service) {
  const std::string image = image_of(project_, service);
  if (operations_.contains(image)) return;
  const std::string& id = observed_.image_id(image);
  const auto inspected = observed_.inspected_images.find(id);
  const bool other_platform = !service.build && !service.platform.empty() && inspected != observed_.inspected_images.end() &&
                              !is_for_platform(inspected->second, service.platform);
  const bool present = !id.empty() && !other_platform;
  if (!id.empty() && options_.images_ready) return;
  if (needs_build(service, present, options_)) {
    if (options_.build == BuildMode::never)
      throw Error(ErrorCode::not_found, service.where("build") + ": service " + service.name + ": image " + image +
                                            " is missing, and building it was switched off");
    operations_[image] = add_build(service, image, present ? "requested" : "missing");
    return;
  }
  if (service.build || (present && !pull_is_due(service.pull_policy, observed_, id))) return;
  if (!present && service.pull_policy == "never")
    throw Error(ErrorCode::not_found, service.where("image") + ": service " + service.name + ": image " + image +
                                          (other_platform ? " is there for another platform" : " is missing") +
                                          ", and its pull_policy is never");
  if (id.empty() && has_builder(image)) return;  // another service's turn makes it
  const std::string reason = other_platform ? "for " + service.platform
                             : present      ? "pull_policy " + service.pull_policy
                                            : "missing";
  add_pull(service, image, "image", reason);
}

void ImagePlanner::add_pull(const Service& service, const std::string& image, const std::string& key,
                            const std::string& reason) {
  Operation operation;
  operation.resource = "image:" + image;
  operation.subject = "Image " + image;
  operation.service = service.name;
  operation.reason = reason;
  operation.where = service.where(key);
  operation.action = PullImage{.image = image, .platform = service.platform};
  operations_[image] = builder_.add(std::move(operation));
}

bool ImagePlanner::has_builder(const std::string& image) const {
  return std::any_of(project_.services.begin(), project_.services.end(),
                     [&](const auto& entry) { return entry.second.build && image_of(project_, entry.second) == image; });
}

int ImagePlanner::add_build(const Service& service, const std::string& image, const std::string& reason) {
  Operation operation;
  operation.resource = "image:" + image;
  operation.subject = "Image " + image;
  operation.service = service.name;
  operation.reason = reason;
  operation.where = service.where("build");
  operation.action = build_action(project_, service, image, options_);
  return builder_.add(std::move(operation));
}

int ImagePlanner::operation_for(const std::string& image) const {
  const auto found = operations_.find(image);
  return found == operations_.end() ? 0 : found->second;
}

Plan plan_images(const Project& project, const ObservedState& observed, const ReconcileOptions& options) {
  PlanBuilder builder(project.name);
  ImagePlanner images(builder, project, observed, options);
  const auto selected = selected_services(project, options.services, options.with_dependencies);
  for (const std::string& name : Graph(project).order())
    if (selected.contains(name)) images.add(project.services.at(name));
  return std::move(builder.plan);
}

bool depends_on_new_images(const Plan& plan, const ObservedState& observed) {
  return std::any_of(plan.operations.begin(), plan.operations.end(), [&](const Operation& operation) {
    const bool makes_image =
        std::holds_alternative<PullImage>(operation.action) || std::holds_alternative<BuildImage>(operation.action);
    return makes_image &&
           std::any_of(observed.containers.begin(), observed.containers.end(), [&](const ObservedContainer& container) {
             return !container.oneoff && "image:" + container.image == operation.resource;
           });
  });
}

}  // namespace stack::scheduler
