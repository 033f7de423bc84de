#pragma once
// How to write a layer's tar stream again, byte for byte, from its unpacked files: everything of the stream but the content of
// its files, with the files' names in their places. Kept beside each unpacked layer, so that an image can be saved (and pushed)
// under the digests it came with, without a second copy of its content.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/archive.hpp"

namespace stack::engine::image {

/// Writes a recipe while a stream goes by. The stream may be cut into pieces anywhere.
class TarRecipeWriter {
public:
  explicit TarRecipeWriter(const std::string& file);
  ~TarRecipeWriter();
  TarRecipeWriter(const TarRecipeWriter&) = delete;
  TarRecipeWriter& operator=(const TarRecipeWriter&) = delete;

  void stream(std::string_view bytes);
  /// Ends the file. False: the stream cannot be written again from files (a name comes twice), and the file was removed.
  bool finish();

private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Size of the stream a recipe describes. Throws not_found when there is no recipe, internal when it is damaged.
std::uint64_t tar_recipe_size(const std::string& file);
/// Writes the stream again. Throws internal when a file is not as it was (its size, that is; the caller compares the digest).
void replay_tar_recipe(const std::string& file, const RootDir& root, const archive::Sink& sink);

}  // namespace stack::engine::image
