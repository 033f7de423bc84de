#include "cli/render/image_name.hpp"

namespace stack::cli::render {

ImageName split_name(const std::string& name, const std::string& default_tag) {
  const std::size_t colon = name.rfind(':');
  if (colon == std::string::npos || name.find('/', colon) != std::string::npos) return {name, default_tag};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

std::string short_id(const std::string& id) { return id.substr(id.starts_with("sha256:") ? 7 : 0, 12); }

}  // namespace stack::cli::render
