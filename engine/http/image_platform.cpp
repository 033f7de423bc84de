#include "engine/http/image_platform.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/json.hpp"

namespace stack::engine::http {

std::optional<image::Platform> wanted_platform(const Request& request, std::string_view name) {
  const std::vector<std::string> texts = request.query.all(name);
  if (texts.empty() || texts.front().empty()) return std::nullopt;
  if (texts.size() > 1) throw Error(ErrorCode::invalid_argument, "multiple platforms are not supported");
  const std::string where(name);
  const nlohmann::json value = json::parse_object(texts.front(), where);
  image::Platform platform;
  json::read(value, "os", platform.os, where);
  json::read(value, "architecture", platform.architecture, where);
  json::read(value, "variant", platform.variant, where);
  return image::parse_platform(platform.text());  // its names in their usual spelling
}

void check_platform(const image::Image& image, const std::string& reference, const std::optional<image::Platform>& wanted) {
  const image::Platform made{image.config.os, image.config.architecture, image.config.variant};
  if (wanted && !image::matches(*wanted, made))
    throw Error(
        ErrorCode::not_found,
        fmt::format("image with reference {} was found but its platform ({}) does not match the specified platform ({})",
                    reference, made.text(), wanted->text()));
}

}  // namespace stack::engine::http
