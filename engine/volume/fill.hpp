#pragma once
// First use of a volume: it takes over what the image has at its path.
#include <string>
#include <vector>

namespace stack::engine::volume {

/// Fills <directory>/_data when it is empty. Blocking. The copy is made beside _data and moved in when complete: after a crash
/// the next call goes on or begins again, never with half a copy.
void fill_volume(const std::string& directory, const std::vector<std::string>& lower_dirs, const std::string& path);

}  // namespace stack::engine::volume
