#pragma once
// `platform` in requests about images: newer clients say which of an image's variants they mean. We keep one of each image.
#include <optional>
#include <string>

#include "engine/http/router.hpp"
#include "engine/image/manifest.hpp"
#include "engine/image/store.hpp"

namespace stack::engine::http {

/// {"os":"linux","architecture":"arm64"}, as newer clients write it, of the parameter `name`; empty: any will do. Throws
/// invalid_argument, also for several.
std::optional<image::Platform> wanted_platform(const Request& request, std::string_view name = "platform");

/// Throws not_found, in Docker's words, when `image` (asked for as `reference`) is for another platform.
void check_platform(const image::Image& image, const std::string& reference, const std::optional<image::Platform>& wanted);

}  // namespace stack::engine::http
