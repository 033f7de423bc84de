#include "engine/image/archive_save.hpp"

#include <boost/asio/post.hpp>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/rollback.hpp"
#include "engine/image/download.hpp"
#include "engine/image/layer_tar.hpp"
#include "engine/image/layers.hpp"
#include "engine/image/manifest.hpp"

namespace stack::engine::image {

namespace {

using nlohmann::ordered_json;

/// An image with the names it is saved under.
struct SavedImage {
  ImagePtr image;
  std::string document;
  std::vector<Reference> tags;
};

/// What the writing thread works on; nothing of the store.
struct Job {
  std::vector<SavedImage> images;
  std::map<std::string, std::string> layers;  ///< diff id → its directory
};

class ArchiveWriter {
public:
  ArchiveWriter(const Job& job, archive::Sink sink) : job_(job), tar_(std::move(sink)) {}

  void run() {
    directory("blobs/");
    directory("blobs/sha256/");
    for (const auto& [diff_id, path] : job_.layers) layer(diff_id, path);
    ordered_json index{{"schemaVersion", 2}, {"mediaType", media::oci_index}, {"manifests", ordered_json::array()}};
    ordered_json manifest = ordered_json::array();
    ordered_json repositories = ordered_json::object();
    for (const SavedImage& saved : job_.images) image(saved, index, manifest, repositories);
    file("index.json", index.dump());
    file("manifest.json", manifest.dump());
    file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    if (!repositories.empty()) file("repositories", repositories.dump());
    tar_.finish();
  }

private:
  void directory(const std::string& path) {
    archive::Member member;
    member.path = path;
    member.type = archive::Member::Type::directory;
    member.mode = 0755;
    tar_.add(member);
  }

  void begin(const std::string& path, std::uint64_t size) {
    archive::Member member;
    member.path = path;
    member.mode = 0644;
    member.size = size;
    tar_.add(member);
  }

  void file(const std::string& path, const std::string& text) {
    begin(path, text.size());
    tar_.content(text);
  }

  std::string blob(const std::string& text) {
    const std::string digest = sha256_digest(text);
    if (written_.insert(digest).second) file("blobs/sha256/" + digest_hex(digest), text);
    return digest;
  }

  void layer(const std::string& diff_id, const std::string& unpacked) {
    const LayerTar tar(unpacked, diff_id);
    sizes_[diff_id] = tar.size();
    begin("blobs/sha256/" + digest_hex(diff_id), tar.size());
    tar.write([this](std::string_view bytes) { tar_.content(bytes); });
  }

  void image(const SavedImage& saved, ordered_json& index, ordered_json& manifest, ordered_json& repositories) {
    const std::string config = blob(saved.document);
    ordered_json oci{{"schemaVersion", 2},
                     {"mediaType", media::oci_manifest},
                     {"config", {{"mediaType", media::oci_config}, {"digest", config}, {"size", saved.document.size()}}},
                     {"layers", ordered_json::array()}};
    ordered_json entry{{"Config", "blobs/sha256/" + digest_hex(config)},
                       {"RepoTags", saved.tags.empty() ? ordered_json() : ordered_json::array()},
                       {"Layers", ordered_json::array()}};
    for (const std::string& diff_id : saved.image->config.diff_ids) {
      oci["layers"].push_back({{"mediaType", media::oci_layer}, {"digest", diff_id}, {"size", sizes_.at(diff_id)}});
      entry["Layers"].push_back("blobs/sha256/" + digest_hex(diff_id));
    }
    const std::string text = oci.dump();
    ordered_json descriptor{{"mediaType", media::oci_manifest}, {"digest", blob(text)}, {"size", text.size()}};
    if (saved.tags.empty()) index["manifests"].push_back(descriptor);
    for (const Reference& tag : saved.tags) {
      entry["RepoTags"].push_back(tag.familiar());
      descriptor["annotations"] = {{"io.containerd.image.name", tag.full()}, {"org.opencontainers.image.ref.name", tag.tag}};
      index["manifests"].push_back(descriptor);
      if (!saved.image->config.diff_ids.empty())
        repositories[tag.familiar_repository()][tag.tag] = digest_hex(saved.image->config.diff_ids.back());
    }
    manifest.push_back(std::move(entry));
  }

  const Job& job_;
  archive::Writer tar_;
  std::set<std::string> written_;               ///< digests of documents
  std::map<std::string, std::uint64_t> sizes_;  ///< of layers
};

/// The tags that a word of the request stands for: the one it is, or all of the image whose id it is.
std::vector<Reference> tags_for(const Image& image, const std::string& word) {
  std::vector<Reference> all;
  for (const Reference& name : image.names) {
    if (name.tag.empty()) continue;
    if (word == name.full() || word == name.familiar() || word + ":latest" == name.full() ||
        word + ":latest" == name.familiar())
      return {name};
    all.push_back(name);
  }
  const bool by_id = image.id.starts_with(word) || image.id.substr(7).starts_with(word);
  return by_id ? all : std::vector<Reference>();
}

/// Words that mean the same image are joined.
std::shared_ptr<Job> plan(Store& store, const std::vector<std::string>& words, Rollback& release) {
  auto job = std::make_shared<Job>();
  for (const std::string& word : words) {
    const ImagePtr image = store.get(word);
    auto known = std::find_if(job->images.begin(), job->images.end(),
                              [&](const SavedImage& saved) { return saved.image->id == image->id; });
    if (known == job->images.end())
      known = job->images.insert(job->images.end(), {.image = image, .document = store.document(*image), .tags = {}});
    for (Reference& tag : tags_for(*image, word))
      if (std::find(known->tags.begin(), known->tags.end(), tag) == known->tags.end()) known->tags.push_back(std::move(tag));
    for (const std::string& diff_id : image->config.diff_ids) {
      store.retain_layer(diff_id);
      release.add([&store, diff_id] { store.release_layer(diff_id); });
      const std::string diff = store.layer_dir(diff_id);
      job->layers[diff_id] = diff.substr(0, diff.rfind('/'));
    }
  }
  return job;
}

}  // namespace

asio::awaitable<void> save_images(Store& store, std::vector<std::string> names, BodyWriter write) {
  Rollback release;
  const std::shared_ptr<Job> job = plan(store, names, release);
  std::function<void(const archive::Sink&)> produce = [job](const archive::Sink& sink) { ArchiveWriter(*job, sink).run(); };
  co_await produce_body(std::move(produce), std::move(write));
  for (const SavedImage& saved : job->images)
    store.announce("save", saved.image->id, saved.tags.empty() ? saved.image->id : saved.tags.front().familiar());
}

}  // namespace stack::engine::image
