#include "compose/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace stack::compose {
namespace {

/// "; did you mean 'x'?", if one of the names that there are is near. To a name of a letter or two any other is.
template <class... Objects>
std::string near_name(const std::string& name, const Objects&... objects) {
  if (name.size() < 3) return {};
  std::vector<std::string_view> names;
  const auto add = [&](const auto& map) {
    for (const auto& [known, _] : map) names.push_back(known);
  };
  (add(objects), ...);
  const std::string_view meant = nearest(name, names);
  return meant.empty() ? std::string() : fmt::format("; did you mean '{}'?", meant);
}

/// Reports about one service.
class ServiceCheck {
public:
  ServiceCheck(const Project& project, const Service& service, Mistakes& mistakes)
      : project_(project), service_(service), mistakes_(mistakes) {}

  void run() {
    source();
    dependencies();
    networks();
    mounts();
    files();
    build_contexts();
    models();
    contradictions();
  }

  /// What only jobs say.
  void run_job() {
    if (project_.services.contains(service_.name) || project_.disabled_services.contains(service_.name))
      complain("", "is the name of a service too: `run` could mean either");
    const Triggers& triggers = *service_.triggers;
    if (!triggers.manual && triggers.schedule.empty())
      return complain("triggers", "'manual: true' or a 'schedule' must say when it runs");
    if (triggers.manual.value_or(false) && !triggers.schedule.empty())
      complain("triggers.manual", "'true' excludes a 'schedule'; without it the job can be run by hand as well");
  }

private:
  void complain(std::string_view attribute, std::string_view text) {
    mistakes_.add(service_.place_of(attribute), service_.path(attribute), text);
  }

  void warn(std::string_view attribute, std::string_view text) {
    mistakes_.warn(service_.place_of(attribute), service_.path(attribute), text);
  }

  template <class Objects>
  std::string undefined(std::string_view kind, const std::string& name, const Objects& objects) const {
    return fmt::format("refers to undefined {} '{}'{}", kind, name, hint(name, objects));
  }

  /// None where there are many mistakes already: it looks at every name.
  template <class... Objects>
  std::string hint(const std::string& name, const Objects&... objects) const {
    constexpr std::size_t many = 20;
    return mistakes_.count() < many ? near_name(name, objects...) : std::string();
  }

  void source() {
    if (service_.image.empty() && !service_.build && !service_.provider) complain("", "neither 'image' nor 'build' is given");
    if (service_.build && !service_.build->dockerfile.empty() && !service_.build->dockerfile_inline.empty())
      complain("build.dockerfile_inline", "cannot be combined with 'dockerfile'");
  }

  /// additional_contexts: {name: "service:x"}
  void build_contexts() {
    if (!service_.build) return;
    constexpr std::string_view prefix = "service:";
    for (const auto& [name, context] : service_.build->additional_contexts)
      if (context && context->starts_with(prefix)) {
        const std::string other = context->substr(prefix.size());
        const Service* found = any_service(other);
        if (found == nullptr)
          complain("build.additional_contexts." + name, fmt::format("refers to undefined service '{}'", other));
        else if (!found->build)
          complain("build.additional_contexts." + name, fmt::format("service '{}' has no 'build'", other));
      }
    const auto& platforms = service_.build->platforms;
    if (!platforms.empty() && !service_.platform.empty() &&
        std::find(platforms.begin(), platforms.end(), service_.platform) == platforms.end())
      complain("build.platforms", fmt::format("lacks '{}', the service's 'platform'", service_.platform));
  }

  const Service* any_service(const std::string& name) const {
    for (const auto* services : {&project_.services, &project_.disabled_services})
      if (const auto found = services->find(name); found != services->end()) return &found->second;
    return nullptr;
  }

  void models() {
    for (const auto& [name, options] : service_.models)
      if (!project_.models.contains(name)) complain("models." + name, undefined("model", name, project_.models));
  }

