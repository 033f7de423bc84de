#include "scheduler/pull_policy.hpp"

#include <algorithm>
#include <array>

#include "base/units.hpp"
#include "scheduler/decide.hpp"
#include "scheduler/graph.hpp"
#include "scheduler/plan_builder.hpp"

namespace stack::scheduler {

using compose::Project;
using compose::Service;

std::optional<std::chrono::seconds> pull_interval(std::string_view policy) {
  constexpr std::string_view every = "every_";
  if (policy == "daily") return std::chrono::hours(24);
  if (policy == "weekly") return std::chrono::hours(7 * 24);
  if (!policy.starts_with(every)) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(parse_duration(policy.substr(every.size())));
}

bool pull_is_due(std::string_view policy, const ObservedState& observed, const std::string& image_id) {
  if (policy == "always" || policy == "refresh") return true;
  const auto interval = pull_interval(policy);
  if (!interval) return false;
  const auto image = observed.inspected_images.find(image_id);
  if (image == observed.inspected_images.end() || !image->second.last_tag_time) return true;
  return observed.now - *image->second.last_tag_time >= interval->count();
}

namespace {

std::string_view architecture_of(std::string_view word) {
  if (word == "x86_64" || word == "x86-64") return "amd64";
  if (word == "aarch64") return "arm64";
  return word;
}

}  // namespace

bool is_for_platform(const InspectedImage& image, std::string_view wanted) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= wanted.size();) {
    const std::size_t end = std::min(wanted.find('/', begin), wanted.size());
    parts.push_back(wanted.substr(begin, end - begin));
    begin = end + 1;
  }
  constexpr std::array<std::string_view, 2> systems{"linux", "windows"};
  const bool names_system = std::find(systems.begin(), systems.end(), parts.front()) != systems.end();
  if (names_system && !image.os.empty() && parts.front() != image.os) return false;
  const std::size_t first = names_system ? 1 : 0;
  if (parts.size() > first && !image.architecture.empty() && architecture_of(parts[first]) != image.architecture) return false;
  return parts.size() <= first + 1 || image.variant.empty() || parts[first + 1] == image.variant;
}

namespace {

/// Does `pull` leave this service's image alone?
bool is_left_out(const Service& service, const ObservedState& observed, const PullOptions& options) {
  if (service.image.empty() || (service.build && options.ignore_buildable)) return true;
  const std::string& policy = options.policy ? *options.policy : service.pull_policy;
  if (policy == "never" || policy == "build") return true;
  return policy == "missing" && !observed.image_id(service.image).empty();
}

Operation pull_operation(const Service& service, const PullOptions& options) {
  Operation operation;
  operation.resource = "image:" + service.image;
  operation.subject = "Image " + service.image;
  operation.service = service.name;
  operation.reason = "requested";
  operation.where = service.where("image");
  operation.action =
      PullImage{.image = service.image, .platform = service.platform, .required = !options.ignore_failures && !service.build};
  return operation;
}

}  // namespace

Plan plan_pull(const Project& project, const ObservedState& observed, const PullOptions& options) {
  PlanBuilder builder(project.name);
  const auto selected = selected_services(project, options.services, options.with_dependencies);
  std::set<std::string> pulled;
  for (const std::string& name : Graph(project).order()) {
    if (!selected.contains(name)) continue;
    const Service& service = project.services.at(name);
    if (is_left_out(service, observed, options) || !pulled.insert(service.image).second) continue;
    builder.add(pull_operation(service, options));
  }
  return std::move(builder.plan);
}

}  // namespace stack::scheduler
