#include "engine/image/store.hpp"

#include <unistd.h>

#include "base/digest.hpp"
#include "base/disk_room.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/rollback.hpp"
#include "engine/image/layer_tar.hpp"
#include "engine/image/store_impl.hpp"
#include "engine/state/async.hpp"

namespace stack::engine::image {

namespace {

bool all_hex(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// "sha256:ab" and "ab" -> "ab"; empty when it cannot be an id.
std::string id_digits(const std::string& text) {
  constexpr std::string_view prefix = "sha256:";
  std::string digits = text.starts_with(prefix) ? text.substr(prefix.size()) : text;
  return all_hex(digits) && digits.size() <= 64 ? digits : std::string();
}

}  // namespace

std::vector<std::string> Image::repo_tags() const {
  std::vector<std::string> tags;
  for (const auto& name : names)
    if (!name.tag.empty()) tags.push_back(name.familiar());
  return tags;
}

std::vector<std::string> Image::repo_digests() const {
  std::vector<std::string> digests;
  for (const auto& name : names)
    if (name.tag.empty() && !name.digest.empty()) digests.push_back(name.familiar());
  return digests;
}

// ── rows ──

Document Store::Impl::row_of(const Image& image) {
  nlohmann::json row;
  row["names"] = nlohmann::json::array();
  for (const auto& name : image.names) row["names"].push_back(name.full());
  row["parent"] = image.parent;
  row["last_tagged"] = image.last_tagged;
  return {image.id, row.dump()};
}

void Store::Impl::load() {
  layers.load();
  snapshots.load();
  for (const Document& row : rows.load_all()) {
    try {
      load_image(row);
    } catch (const std::exception& error) {
      log::error("image {} is left out: {}", row.key, error.what());
    }
  }
}

void Store::Impl::load_image(const Document& row) {
  const nlohmann::json value = json::parse_object(row.json, "image row");
  Image image;
  image.id = row.key;
  json::read(value, "parent", image.parent, "image row");
  json::read(value, "last_tagged", image.last_tagged, "image row");
  std::vector<std::string> names;
  json::read(value, "names", names, "image row");
  const auto text = RootDir(root + "/blobs/sha256").read_file(digest_hex(row.key));
  if (!text || sha256_digest(*text) != row.key) throw Error(ErrorCode::internal, "its configuration is missing or damaged");
  image.config = parse_image_config(*text);
  for (const auto& diff_id : image.config.diff_ids) {
    if (!layers.has(diff_id)) throw Error(ErrorCode::internal, "layer " + diff_id + " is missing");
    image.size += layers.size(diff_id);
  }
  for (const auto& name : names) image.names.push_back(parse_reference(name));
  for (const auto& diff_id : image.config.diff_ids) layers.retain(diff_id);
  replace(std::move(image));
}

ImagePtr Store::Impl::replace(Image changed) {
  auto image = std::make_shared<const Image>(std::move(changed));
  for (const auto& name : image->names) by_name[name.full()] = image->id;
  images[image->id] = image;
  return image;
}

// ── finding ──

ImagePtr Store::Impl::find_by_name(const Reference& reference) const {
  auto found = by_name.find(reference.full());
  if (found == by_name.end() && !reference.tag.empty() && !reference.digest.empty()) {
    Reference digest_only = reference;  // "name:tag@digest": the digest decides
    digest_only.tag.clear();
    found = by_name.find(digest_only.full());
  }
  return found == by_name.end() ? nullptr : images.at(found->second);
}

ImagePtr Store::Impl::find_by_id(const std::string& hex) const {
  const std::string prefix = "sha256:" + hex;
  const auto first = images.lower_bound(prefix);
  if (first == images.end() || !first->first.starts_with(prefix)) return nullptr;
  if (const auto second = std::next(first); second != images.end() && second->first.starts_with(prefix))
    throw Error(ErrorCode::invalid_argument, "image id prefix \"" + hex + "\" is ambiguous");
  return first->second;
}

ImagePtr Store::Impl::find(const std::string& text) const {
  const std::string digits = id_digits(text);
  if (digits.size() == 64 || text.starts_with("sha256:")) {
    if (digits.empty()) throw Error(ErrorCode::invalid_argument, "invalid reference format");
    return find_by_id(digits);
  }
  const Reference reference = parse_tagged_reference(text);
  if (const ImagePtr image = find_by_name(reference)) return image;
  // an image that was built or imported here may be addressed by its id as digest
  if (!reference.digest.empty() && reference.tag.empty()) {
    const auto found = images.find(reference.digest);
    if (found != images.end()) return found->second;
  }
  return digits.empty() ? nullptr : find_by_id(digits);
}

Store::Store(std::string data_root, DocumentTable& table, asio::thread_pool& pool)
    : impl_(std::make_unique<Impl>(std::move(data_root), table, pool)) {}
Store::~Store() = default;  // removals under way go on in the pool, or at the next start

void Store::load() { impl_->load(); }
void Store::set_usage(std::function<std::vector<ImageUse>(const std::string&)> usage) { impl_->usage = std::move(usage); }
void Store::on_event(std::function<void(const std::string&, const std::string&, const std::string&)> sink) {
  impl_->events = std::move(sink);
}

ImagePtr Store::find_id(const std::string& id) const {
  const auto found = impl_->images.find(id);
  return found == impl_->images.end() ? nullptr : found->second;
}

ImagePtr Store::find(const std::string& name_or_id) const { return impl_->find(name_or_id); }

ImagePtr Store::get(const std::string& name_or_id) const {
  if (ImagePtr image = impl_->find(name_or_id)) return image;
  const bool is_id = name_or_id.starts_with("sha256:") || id_digits(name_or_id).size() == 64;
  throw Error(ErrorCode::not_found, "No such image: " + (is_id ? name_or_id : parse_tagged_reference(name_or_id).familiar()));
}

std::size_t Store::count() const { return impl_->images.size(); }
std::uint64_t Store::layers_size() const { return impl_->layers.total_size(); }

// ── changing ──

ImagePtr Store::create(const ImageConfig& config, const std::optional<Reference>& name, const std::string& parent) {
  ImagePtr image = impl_->create(to_text(config), config, parent);
  return name ? tag(image->id, *name) : image;
}

ImagePtr Store::create_from_document(const std::string& document) {
  return impl_->create(document, parse_image_config(document), "");
}

ImagePtr Store::Impl::create(const std::string& document, const ImageConfig& config, const std::string& parent) {
  const std::string id = sha256_digest(document);
  if (const auto found = images.find(id); found != images.end()) return found->second;
  Rollback undo;
  Image image;
  image.id = id;
  image.config = config;
  image.parent = parent;
  for (const auto& diff_id : config.diff_ids) {
    layers.retain(diff_id);
    undo.add([this, diff_id] { layers.release(diff_id); });
    image.size += layers.size(diff_id);
  }
  write_file_atomically(blob_path(id), document, 0640);
  rows.apply({row_of(image)}, {});
  undo.commit();
  return replace(std::move(image));
}

std::string Store::document(const Image& image) const {
  const auto text = RootDir(impl_->root + "/blobs/sha256").read_file(digest_hex(image.id));
  if (!text) throw Error(ErrorCode::internal, "the configuration of image " + image.id + " is missing");
  return *text;
}

void Store::announce(const std::string& action, const std::string& id, const std::string& name) const {
  impl_->emit(action, id, name);
}

ImagePtr Store::tag(const std::string& image_text, const Reference& name) {
  ImagePtr made = set_name(image_text, name);
  impl_->emit("tag", made->id, name.familiar());
  return made;
}

ImagePtr Store::set_name(const std::string& image_text, const Reference& name) {
  const ImagePtr image = get(image_text);
  const auto holder = impl_->by_name.find(name.full());
  Image changed = *image;
  changed.last_tagged = rfc3339_now();
  std::vector<Document> rows;
  std::optional<Image> previous;
  if (holder != impl_->by_name.end() && holder->second != image->id) {
    previous = *impl_->images.at(holder->second);
    std::erase(previous->names, name);
    rows.push_back(Impl::row_of(*previous));
  }
  if (holder == impl_->by_name.end() || previous) changed.names.push_back(name);
  std::sort(changed.names.begin(), changed.names.end());
  rows.push_back(Impl::row_of(changed));
  impl_->rows.apply(rows, {});
  if (previous) impl_->replace(std::move(*previous));
  return impl_->replace(std::move(changed));
}

asio::awaitable<ImagePtr> Store::import_rootfs(ImportOptions options, BodyReader body) {
  const Layer layer = co_await import_layer(std::move(body));
  Rollback release;
  release.add([this, layer] { release_layer(layer.diff_id); });
  ImageConfig config;
  config.created = rfc3339_now();
  config.architecture = options.architecture;
  config.comment = options.message.empty() ? "Imported from " + options.source : options.message;
  if (options.config) config.config = *options.config;
  config.diff_ids = {layer.diff_id};
  HistoryEntry entry;
  entry.created = config.created;
  entry.comment = config.comment;
  config.history = {entry};
  ImagePtr image = create(config, options.name, "");
  impl_->emit("import", image->id, options.name ? options.name->familiar() : image->id);
  co_return image;
}

nlohmann::json Store::remove(const std::string& name_or_id, bool force, bool) { return impl_->remove(name_or_id, force); }

// ── layers ──

std::string Store::layer_dir(const std::string& diff_id) const { return impl_->layers.dir(diff_id); }
bool Store::has_layer(const std::string& diff_id) const { return impl_->layers.has(diff_id); }
std::set<std::string> Store::layer_ids() const { return impl_->layers.ids(); }
std::uint64_t Store::layer_size(const std::string& diff_id) const { return impl_->layers.size(diff_id); }
void Store::retain_layer(const std::string& diff_id) { impl_->layers.retain(diff_id); }
void Store::release_layer(const std::string& diff_id) { impl_->layers.release(diff_id); }
void Store::remove_unused_layers() { impl_->layers.remove_unused(); }

std::vector<std::string> Store::content_dirs(const ImageConfig& config) const {
  std::vector<std::string> dirs;
  for (auto diff_id = config.diff_ids.rbegin(); diff_id != config.diff_ids.rend(); ++diff_id) {
    const std::string dir = impl_->layers.dir(*diff_id);
    // the same layer twice adds nothing, and overlayfs refuses it
    if (std::find(dirs.begin(), dirs.end(), dir) == dirs.end()) dirs.push_back(dir);
  }
  return dirs;
}

std::vector<std::string> Store::lower_dirs(const std::vector<std::string>& diff_ids) const {
  ImageConfig config;
  config.diff_ids = diff_ids;
  return lower_dirs(config);
}

std::vector<std::string> Store::lower_dirs(const ImageConfig& config) const {
  std::vector<std::string> dirs = content_dirs(config);
  dirs.push_back(impl_->layers.mount_points_dir());
  return dirs;
}

asio::awaitable<Layer> Store::commit_layer(std::string upper) {
  auto work = [upper, staged = make_temporary("layer")] {
    Layer layer;
    Sha256 hash;
    archive::WriteOptions options;
    options.whiteouts = archive::Whiteouts::overlay;
    const archive::Filter measure = [&layer](const std::string&, const struct stat& status) {
      if (S_ISREG(status.st_mode)) layer.size += static_cast<std::uint64_t>(status.st_size);
      return archive::Keep::yes;
    };
    archive::write_directory(
        upper, measure, [&hash](std::string_view bytes) { hash.update(bytes); }, options);
    layer.diff_id = "sha256:" + hash.hex();
    if (::rename(upper.c_str(), (staged + "/diff").c_str()) != 0) throw errno_error("rename " + upper);
    return std::pair(layer, staged);
  };
  const auto [layer, staged] = co_await run_in_pool(impl_->pool, std::move(work));
  impl_->layers.adopt(staged, layer.diff_id, layer.size);
  co_return layer;
}

asio::awaitable<Layer> Store::import_layer(BodyReader body) {
  const std::string staged = make_temporary("layer");
  Rollback undo;
  undo.add([this, staged] { discard(staged); });
  Layer layer;
  std::function<void(archive::Source)> consume = [&layer, staged, root = impl_->root](archive::Source source) {
    const UnpackedLayer unpacked = naming_disk_shortage(root, [&] { return unpack_layer(std::move(source), staged); });
    layer = {.diff_id = unpacked.diff_id, .size = unpacked.size};
  };
  co_await consume_body(std::move(body), std::move(consume));
  impl_->layers.adopt(staged, layer.diff_id, layer.size);
  undo.commit();
  co_return layer;
}

void Store::adopt_layer(const std::string& staged, const Layer& layer) {
  impl_->layers.adopt(staged, layer.diff_id, layer.size);
}

// ── snapshots ──

Snapshot Store::prepare_snapshot(const std::string& container_id, const ImageConfig& config) {
  impl_->snapshots.prepare(container_id, config.diff_ids);
  return *find_snapshot(container_id);
}

std::optional<Snapshot> Store::find_snapshot(const std::string& container_id) const {
  const std::vector<std::string>* diff_ids = impl_->snapshots.layers_of(container_id);
  if (diff_ids == nullptr) return std::nullopt;
  return Snapshot{lower_dirs(*diff_ids), impl_->snapshots.upper(container_id), impl_->snapshots.work(container_id)};
}

std::vector<std::string> Store::snapshot_layers(const std::string& container_id) const {
  const std::vector<std::string>* diff_ids = impl_->snapshots.layers_of(container_id);
  return diff_ids == nullptr ? std::vector<std::string>{} : *diff_ids;
}

void Store::remove_snapshot(const std::string& container_id) { impl_->snapshots.remove(container_id); }
void Store::remove_snapshots_except(const std::vector<std::string>& container_ids) {
  impl_->snapshots.remove_except(container_ids);
}

const std::string& Store::data_root() const { return impl_->root; }
std::string Store::make_temporary(const std::string& purpose) const { return impl_->layers.make_temporary(purpose); }
void Store::discard(const std::string& path) const { impl_->layers.trash().discard(path); }
void Store::drain() const { impl_->layers.trash().drain(); }

}  // namespace stack::engine::image
