#include <algorithm>

#include "base/error.hpp"
#include "scheduler/container_config.hpp"
#include "scheduler/container_parts.hpp"

namespace stack::scheduler {

using compose::Project;
using compose::Service;

namespace {

[[noreturn]] void fail(const Service& service, const std::string& attribute, const std::string& why) {
  throw Error(ErrorCode::invalid_argument,
              service.where(attribute) + ": services." + service.name + "." + attribute + ": " + why);
}

/// "/host:/target:ro,z": the short form, with which the engine creates a missing host directory.
std::string bind_text(const std::string& source, const compose::Mount& mount) {
  std::string options = mount.read_only ? "ro" : "rw";
  if (mount.bind && !mount.bind->selinux.empty()) options += "," + mount.bind->selinux;
  return source + ":" + mount.target + ":" + options;
}

api::Mount long_form(const compose::Mount& mount, std::string source) {
  return {.type = mount.type,
          .source = std::move(source),
          .target = mount.target,
          .read_only = mount.read_only,
          .consistency = mount.consistency};
}

void add_bind(const compose::Mount& mount, api::HostConfig& host) {
  const bool short_form =
      !mount.bind || (mount.bind->create_host_path && mount.bind->recursive.empty() && mount.bind->propagation.empty());
  if (short_form) {
    host.binds.push_back(bind_text(mount.source, mount));
    return;
  }
  api::Mount bind = long_form(mount, mount.source);
  bind.bind_options.emplace();
  if (mount.bind) {
    bind.bind_options->propagation = mount.bind->propagation;
    bind.bind_options->create_mountpoint = mount.bind->create_host_path;
    bind.bind_options->non_recursive = mount.bind->recursive == "disabled";
    bind.bind_options->read_only_non_recursive = mount.bind->recursive == "writable";
    bind.bind_options->read_only_force_recursive = mount.bind->recursive == "readonly";
  }
  host.mounts.push_back(std::move(bind));
}

void add_volume(const Project& project, const compose::Mount& mount, api::HostConfig& host) {
  const bool named = !mount.source.empty();
  const auto declared = project.volumes.find(mount.source);
  const std::string name = declared == project.volumes.end() ? mount.source : declared->second.name;
  const bool plain = !mount.volume || (mount.volume->subpath.empty() && mount.volume->labels.empty() && !mount.volume->nocopy);
  const bool short_form = named && plain;
  if (short_form) {
    host.binds.push_back(bind_text(name, mount));
    return;
  }
  api::Mount volume = long_form(mount, name);
  volume.volume_options.emplace();
  if (mount.volume) {
    volume.volume_options->no_copy = mount.volume->nocopy;
    volume.volume_options->subpath = mount.volume->subpath;
    volume.volume_options->labels = mount.volume->labels;
  }
  host.mounts.push_back(std::move(volume));
}

void add_image_mount(const compose::Mount& mount, api::HostConfig& host) {
  api::Mount image = long_form(mount, mount.source);
  if (mount.image) image.image_options = api::ImageOptions{.subpath = mount.image->subpath};
  host.mounts.push_back(std::move(image));
}

/// "db:ro" → "<first container of db>:ro", "container:x" → "x"; what is a container already (shared_namespaces) stays.
std::string volumes_source(const Project& project, const std::string& text) {
  constexpr std::string_view container = "container:";
  if (text.starts_with(container)) return text.substr(container.size());
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto other = project.services.find(text.substr(0, colon));
  return other == project.services.end() ? text : container_name(project, other->second, 1) + text.substr(colon);
}

void add_tmpfs_mount(const compose::Mount& mount, api::HostConfig& host) {
  api::Mount tmpfs = long_form(mount, "");
  tmpfs.tmpfs_options.emplace();
  if (mount.tmpfs) {
    tmpfs.tmpfs_options->size_bytes = mount.tmpfs->size;
    tmpfs.tmpfs_options->mode = mount.tmpfs->mode;
  }
  host.mounts.push_back(std::move(tmpfs));
}

/// Secrets and configs from files: the file itself, read-only.
void add_files(const Service& service, const std::string& kind, const std::vector<compose::FileReference>& references,
               const std::map<std::string, compose::FileObject>& objects, api::HostConfig& host) {
  for (std::size_t i = 0; i < references.size(); ++i) {
    const compose::FileReference& reference = references[i];
    const std::string attribute = kind + "[" + std::to_string(i) + "]";
    const auto object = objects.find(reference.source);
    if (object == objects.end()) fail(service, attribute, "\"" + reference.source + "\" is not declared");
    if (object->second.external) fail(service, attribute, "external " + kind + " exist only in a Swarm");
    if (!object->second.template_driver.empty()) fail(service, attribute, "`template_driver` exists only in a Swarm");
    if (object->second.content || !object->second.environment.empty()) continue;  // written into the container: injected_files
    api::Mount mount{.type = "bind", .source = object->second.file, .target = file_target(kind, reference), .read_only = true};
    mount.bind_options.emplace();
    host.mounts.push_back(std::move(mount));
  }
}

}  // namespace

/// Where a secret or config appears: a relative target is below /run/secrets, or the root for a config.
std::string file_target(const std::string& kind, const compose::FileReference& reference) {
  const std::string& name = reference.target.empty() ? reference.source : reference.target;
  if (name.starts_with('/')) return name;
  return (kind == "secrets" ? "/run/secrets/" : "/") + name;
}

void add_mounts(const Project& project, const Service& service, api::HostConfig& host) {
  for (std::size_t i = 0; i < service.volumes.size(); ++i) {
    const compose::Mount& mount = service.volumes[i];
    const std::string recursive = mount.bind ? mount.bind->recursive : "";
    if ((recursive == "writable" || recursive == "readonly") && !mount.read_only)
      fail(service, "volumes[" + std::to_string(i) + "].bind.recursive", "'" + recursive + "' needs 'read_only: true'");
    if (mount.type == "bind")
      add_bind(mount, host);
    else if (mount.type == "volume")
      add_volume(project, mount, host);
    else if (mount.type == "tmpfs")
      add_tmpfs_mount(mount, host);
    else if (mount.type == "image")
      add_image_mount(mount, host);
    else
      fail(service, "volumes[" + std::to_string(i) + "].type",
           "mounts of type '" + mount.type + "' exist only " + (mount.type == "npipe" ? "on Windows" : "in a Swarm"));
  }
  host.volume_driver = service.volume_driver;
  for (const std::string& from : service.volumes_from) host.volumes_from.push_back(volumes_source(project, from));
  add_files(service, "secrets", service.secrets, project.secrets, host);
  add_files(service, "configs", service.configs, project.configs, host);
}

}  // namespace stack::scheduler
