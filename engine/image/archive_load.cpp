#include "engine/image/archive_load.hpp"

#include <sys/stat.h>

#include <set>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/rollback.hpp"
#include "engine/image/layer_tar.hpp"
#include "engine/image/progress_line.hpp"

namespace stack::engine::image {

namespace {

constexpr std::size_t document_limit = 8 << 20;     // of one JSON document
constexpr std::size_t documents_limit = 256 << 20;  // of all
constexpr std::size_t max_depth = 4;                // of indexes in indexes

/// A layer that was met in the archive.
struct FoundLayer {
  UnpackedLayer unpacked;
  std::string staged;   ///< where it was unpacked; empty: the store has it already
  std::string failure;  ///< it is no layer; matters only when an image needs it
};

/// What one pass over the archive has found, by clean path.
struct Contents {
  std::map<std::string, std::string> documents;
  std::map<std::string, FoundLayer> layers;
  std::map<std::string, std::string> links;  ///< older archives name a repeated layer by a link
};

/// An image to be made.
struct LoadedImage {
  std::string document;
  std::vector<std::string> layers;  ///< paths in the archive
  std::vector<Reference> names;
};

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::invalid_argument, "cannot load the archive: " + why);
}

/// Reads the archive. Thread of its own.
class ArchiveScanner {
public:
  ArchiveScanner(std::string staging, const std::set<std::string>& known) : staging_(std::move(staging)), known_(known) {}

  Contents run(archive::Source source) {
    archive::Reader reader(std::move(source));
    while (const auto member = reader.next()) {
      const std::string path = clean_path(member->path);
      if (member->type == archive::Member::Type::symlink)
        contents_.links[path] = clean_path(directory_of(path) + member->link);
      else if (member->type == archive::Member::Type::hard_link)
        contents_.links[path] = clean_path(member->link);
      else if (member->type == archive::Member::Type::file)
        file(reader, *member, path);
    }
    return std::move(contents_);
  }

private:
  static std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash + 1);
  }

  void file(archive::Reader& reader, const archive::Member& member, const std::string& path) {
    constexpr std::string_view blobs = "blobs/sha256/";
    const std::string digest = path.starts_with(blobs) ? "sha256:" + path.substr(blobs.size()) : std::string();
    if (known_.contains(digest)) {  // an uncompressed layer that is here already
      contents_.layers[path] = {.unpacked = {.diff_id = digest, .size = 0}, .staged = {}, .failure = {}};
      return;
    }
    archive::Source content = source_of(reader);
    std::string start = take(content, std::min<std::uint64_t>(member.size, 512));
    const bool named_layer = path.ends_with("/layer.tar") || path.ends_with(".tar.gz");
    if (!named_layer && start.starts_with('{')) return document(path, digest, start, content, member.size);
    if (!named_layer && start.starts_with('[')) return document(path, digest, start, content, member.size);
    if (!named_layer && digest.empty() && !path.ends_with(".tar")) return;  // VERSION and the like
    layer(path, digest, std::move(start), std::move(content));
  }

  static archive::Source source_of(archive::Reader& reader) {
    return [&reader, rest = std::string_view(), at = std::uint64_t{0}](char* buffer, std::size_t size) mutable -> std::size_t {
      while (rest.empty()) {
        std::uint64_t offset = 0;
        if (!reader.read(rest, offset)) return 0;
        if (offset != at) throw Error(ErrorCode::invalid_argument, "an archive of images cannot have sparse members");
        at += rest.size();
      }
      const std::size_t count = std::min(size, rest.size());
      std::memcpy(buffer, rest.data(), count);
      rest.remove_prefix(count);
      return count;
    };
  }

  static std::string take(const archive::Source& source, std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t done = 0;
    while (done < size) {
      const std::size_t got = source(bytes.data() + done, size - done);
      if (got == 0) break;
      done += got;
    }
    bytes.resize(done);
    return bytes;
  }

  void document(const std::string& path, const std::string& digest, std::string text, const archive::Source& content,
                std::uint64_t size) {
    if (size > document_limit) return;  // nothing an image needs
    text += take(content, static_cast<std::size_t>(size) - text.size());
    total_ += text.size();
    if (total_ > documents_limit) refuse("it has too many documents");
    if (!digest.empty() && sha256_digest(text) != digest) refuse(path + " does not have the digest in its name");
    contents_.documents[path] = std::move(text);
  }

  void layer(const std::string& path, const std::string& digest, std::string start, archive::Source content) {
    FoundLayer found;
    found.staged = staging_ + "/" + std::to_string(contents_.layers.size());
    if (::mkdir(found.staged.c_str(), 0710) != 0) throw errno_error("mkdir " + found.staged);
    Sha256 hash;
    archive::Source hashed = [&, begin = std::move(start), at = std::size_t{0}](char* buffer, std::size_t size) mutable {
      std::size_t got = std::min(size, begin.size() - at);
      std::memcpy(buffer, begin.data() + at, got);
      at += got;
      if (got == 0) got = content(buffer, size);
      hash.update({buffer, got});
      return got;
    };
    try {
      found.unpacked = unpack_layer(std::ref(hashed), found.staged);  // not a copy, which would count on its own
      std::string rest(64 * 1024, '\0');
      while (hashed(rest.data(), rest.size()) > 0) {
      }
      if (!digest.empty() && "sha256:" + hash.hex() != digest) found.failure = "it does not have the digest in its name";
    } catch (const Error& error) {
      found.failure = error.what();
    }
    contents_.layers[path] = std::move(found);
  }

  const std::string staging_;
  const std::set<std::string>& known_;
  Contents contents_;
  std::size_t total_ = 0;
};

