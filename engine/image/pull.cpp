#include "engine/image/pull.hpp"

#include <ctime>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "engine/image/progress_line.hpp"
#include "engine/image/pull_layers.hpp"
#include "engine/image/worker_thread.hpp"

namespace stack::engine::image {

namespace {

constexpr std::int64_t unfinished_lifetime = 7 * 24 * 3600;  // seconds

/// A name on the registry, down to the manifest that will be used.
struct Resolved {
  Registry::Document top;       ///< what the name stands for: its digest is the image's RepoDigest
  Registry::Document document;  ///< the manifest: the same, or the one of the platform
  Manifest manifest;
  bool is_present = false;  ///< nothing has changed; only the digest is known
};

Registry::Document manifest_of_platform(Registry& registry, const Index& index, const Platform& wanted) {
  const Descriptor* entry = choose(index, wanted);
  if (entry == nullptr)
    throw Error(ErrorCode::not_found, "no matching manifest for " + wanted.text() + " in the manifest list entries");
  return registry.manifest(entry->digest);
}

/// What the name has here already.
struct Present {
  ImagePtr image;
  std::set<std::string> digests;  ///< under which it came from this repository
};

Present find_present(const Store& store, const Reference& name, const Platform& wanted) {
  Present present;
  if (!name.digest.empty()) return present;
  const ImagePtr image = store.find(name.full());
  if (!image || !matches(wanted, {image->config.os, image->config.architecture, image->config.variant})) return present;
  present.image = image;
  for (const Reference& other : image->names)
    if (!other.digest.empty() && other.repository() == name.repository()) present.digests.insert(other.digest);
  return present;
}

/// Blocking.
Resolved resolve(Registry& registry, const Reference& name, const Platform& wanted, const std::set<std::string>& present) {
  Resolved resolved;
  if (!present.empty()) {
    const std::string digest = registry.manifest_digest(name.tag);
    if (present.contains(digest)) {
      resolved.top.digest = digest;
      resolved.is_present = true;
      return resolved;
    }
  }
  resolved.top = registry.manifest(name.digest.empty() ? name.tag : name.digest);
  resolved.document = resolved.top;
  auto parsed = parse_manifest(resolved.top.body, resolved.top.media_type);
  if (const auto* index = std::get_if<Index>(&parsed)) {
    resolved.document = manifest_of_platform(registry, *index, wanted);
    parsed = parse_manifest(resolved.document.body, resolved.document.media_type);
  }
  if (!std::holds_alternative<Manifest>(parsed))
    throw Error(ErrorCode::not_implemented, "an index inside an index is not supported");
  resolved.manifest = std::get<Manifest>(std::move(parsed));
  return resolved;
}

/// Blocking.
Distribution inspect_distribution(Registry& registry, const Reference& name) {
  Distribution found;
  const Registry::Document top = registry.manifest(name.digest.empty() ? name.tag : name.digest);
  const auto parsed = parse_manifest(top.body, top.media_type);
  found.descriptor.digest = top.digest;
  found.descriptor.size = static_cast<std::int64_t>(top.body.size());
  if (const auto* index = std::get_if<Index>(&parsed)) {
    found.descriptor.media_type = index->media_type;
    for (const Descriptor& entry : index->manifests)
      if (entry.platform) found.platforms.push_back(*entry.platform);
    return found;
  }
  const Manifest& manifest = std::get<Manifest>(parsed);
  found.descriptor.media_type = manifest.media_type;
  const std::string document = registry.blob(manifest.config.digest, static_cast<std::uint64_t>(manifest.config.size));
  const ImageConfig config = parse_image_config(document);
  found.platforms.push_back({config.os, config.architecture, config.variant});
  return found;
}

void check_layer_count(const Manifest& manifest, const ImageConfig& config) {
  if (manifest.layers.size() == config.diff_ids.size()) return;
  throw Error(ErrorCode::invalid_argument, "the manifest has " + std::to_string(manifest.layers.size()) +
                                               " layers, the image's configuration " + std::to_string(config.diff_ids.size()));
}

std::string short_name(const Reference& name) { return name.digest.empty() ? name.tag : name.digest; }

}  // namespace

class Puller::Impl {
public:
  Impl(Store& store, DocumentTable& rows, asio::any_io_executor executor, RegistryOptions options)
      : shared(store, rows, executor, std::move(options)) {}

