#pragma once
// Images of this engine: names, configurations (blobs/sha256/<digest>) and unpacked layers (layers/<diff id>/diff), shared by
// content. Loop thread only; what blocks runs in the pool or in a thread of its own.
//
// Crash safety: a layer or blob appears by rename from tmp/ before the row that names it; tmp/ is emptied by load(), layers
// without an owner go in remove_unused_layers().
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/safe_path.hpp"
#include "engine/image/config.hpp"
#include "engine/image/reference.hpp"
#include "engine/image/upload.hpp"
#include "engine/state/document_table.hpp"

namespace stack::engine::image {

/// An immutable record: changes make a new one.
struct Image {
  std::string id;  ///< "sha256:…" of the configuration document
  ImageConfig config;
  std::vector<Reference> names;  ///< tags and digests; empty: dangling
  std::string parent;            ///< id of the image a build started from; may be empty
  std::uint64_t size = 0;        ///< content bytes of all layers
  std::string last_tagged;       ///< RFC 3339; empty: never

  std::vector<std::string> repo_tags() const;     ///< familiar, "busybox:latest"
  std::vector<std::string> repo_digests() const;  ///< familiar, "busybox@sha256:…"
};
using ImagePtr = std::shared_ptr<const Image>;

/// A container that uses an image, for the refusal to remove it.
struct ImageUse {
  std::string container_id;
  bool running = false;
};

/// The filters of GET /images/json, decoded: {"label": {"a=b"}, "dangling": {"true"}}.
using Filters = std::map<std::string, std::vector<std::string>>;

/// A layer unpacked in the store.
struct Layer {
  std::string diff_id;  ///< "sha256:…" of the uncompressed tar
  std::uint64_t size = 0;
};

/// The writable layer of one container, with what lies below it; as overlayfs wants them.
struct Snapshot {
  std::vector<std::string> lower_dirs;  ///< topmost first; the last one holds the mount points every container needs
  std::string upper;
  std::string work;
};

class Store {
public:
  /// `data_root` exists. Both references must outlive the store.
  Store(std::string data_root, DocumentTable& table, asio::thread_pool& pool);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Reads the rows and removes what a crash left (blocking; once, at start, before anything else).
  /// Snapshots are kept: see remove_snapshots_except().
  void load();

  /// Who uses an image; asked by remove(). Default: nobody.
  void set_usage(std::function<std::vector<ImageUse>(const std::string& image_id)> usage);
  /// Told of import, tag, untag, delete: (action, image id, familiar name or id).
  void on_event(std::function<void(const std::string& action, const std::string& id, const std::string& name)> sink);

  // ── finding ──
  ImagePtr find_id(const std::string& id) const;  ///< "sha256:<64 hex>"; null: no such image
  /// By name (":latest" is added), "name@sha256:…", full id with or without "sha256:", or unique id prefix. A name wins over an
  /// id prefix. Null: no such image. Throws invalid_argument for an ambiguous prefix or for what cannot be a name.
  ImagePtr find(const std::string& name_or_id) const;
  ImagePtr get(const std::string& name_or_id) const;  ///< throws not_found "No such image: x:latest"
  /// Newest first. Throws invalid_argument "invalid filter 'x'".
  std::vector<ImagePtr> list(const Filters& filters = {}) const;
  std::size_t count() const;
  std::uint64_t layers_size() const;  ///< of all layers, each counted once

  // ── changing ──
  struct ImportOptions {
    std::optional<Reference> name;
    std::string message;  ///< of the history entry; empty: "Imported from -"
    std::string source = "-";
    std::optional<RunConfig> config;  ///< from ?changes=
    std::string architecture = "amd64";
  };
  /// A root filesystem as a tar stream (plain, gz, zst, xz) becomes an image of one layer.
  asio::awaitable<ImagePtr> import_rootfs(ImportOptions options, BodyReader body);
  /// Gives an image one more name, taking it from the image that had it.
  ImagePtr tag(const std::string& image, const Reference& name);
  /// The same without an event: the caller announces what the name comes from (a pull).
  ImagePtr set_name(const std::string& image, const Reference& name);
  /// Docker's rules: a name is untagged, the last name (or the id) deletes, in-use refuses unless forced. Returns the API's
  /// answer,
  /// [{"Untagged": …}, {"Deleted": …}], and removes unused layers in the background. Throws conflict or not_found with Docker's
  /// texts.
  nlohmann::json remove(const std::string& name_or_id, bool force, bool no_prune = false);