/// Finds out which images an archive has. Pure.
class ImageFinder {
public:
  ImageFinder(const Contents& contents, Platform wanted) : contents_(contents), wanted_(std::move(wanted)) {}

  std::vector<LoadedImage> run() {
    if (const std::string* text = document("manifest.json"))
      docker(*text);
    else if (const std::string* index = document("index.json"))
      oci(*index);
    else
      refuse("it has neither a manifest.json (docker save) nor an index.json (OCI)");
    return std::move(images_);
  }

private:
  const std::string* document(const std::string& path) const {
    const auto found = contents_.documents.find(path);
    return found == contents_.documents.end() ? nullptr : &found->second;
  }
  const std::string& needed(const std::string& path) const {
    const std::string* text = document(path);
    if (text == nullptr) refuse(path + " is missing");
    return *text;
  }

  void docker(const std::string& text) {
    const nlohmann::json list = nlohmann::json::parse(text, nullptr, false);
    if (!list.is_array()) refuse("manifest.json: not a JSON list");
    for (const nlohmann::json& entry : list) {
      if (!entry.is_object()) refuse("manifest.json: must hold objects");
      std::string config;
      std::vector<std::string> tags;
      LoadedImage image;
      json::read(entry, "Config", config, "manifest.json");
      json::read(entry, "RepoTags", tags, "manifest.json");
      json::read(entry, "Layers", image.layers, "manifest.json");
      image.document = needed(clean_path(config));
      for (std::string& layer : image.layers) layer = clean_path(layer);
      for (const std::string& tag : tags) image.names.push_back(parse_tagged_reference(tag));
      images_.push_back(std::move(image));
    }
  }

  static std::string blob(const std::string& digest) { return "blobs/sha256/" + digest.substr(7); }

  void oci(const std::string& text) {
    const auto parsed = parse_manifest(text, media::oci_index);
    const auto* index = std::get_if<Index>(&parsed);
    if (index == nullptr) refuse("index.json is no index");
    for (const Descriptor& entry : index->manifests) {
      if (entry.platform && !matches(wanted_, *entry.platform) && index->manifests.size() > 1) continue;
      oci_entry(entry, names_of(entry), 0);
    }
    if (images_.empty()) refuse("it has no image for " + wanted_.text());
  }

  static std::vector<Reference> names_of(const Descriptor& entry) {
    for (const char* key : {"io.containerd.image.name", "org.opencontainers.image.ref.name"}) {
      const auto found = entry.annotations.find(key);
      // a tag alone ("latest") is no name
      if (found == entry.annotations.end() || found->second.find_first_of(":/") == std::string::npos) continue;
      try {
        return {parse_tagged_reference(found->second)};
      } catch (const Error&) {
        continue;  // the annotation is free text by its specification
      }
    }
    return {};
  }

  void oci_entry(const Descriptor& entry, const std::vector<Reference>& names, std::size_t depth) {
    if (depth > max_depth) refuse("its indexes are nested too deeply");
    const auto parsed = parse_manifest(needed(blob(entry.digest)), entry.media_type);
    if (const auto* index = std::get_if<Index>(&parsed)) {
      const Descriptor* chosen = choose(*index, wanted_);
      if (chosen != nullptr) oci_entry(*chosen, names, depth + 1);
      return;
    }
    const Manifest& manifest = std::get<Manifest>(parsed);
    LoadedImage image;
    image.document = needed(blob(manifest.config.digest));
    for (const Descriptor& layer : manifest.layers) image.layers.push_back(blob(layer.digest));
    image.names = names;
    images_.push_back(std::move(image));
  }

