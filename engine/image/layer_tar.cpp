#include "engine/image/layer_tar.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "engine/image/tar_recipe.hpp"

namespace stack::engine::image {

namespace {

std::string recipe_of(const std::string& directory) { return directory + "/recipe"; }

/// Layers that were built here: written as commit_layer() has hashed them.
void write_built(const std::string& directory, const archive::Sink& sink) {
  archive::WriteOptions options;
  options.whiteouts = archive::Whiteouts::overlay;
  archive::write_directory(
      directory + "/diff", [](const std::string&, const struct stat&) { return archive::Keep::yes; }, sink, options);
}

}  // namespace

UnpackedLayer unpack_layer(archive::Source tar, const std::string& directory) {
  const std::string diff = directory + "/diff";
  if (::mkdir(diff.c_str(), 0755) != 0 || ::chmod(diff.c_str(), 0755) != 0) throw errno_error("mkdir " + diff);
  TarRecipeWriter recipe(recipe_of(directory));
  archive::ExtractOptions options;
  options.whiteouts = archive::Whiteouts::overlay;
  options.tap = [&recipe](std::string_view bytes) { recipe.stream(bytes); };
  const archive::ExtractResult result = archive::extract(std::move(tar), RootDir(diff), options);
  recipe.finish();
  return {.diff_id = result.digest, .size = result.content_bytes};
}

LayerTar::LayerTar(std::string directory, std::string diff_id)
    : directory_(std::move(directory)), diff_id_(std::move(diff_id)) {
  has_recipe_ = ::access(recipe_of(directory_).c_str(), F_OK) == 0;
  if (has_recipe_) {
    size_ = tar_recipe_size(recipe_of(directory_));
    return;
  }
  Sha256 hash;
  write_built(directory_, [&](std::string_view bytes) {
    hash.update(bytes);
    size_ += bytes.size();
  });
  if ("sha256:" + hash.hex() != diff_id_)
    throw Error(ErrorCode::internal, "layer " + diff_id_ + " cannot be written again as it came (its tar names a file twice)");
}

void LayerTar::write(const archive::Sink& sink) const {
  if (!has_recipe_) {
    write_built(directory_, sink);
    return;
  }
  Sha256 hash;
  replay_tar_recipe(recipe_of(directory_), RootDir(directory_ + "/diff"), [&](std::string_view bytes) {
    hash.update(bytes);
    sink(bytes);
  });
  if ("sha256:" + hash.hex() != diff_id_) throw Error(ErrorCode::internal, "the files of layer " + diff_id_ + " have changed");
}

}  // namespace stack::engine::image
