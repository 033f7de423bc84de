#include "scheduler/observed_state.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <charconv>
#include <ctime>
#include <tuple>

#include "scheduler/container_config.hpp"
#include "scheduler/labels.hpp"
#include "scheduler/pull_policy.hpp"

namespace stack::scheduler {

using namespace boost::asio::experimental::awaitable_operators;

namespace {

std::string value_of(const StringMap& labels, const char* name) {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string() : found->second;
}

int number_in(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Lists carry health and exit code only inside the text for people: "Up 3 seconds (healthy)", "Exited (137) 2 minutes ago".
Health health_in(std::string_view status) {
  if (status.ends_with("(healthy)")) return Health::healthy;
  if (status.ends_with("(unhealthy)")) return Health::unhealthy;
  return status.ends_with("(health: starting)") ? Health::starting : Health::none;
}

std::optional<int> exit_code_in(std::string_view status) {
  const std::size_t open = status.find('(');
  if (!status.starts_with("Exited (") || open == std::string_view::npos) return std::nullopt;
  return number_in(status.substr(open + 1));
}

void add_image_names(const api::ImageSummary& image, std::map<std::string, std::string>& images) {
  images[image.id] = image.id;
  for (const std::string& tag : image.repo_tags) images[normalize_image(tag)] = image.id;
  for (const std::string& digest : image.repo_digests) images[normalize_image(digest)] = image.id;
}

api::Filters project_filter(const std::string& project) { return {{"label", {std::string(label::project) + "=" + project}}}; }

asio::awaitable<std::vector<api::ContainerSummary>> list_containers(api::Client& client, std::string project) {
  api::ListContainers options;
  options.all = true;
  options.filters = project_filter(project);
  co_return co_await client.list_containers(std::move(options));
}

asio::awaitable<std::vector<api::NetworkResource>> list_networks(api::Client& client, std::string project, bool foreign) {
  api::Filters filters;  // a named local: g++ 12 destroys a conditional temporary inside co_await twice
  if (!foreign) filters = project_filter(project);
  co_return co_await client.list_networks(std::move(filters));
}

asio::awaitable<std::vector<api::Volume>> list_volumes(api::Client& client, std::string project, bool wanted, bool foreign) {
  if (!wanted) co_return std::vector<api::Volume>();
  api::Filters filters;
  if (!foreign) filters = project_filter(project);
  api::VolumeList list = co_await client.list_volumes(std::move(filters));
  co_return std::move(list.volumes);
}

asio::awaitable<std::vector<api::ImageSummary>> list_images(api::Client& client, bool wanted) {
  if (!wanted) co_return std::vector<api::ImageSummary>();
  api::Filters all;
  co_return co_await client.list_images(std::move(all));
}

asio::awaitable<std::map<std::string, InspectedImage>> inspect_images(api::Client& client, std::vector<std::string> images) {
  std::map<std::string, InspectedImage> inspected;
  for (const std::string& image : images) {
    const std::optional<api::ImageInspect> found = co_await client.find_image(image);
    if (!found) continue;
    InspectedImage& entry = inspected[found->id];
    if (found->last_tag_time)
      entry.last_tag_time = std::chrono::floor<std::chrono::seconds>(*found->last_tag_time).time_since_epoch().count();
    entry.os = found->os;
    entry.architecture = found->architecture;
    entry.variant = found->variant;
  }
  co_return inspected;
}

ObservedNetwork observed_network(const api::NetworkResource& network) {
  return {.id = network.id,
          .name = network.name,
          .driver = network.driver,
          .key = value_of(network.labels, label::network),
          .project = value_of(network.labels, label::project),
          .config_hash = value_of(network.labels, label::config_hash)};
}

ObservedVolume observed_volume(const api::Volume& volume) {
  const StringMap labels = volume.labels.value_or(StringMap());
  return {.name = volume.name,
          .driver = volume.driver,
          .key = value_of(labels, label::volume),
          .project = value_of(labels, label::project),
          .config_hash = value_of(labels, label::config_hash)};
}

template <class List>
auto find_by_name(const List& list, std::string_view name) -> decltype(&list.front()) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& item) { return item.name == name; });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

ObservedContainer observed_container(const api::ContainerSummary& summary) {
  ObservedContainer container;
  container.id = summary.id;
  if (!summary.names.empty()) container.name = summary.names.front().substr(summary.names.front().starts_with('/') ? 1 : 0);
  container.service = value_of(summary.labels, label::service);
  container.number = number_in(value_of(summary.labels, label::container_number));
  container.oneoff = value_of(summary.labels, label::oneoff) == "True";
  container.state = summary.state;
  container.health = health_in(summary.status);
  container.exit_code = exit_code_in(summary.status);
  container.config_hash = value_of(summary.labels, label::config_hash);
  container.image = summary.image;
  container.image_id = value_of(summary.labels, label::image);
  if (container.image_id.empty()) container.image_id = summary.image_id;
  container.replaces = value_of(summary.labels, label::replace);
  container.created = summary.created;
  container.labels = summary.labels;
  for (const auto& [name, endpoint] : summary.networks) container.networks[name] = endpoint.network_id;
  container.mounts = summary.mounts;
  container.ports = summary.ports;
  container.command = summary.command;
  container.status = summary.status;
  return container;
}

const ObservedNetwork* ObservedState::network(std::string_view name) const { return find_by_name(networks, name); }
const ObservedVolume* ObservedState::volume(std::string_view name) const { return find_by_name(volumes, name); }

std::string ObservedState::image_id(std::string_view reference) const {
  if (const auto found = images.find(normalize_image(reference)); found != images.end()) return found->second;
  const std::string id = reference.starts_with("sha256:") ? std::string(reference) : "sha256:" + std::string(reference);
  const auto by_id = images.lower_bound(id);  // a prefix of an id is a name too
  const bool matches = reference.size() >= 12 && by_id != images.end() && by_id->first.starts_with(id);
  return matches ? by_id->second : std::string();
}

ObserveOptions observe_options_for(const compose::Project& project) {
  ObserveOptions options;
  for (const auto& [key, network] : project.networks) options.foreign_networks |= network.external;
  for (const auto& [key, volume] : project.volumes) options.foreign_volumes |= volume.external;
  for (const auto& [name, service] : project.services)
    if (pull_interval(service.pull_policy) || (!service.platform.empty() && !service.build))
      options.inspected_images.push_back(image_of(project, service));
  return options;
}

asio::awaitable<ObservedState> observe(api::Client& client, std::string project_name, ObserveOptions options) {
  auto [containers, networks, volumes, images] = co_await (
      list_containers(client, project_name) && list_networks(client, project_name, options.foreign_networks) &&
      list_volumes(client, project_name, options.volumes, options.foreign_volumes) && list_images(client, options.images));
  ObservedState state;
  state.inspected_images = co_await inspect_images(client, options.inspected_images);
  state.now = std::time(nullptr);
  for (const api::ContainerSummary& summary : containers) state.containers.push_back(observed_container(summary));
  std::sort(state.containers.begin(), state.containers.end(), [](const auto& a, const auto& b) {
    return std::tie(a.service, a.number, a.name) < std::tie(b.service, b.number, b.name);
  });
  for (const api::NetworkResource& network : networks) state.networks.push_back(observed_network(network));
  for (const api::Volume& volume : volumes) state.volumes.push_back(observed_volume(volume));
  for (const api::ImageSummary& image : images) add_image_names(image, state.images);
  co_return state;
}

std::string normalize_image(std::string_view reference) {
  for (const std::string_view prefix : {"docker.io/library/", "index.docker.io/library/", "docker.io/", "index.docker.io/"})
    if (reference.starts_with(prefix)) {
      reference.remove_prefix(prefix.size());
      break;
    }
  std::string name(reference);
  const std::size_t slash = name.rfind('/');
  const bool tagged = name.find(':', slash == std::string::npos ? 0 : slash) != std::string::npos;
  if (!tagged && name.find('@') == std::string::npos) name += ":latest";
  return name;
}

}  // namespace stack::scheduler