  asio::awaitable<ImagePtr> pull(PullRequest request, Output output);
  asio::awaitable<void> fetch_layers(std::shared_ptr<Registry> registry, std::shared_ptr<CancelToken> cancel, std::string key,
                                     Manifest manifest, std::string document, Output output, ImagePtr& image);
  void name_image(const Image& image, const Reference& name, const std::string& digest);
  std::shared_ptr<Registry> registry(const Reference& name, const Credentials& credentials,
                                     const std::shared_ptr<CancelToken>& cancel) const {
    return std::make_shared<Registry>(name, credentials, shared.options, cancel);
  }

  PullShared shared;
};

Puller::Puller(Store& store, DocumentTable& unfinished, asio::any_io_executor executor, RegistryOptions options)
    : impl_(std::make_unique<Impl>(store, unfinished, executor, std::move(options))) {}
Puller::~Puller() = default;

void Puller::load() {
  PullShared& shared = impl_->shared;
  std::vector<std::string> gone;
  for (const Document& row : shared.rows.load_all()) {
    PullShared::Unfinished entry;
    try {
      const nlohmann::json value = json::parse_object(row.json, "pull");
      std::set<std::string> layers;
      json::read(value, "layers", layers, "pull");
      json::read(value, "time", entry.time, "pull");
      for (const std::string& diff_id : layers) {
        if (std::time(nullptr) - entry.time > unfinished_lifetime || !shared.store.has_layer(diff_id)) continue;
        shared.store.retain_layer(diff_id);
        entry.layers.insert(diff_id);
      }
    } catch (const Error& error) {
      log::warning("the record of the interrupted pull of {} is left out: {}", row.key, error.what());
    }
    if (entry.layers.empty())
      gone.push_back(row.key);
    else
      shared.unfinished[row.key] = std::move(entry);
  }
  shared.rows.apply({}, gone);
}

void Puller::forget_unfinished() {
  std::vector<std::string> names;
  for (const auto& [name, entry] : impl_->shared.unfinished)
    if (entry.active == 0) names.push_back(name);
  for (const std::string& name : names) impl_->shared.forget(name);
}

/// Tags it, and records the digest under which the registry has it.
void Puller::Impl::name_image(const Image& image, const Reference& name, const std::string& digest) {
  Reference by_digest = name;
  by_digest.tag.clear();
  by_digest.digest = digest;
  std::vector<Reference> wanted{by_digest};
  if (name.digest.empty()) wanted.push_back(name);
  for (const Reference& reference : wanted) {
    const ImagePtr holder = shared.store.find(reference.full());
    const bool has = holder && holder->id == image.id &&
                     std::find(holder->names.begin(), holder->names.end(), reference) != holder->names.end();
    if (!has || reference == name) shared.store.set_name(image.id, reference);
  }
}

asio::awaitable<void> Puller::Impl::fetch_layers(std::shared_ptr<Registry> registry, std::shared_ptr<CancelToken> cancel,
                                                 std::string key, Manifest manifest, std::string document, Output output,
                                                 ImagePtr& image) {
  const ImageConfig config = parse_image_config(document);
  check_layer_count(manifest, config);
  const auto layers = std::make_shared<LayerPull>(shared, registry, cancel, key, manifest.layers, config.diff_ids);
  co_await layers->run(output);
  image = shared.store.create_from_document(document);
}

asio::awaitable<ImagePtr> Puller::Impl::pull(PullRequest request, Output output) {
  const auto cancel = std::make_shared<CancelToken>();
  const std::shared_ptr<Registry> from = registry(request.name, request.credentials, cancel);
  const Platform wanted = parse_platform(request.platform);
  const auto resolved = std::make_shared<Resolved>();
  const Present present = find_present(shared.store, request.name, wanted);
  std::function<void()> resolving = [=, name = request.name] { *resolved = resolve(*from, name, wanted, present.digests); };
  co_await run_thread(std::move(resolving), cancel);
  const Descriptor& config = resolved->manifest.config;
  const std::string image_id = resolved->is_present ? present.image->id : config.digest;
  ImagePtr image = shared.store.find_id(image_id);
  const bool up_to_date = image != nullptr;
  if (!up_to_date && resolved->is_present)
    throw Error(ErrorCode::conflict, request.name.familiar() + " was removed while it was pulled: pull it again");
  const auto document = std::make_shared<std::string>();
  if (!up_to_date) {
    std::function<void()> fetching = [=] { *document = from->blob(config.digest, static_cast<std::uint64_t>(config.size)); };
    co_await run_thread(std::move(fetching), cancel);
    parse_image_config(*document);  // so that an error still has a status of its own
  }
  std::string first = status_line("Pulling from " + request.name.path, short_name(request.name));
  co_await output(std::move(first));
  const std::string key = request.name.full() + " " + wanted.text();
  if (!up_to_date) {
    image = shared.store.find_id(image_id);  // another pull may have ended meanwhile
    if (!image) co_await fetch_layers(from, cancel, key, resolved->manifest, *document, output, image);
  }
  name_image(*image, request.name, resolved->top.digest);
  shared.forget(key);
  shared.store.announce("pull", image->id, request.name.familiar());
  std::string last =
      status_line("Digest: " + resolved->top.digest) +
      status_line(std::string("Status: ") + (up_to_date ? "Image is up to date for " : "Downloaded newer image for ") +
                  request.name.familiar());
  const Platform made{image->config.os, image->config.architecture, image->config.variant};
  if (!request.platform.empty() && !matches(wanted, made))
    last += status_line("WARNING: image with reference " + request.name.familiar() + " was found but its platform (" +
                        made.text() + ") does not match the specified platform (" + wanted.text() + ")");
  co_await output(std::move(last));
  co_return shared.store.find_id(image_id);
}

asio::awaitable<ImagePtr> Puller::pull(PullRequest request, Output output) {
  return impl_->pull(std::move(request), std::move(output));
}

asio::awaitable<std::vector<std::string>> Puller::tags(PullRequest request) {
  const auto cancel = std::make_shared<CancelToken>();
  const std::shared_ptr<Registry> from = impl_->registry(request.name, request.credentials, cancel);
  const auto found = std::make_shared<std::vector<std::string>>();
  std::function<void()> work = [=] { *found = from->tags(); };
  co_await run_thread(std::move(work), cancel);
  co_return *found;
}

asio::awaitable<Distribution> Puller::inspect(PullRequest request) {
  const auto cancel = std::make_shared<CancelToken>();
  const std::shared_ptr<Registry> from = impl_->registry(request.name, request.credentials, cancel);
  const auto found = std::make_shared<Distribution>();
  std::function<void()> work = [=, name = request.name] { *found = inspect_distribution(*from, name); };
  co_await run_thread(std::move(work), cancel);
  co_return *found;
}

asio::awaitable<void> Puller::check_login(std::string server, Credentials credentials) {
  const auto cancel = std::make_shared<CancelToken>();
  Reference name;
  name.domain = registry_domain(server);
  const std::shared_ptr<Registry> from = impl_->registry(name, credentials, cancel);
  std::function<void()> work = [from] { from->check_login(); };
  co_await run_thread(std::move(work), cancel);
}

std::string registry_domain(std::string server) {
  for (const std::string_view prefix : {"https://", "http://"})
    if (server.starts_with(prefix)) server.erase(0, prefix.size());
  server = server.substr(0, server.find('/'));
  if (server.empty() || server == "index.docker.io" || server == "registry-1.docker.io") return "docker.io";
  return server;
}

}  // namespace stack::engine::image
