#pragma once
// The merged view of layers as a mount that is nowhere attached: only its descriptor reaches it, and it is gone when that is
// closed or the process dies. Blocking (about 0.3 ms): pool thread.
#include <string>
#include <vector>

#include "base/safe_path.hpp"

namespace stack::engine::image {

/// Mounts `lower_dirs` (topmost first) read-only. Throws Error when the kernel refuses.
RootDir open_overlay(const std::vector<std::string>& lower_dirs);
/// With a writable layer: what is written lands in `upper`.
RootDir open_overlay(const std::vector<std::string>& lower_dirs, const std::string& upper, const std::string& work);

/// The way of kernels before 6.7 (Debian 12's own is 6.1), which cannot name layers one by one: mounted in a mount namespace of
/// a thread that ends, and cloned out of it. open_overlay() falls back to it; here for the tests. `upper` may be empty.
RootDir open_overlay_by_mount(const std::vector<std::string>& lower_dirs, const std::string& upper, const std::string& work);

}  // namespace stack::engine::image