  void require_service(std::string_view attribute, const std::string& name, bool required) {
    if (project_.services.contains(name)) return;
    if (project_.jobs.contains(name) || project_.disabled_jobs.contains(name)) {
      if (!service_.triggers) complain(attribute, fmt::format("'{}' is a job: only jobs can wait for one", name));
      return;
    }
    const auto disabled = project_.disabled_services.find(name);
    if (disabled == project_.disabled_services.end())
      complain(attribute, fmt::format("depends on undefined service '{}'{}", name,
                                      hint(name, project_.services, project_.disabled_services)));
    else if (required)
      complain(attribute, fmt::format("service '{}' is switched off; one of its profiles must be active: {}", name,
                                      fmt::join(disabled->second.profiles, ", ")));
  }

  void dependencies() {
    for (const auto& [name, dependency] : service_.depends_on) {
      if (name == service_.name) {
        complain("depends_on." + name, fmt::format("dependency cycle detected: {0} -> {0}", name));
        continue;
      }
      require_service(dependency_attribute(name), name, dependency.required);
    }
  }

  /// Where the file says that this service needs `name`: in depends_on, or in what implies it.
  std::string dependency_attribute(const std::string& name) const {
    std::string attribute = "depends_on." + name;
    if (service_.written_at(attribute)) return attribute;
    const std::string mode = "service:" + name;
    if (service_.network_mode == mode) return "network_mode";
    if (service_.ipc == mode) return "ipc";
    if (service_.pid == mode) return "pid";
    if (service_.uts == mode) return "uts";
    if (service_.cgroup == mode) return "cgroup";
    for (const auto& [list, items] : {std::pair{"links", &service_.links}, std::pair{"volumes_from", &service_.volumes_from}})
      for (std::size_t i = 0; i < items->size(); ++i)
        if ((*items)[i].substr(0, (*items)[i].find(':')) == name) return fmt::format("{}[{}]", list, i);
    return attribute;
  }

  void networks() {
    if (!service_.network_mode.empty() && !service_.networks.empty())
      complain("networks", "cannot be combined with 'network_mode'");
    for (const auto& [name, options] : service_.networks)
      if (!project_.networks.contains(name)) complain("networks." + name, undefined("network", name, project_.networks));
    for (std::size_t i = 0; i < service_.links.size(); ++i) check_link(fmt::format("links[{}]", i), service_.links[i]);
    for (std::size_t i = 0; i < service_.external_links.size(); ++i)
      check_link(fmt::format("external_links[{}]", i), service_.external_links[i]);
  }

  /// NAME or NAME:ALIAS
  void check_link(const std::string& attribute, const std::string& link) {
    const std::size_t colon = link.find(':');
    if (colon == 0 || link.empty() || (colon != std::string::npos && (colon + 1 == link.size() || colon != link.rfind(':'))))
      complain(attribute, fmt::format("'{}' is not NAME or NAME:ALIAS", link));
  }

  /// What "volume:/path:z" means, as people write it for volumes too.
  static bool only_selinux(const Mount& mount) {
    return mount.type == "volume" && mount.bind->propagation.empty() && mount.bind->recursive.empty();
  }