  const Contents& contents_;
  const Platform wanted_;
  std::vector<LoadedImage> images_;
};

const FoundLayer& layer_at(const Contents& contents, std::string path) {
  for (std::size_t hops = 0; hops < max_depth; ++hops) {
    if (const auto found = contents.layers.find(path); found != contents.layers.end()) {
      if (!found->second.failure.empty()) refuse("layer " + path + ": " + found->second.failure);
      return found->second;
    }
    const auto link = contents.links.find(path);
    if (link == contents.links.end()) break;
    path = link->second;
  }
  refuse("layer " + path + " is missing");
}

/// The configuration's digests are those of the layers, one by one.
void check_image(const Contents& contents, const LoadedImage& image) {
  const ImageConfig config = parse_image_config(image.document);
  if (config.diff_ids.size() != image.layers.size())
    refuse("an image has " + std::to_string(image.layers.size()) + " layers, its configuration " +
           std::to_string(config.diff_ids.size()));
  for (std::size_t i = 0; i < image.layers.size(); ++i) {
    const std::string& found = layer_at(contents, image.layers[i]).unpacked.diff_id;
    if (found != config.diff_ids[i])
      refuse("layer " + image.layers[i] + " should have the digest " + config.diff_ids[i] + ", but has " + found);
  }
}

/// An archive of `docker save` says only in the images' configurations what they are for.
void keep_images_for(const Platform& wanted, std::vector<LoadedImage>& images) {
  std::erase_if(images, [&](const LoadedImage& image) {
    const ImageConfig config = parse_image_config(image.document);
    return !matches(wanted, {config.os, config.architecture, config.variant});
  });
  if (images.empty()) refuse("it has no image for " + wanted.text());
}

/// Layers of the images enter the store; what was unpacked for nothing goes with the staging directory.
void adopt_layers(Store& store, const Contents& contents, const LoadedImage& image, std::set<std::string>& adopted,
                  Rollback& release) {
  for (const std::string& path : image.layers) {
    const FoundLayer& layer = layer_at(contents, path);
    const std::string& diff_id = layer.unpacked.diff_id;
    if (!adopted.insert(diff_id).second) continue;
    if (store.has_layer(diff_id))
      store.retain_layer(diff_id);
    else if (layer.staged.empty())
      throw Error(ErrorCode::conflict, "layer " + diff_id + " was removed while the archive was loaded: load it again");
    else
      store.adopt_layer(layer.staged, {.diff_id = diff_id, .size = layer.unpacked.size});
    release.add([&store, diff_id] { store.release_layer(diff_id); });
  }
}

}  // namespace

asio::awaitable<void> load_images(Store& store, BodyReader archive, std::string platform, Output output) {
  const Platform wanted = parse_platform(platform);
  const std::string staging = store.make_temporary("load");
  Rollback cleanup;
  cleanup.add([&store, staging] { store.discard(staging); });
  const std::set<std::string> known = store.layer_ids();
  Contents contents;
  std::function<void(archive::Source)> scan = [&](archive::Source source) {
    contents = ArchiveScanner(staging, known).run(std::move(source));
  };
  co_await consume_body(std::move(archive), std::move(scan));
  std::vector<LoadedImage> images = ImageFinder(contents, wanted).run();
  if (!platform.empty()) keep_images_for(wanted, images);
  for (const LoadedImage& image : images) check_image(contents, image);
  std::set<std::string> adopted;
  std::string lines;
  {
    Rollback release;
    for (const LoadedImage& loaded : images) {
      adopt_layers(store, contents, loaded, adopted, release);
      const ImagePtr image = store.create_from_document(loaded.document);
      for (const Reference& name : loaded.names) {
        store.set_name(image->id, name);
        lines += stream_line("Loaded image: " + name.familiar() + "\n");
      }
      if (loaded.names.empty()) lines += stream_line("Loaded image ID: " + image->id + "\n");
      store.announce("load", image->id, loaded.names.empty() ? image->id : loaded.names.front().familiar());
    }
  }
  co_await output(std::move(lines));
}

}  // namespace stack::engine::image
