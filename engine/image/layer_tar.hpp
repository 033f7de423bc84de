#pragma once
// A layer between its two forms: a tar stream, and an unpacked directory with what belongs beside it. Blocking: pool threads
// and threads of their own.
#include <cstdint>
#include <string>

#include "base/archive.hpp"

namespace stack::engine::image {

struct UnpackedLayer {
  std::string diff_id;     ///< "sha256:…" of the uncompressed tar
  std::uint64_t size = 0;  ///< of its files' content
};

/// Unpacks a layer (tar; plain, gzip, zstd or xz) into `directory`: diff/, and recipe when the tar can be written again from
/// it. Nothing is written outside. Throws invalid_argument naming the member that cannot be right.
UnpackedLayer unpack_layer(archive::Source tar, const std::string& directory);

/// The tar of an unpacked layer again. Throws internal when the files do not give the bytes that `diff_id` names.
class LayerTar {
public:
  LayerTar(std::string directory, std::string diff_id);
  std::uint64_t size() const { return size_; }
  void write(const archive::Sink& sink) const;

private:
  std::string directory_;
  std::string diff_id_;
  bool has_recipe_ = false;
  std::uint64_t size_ = 0;
};

}  // namespace stack::engine::image