  void mounts() {
    std::map<std::string, std::string> targets;
    for (std::size_t i = 0; i < service_.tmpfs.size(); ++i) {
      const std::string target = service_.tmpfs[i].substr(0, service_.tmpfs[i].find(':'));
      const std::string attribute = fmt::format("tmpfs[{}]", i);
      const auto [taken, fresh] = targets.emplace(target, attribute);
      if (!fresh) complain(attribute, fmt::format("{} is already the target of {}", target, taken->second));
    }
    for (std::size_t i = 0; i < service_.volumes.size(); ++i) {
      const Mount& mount = service_.volumes[i];
      const std::string attribute = fmt::format("volumes[{}]", i);
      if (mount.type == "volume" && !mount.source.empty() && !project_.volumes.contains(mount.source))
        complain(attribute, undefined("volume", mount.source, project_.volumes));
      if (mount.type == "bind" && mount.source.empty()) complain(attribute, "a bind mount needs a 'source'");
      if (mount.type == "tmpfs" && !mount.source.empty()) warn(attribute + ".source", "a tmpfs has none; it is ignored");
      if (mount.target.empty()) complain(attribute, "'target' is missing");
      if (mount.bind && mount.type != "bind" && !only_selinux(mount))
        warn(attribute + ".bind", fmt::format("has no effect on a mount of type '{}'", mount.type));
      if (mount.type == "image" && mount.source.empty()) complain(attribute, "an image mount needs a 'source': the image");
      if (mount.image && mount.type != "image")
        warn(attribute + ".image", fmt::format("has no effect on a mount of type '{}'", mount.type));
      if (mount.bind) recursion(attribute + ".bind.recursive", mount);
      if (mount.tmpfs && mount.type != "tmpfs")
        warn(attribute + ".tmpfs", fmt::format("has no effect on a mount of type '{}'", mount.type));
      if (const auto taken = targets.find(mount.target); taken != targets.end())
        complain(attribute, fmt::format("{} is already the target of {}", mount.target, taken->second));
    }
    for (std::size_t i = 0; i < service_.volumes_from.size(); ++i)
      if (service_.volumes_from[i].empty())
        complain(fmt::format("volumes_from[{}]", i), "the name of a service or container is missing");
  }

  void recursion(std::string_view attribute, const Mount& mount) {
    const std::string& word = mount.bind->recursive;
    if (!word.empty() && word != "enabled" && word != "disabled" && word != "writable" && word != "readonly")
      complain(attribute, fmt::format("'{}' is not one of enabled, disabled, writable, readonly", word));
  }

  void files() {
    for (std::size_t i = 0; service_.build && i < service_.build->secrets.size(); ++i)
      if (const std::string& source = service_.build->secrets[i].source; !project_.secrets.contains(source))
        complain(fmt::format("build.secrets[{}]", i), undefined("secret", source, project_.secrets));
    for (std::size_t i = 0; i < service_.secrets.size(); ++i)
      if (!project_.secrets.contains(service_.secrets[i].source))
        complain(fmt::format("secrets[{}]", i), undefined("secret", service_.secrets[i].source, project_.secrets));
    for (std::size_t i = 0; i < service_.configs.size(); ++i)
      if (!project_.configs.contains(service_.configs[i].source))
        complain(fmt::format("configs[{}]", i), undefined("config", service_.configs[i].source, project_.configs));
  }

  template <class A, class B>
  void same(std::string_view attribute, const A& value, std::string_view deploy_attribute, const B& deploy_value) {
    if (value != A{} && value != deploy_value)
      complain(attribute, fmt::format("can't set distinct values on '{}' and '{}'", attribute, deploy_attribute));
  }

  void contradictions() {
    if (service_.replicas() < 0) complain(service_.scale ? "scale" : "deploy.replicas", "cannot be negative");
    if (!service_.container_name.empty() && service_.replicas() > 1)
      complain("container_name", fmt::format("only one container can have this name, but {} are wanted", service_.replicas()));
    if (service_.healthcheck && !service_.healthcheck->test.empty() && service_.healthcheck->test.front() == "CMD" &&
        service_.healthcheck->test.size() == 1)
      complain("healthcheck.test", "a command is missing after \"CMD\"");
    if (!service_.deploy) return;
    if (service_.scale && service_.deploy->replicas != service_.scale)
      complain("scale", "can't set distinct values on 'scale' and 'deploy.replicas'");
    if (const auto& limits = service_.deploy->limits) {
      same("cpus", service_.cpus, "deploy.resources.limits.cpus", limits->cpus);
      same("mem_limit", service_.mem_limit, "deploy.resources.limits.memory", limits->memory);
      same("pids_limit", service_.pids_limit, "deploy.resources.limits.pids", limits->pids);
    }
    if (const auto& reservations = service_.deploy->reservations)
      same("mem_reservation", service_.mem_reservation, "deploy.resources.reservations.memory", reservations->memory);
  }