  /// Records an image made of layers that are in the store. The same configuration again gives the image that is there.
  ImagePtr create(const ImageConfig& config, const std::optional<Reference>& name, const std::string& parent);
  /// The same from a configuration document as others wrote it: its bytes are kept, and their digest is the image's id.
  ImagePtr create_from_document(const std::string& document);
  /// The configuration document's bytes. Throws internal when they are gone.
  std::string document(const Image& image) const;
  /// Tells the listener of on_event() what somebody else did with an image: "pull", "load", "save".
  void announce(const std::string& action, const std::string& id, const std::string& name) const;

  // ── layers ──
  std::string layer_dir(const std::string& diff_id) const;  ///< <data root>/layers/<hex>/diff
  /// Directories of an image's layers as Snapshot::lower_dirs has them.
  std::vector<std::string> lower_dirs(const ImageConfig& config) const;
  std::vector<std::string> lower_dirs(const std::vector<std::string>& diff_ids) const;
  /// The image's own layers alone, topmost first, without the mount points: what COPY --from and volumes read.
  std::vector<std::string> content_dirs(const ImageConfig& config) const;
  bool has_layer(const std::string& diff_id) const;
  std::set<std::string> layer_ids() const;
  std::uint64_t layer_size(const std::string& diff_id) const;  ///< 0 when unknown
  /// Makes a layer of a directory in overlayfs form (a snapshot's upper), which is moved into the store. Empty diff ids never
  /// occur: an unchanged upper gives the layer of the empty tar. The layer is retained once for the caller.
  asio::awaitable<Layer> commit_layer(std::string upper);
  /// Unpacks a layer's tar; retained once for the caller.
  asio::awaitable<Layer> import_layer(BodyReader body);
  /// Takes over a layer that unpack_layer() made in a directory of make_temporary(); retained once for the caller.
  void adopt_layer(const std::string& staged, const Layer& layer);
  /// Keeps a layer although no image uses it (build cache); counted.
  void retain_layer(const std::string& diff_id);
  /// The opposite; the layer is removed in the background when nothing uses it any more.
  void release_layer(const std::string& diff_id);
  /// After a start, when everybody has retained what they need (Builder::load() calls it): removes the layers nobody did.
  void remove_unused_layers();

  // ── snapshots: writable layers of containers ──
  /// Creates snapshots/<container id>/{upper,work}; the image's layers stay until the snapshot is removed, even when the image
  /// is. Synchronous and short. Called again for the same container it gives the same directories.
  Snapshot prepare_snapshot(const std::string& container_id, const ImageConfig& config);
  /// Empty: there is none.
  std::optional<Snapshot> find_snapshot(const std::string& container_id) const;
  std::vector<std::string> snapshot_layers(const std::string& container_id) const;  ///< diff ids below it, lowest first
  /// Missing is fine. The name is free at once; the files go in the background.
  void remove_snapshot(const std::string& container_id);
  /// After a start: removes the snapshots of containers that are not in the list.
  void remove_snapshots_except(const std::vector<std::string>& container_ids);

  /// An empty directory below tmp/ for the caller's staging, on the layers' filesystem. Removed by the caller or at the next
  /// start.
  std::string make_temporary(const std::string& purpose) const;
  const std::string& data_root() const;
  /// Removes a tree in the background: renamed away at once.
  void discard(const std::string& path) const;
  /// Waits until background removals so far are done (tests, shutdown). Blocking.
  void drain() const;

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Bodies of the API.
nlohmann::json inspect_json(const Image& image, const Store& store);  ///< GET /images/{name}/json
/// Of an image listed by the filter "reference", only the names that match it; the image itself without that filter.
ImagePtr with_matching_names(ImagePtr image, const Filters& filters);
nlohmann::json summary_json(const Image& image, std::int64_t containers = -1);  ///< an item of GET /images/json
nlohmann::json history_json(const Image& image, const Store& store);            ///< GET /images/{name}/history

}  // namespace stack::engine::image