  const Project& project_;
  const Service& service_;
  Mistakes& mistakes_;
};

/// Depth first; reports the first circle found with its whole chain.
class CircleSearch {
public:
  CircleSearch(const Project& project, Mistakes& mistakes) : project_(project), mistakes_(mistakes) {}

  void run() {
    for (const auto* containers : {&project_.services, &project_.jobs})
      for (const auto& [name, _] : *containers)
        if (visit(name)) return;
  }

private:
  const Service* find(const std::string& name) const {
    for (const auto* containers : {&project_.services, &project_.jobs})
      if (const auto found = containers->find(name); found != containers->end()) return &found->second;
    return nullptr;
  }

  bool visit(const std::string& name) {
    const Service* service = find(name);
    if (service == nullptr || done_.contains(name)) return false;
    if (const auto from = std::find(path_.begin(), path_.end(), name); from != path_.end()) {
      const std::string chain = fmt::format("{} -> {}", fmt::join(from, path_.end(), " -> "), name);
      mistakes_.add(service->location, service->path(), "dependency cycle detected: " + chain);
      return true;
    }
    path_.push_back(name);
    for (const auto& [dependency, options] : service->depends_on)
      if (dependency != name && visit(dependency)) return true;
    path_.pop_back();
    done_.insert(name);
    return false;
  }

  const Project& project_;
  Mistakes& mistakes_;
  std::vector<std::string> path_;
  std::set<std::string> done_;
};

void check_file_objects(const std::map<std::string, FileObject>& objects, std::string_view kind, Mistakes& mistakes) {
  for (const auto& [name, object] : objects) {
    const std::string path = fmt::format("{}.{}", kind, name);
    const int sources = (object.file.empty() ? 0 : 1) + (object.environment.empty() ? 0 : 1) +
                        (object.content && object.environment.empty() ? 1 : 0);
    if (sources > 1) mistakes.add(object.location, path, "'file', 'environment' and 'content' exclude each other");
    if (sources == 0 && !object.external)
      mistakes.add(object.location, path, "one of 'file', 'environment' or 'external' must say where its content is");
  }
}

/// docker compose refuses this for volumes only.
void check_external(const Project& project, Mistakes& mistakes) {
  for (const auto& [name, network] : project.networks)
    if (network.external && (!network.driver.empty() || !network.driver_opts.empty() || network.internal ||
                             !network.labels.empty() || !network.ipam_pools.empty()))
      mistakes.warn(network.location, "networks." + name, "is external: what is said beside its name has no effect");
  for (const auto& [name, volume] : project.volumes)
    if (volume.external && (!volume.driver.empty() || !volume.driver_opts.empty() || !volume.labels.empty()))
      mistakes.add(volume.location, "volumes." + name, "'external' excludes every other key but 'name'");
}

void check_container_names(const Project& project, Mistakes& mistakes) {
  std::map<std::string, std::string> owners;
  for (const auto& [name, service] : project.services) {
    if (service.container_name.empty()) continue;
    const auto [owner, fresh] = owners.emplace(service.container_name, name);
    if (!fresh)
      mistakes.add(service.place_of("container_name"), service.path("container_name"),
                   fmt::format("'{}' is already the name of service '{}'", service.container_name, owner->second));
  }
}

}  // namespace

void validate(const Project& project, Mistakes& mistakes) {
  for (const auto& [name, service] : project.services) ServiceCheck(project, service, mistakes).run();
  for (const auto& [name, job] : project.jobs) {
    ServiceCheck check(project, job, mistakes);
    check.run();
    check.run_job();
  }
  CircleSearch(project, mistakes).run();
  check_container_names(project, mistakes);
  check_file_objects(project.secrets, "secrets", mistakes);
  check_file_objects(project.configs, "configs", mistakes);
  check_external(project, mistakes);
}

}  // namespace stack::compose
