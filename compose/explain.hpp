#pragma once
// Where a value came from: what `config --explain` prints.
#include <string>

#include "compose/loader.hpp"

namespace stack::compose {

/// `subject` is a key ("services.web.environment.TAG", "services.web.ports[0]") or a variable ("TAG"). The answer has the
/// value, then every place that set it, the one that counts first, each with its line as it is written there:
///     services.web.image = "shop:1.2"
///       compose.override.yaml:4:12  image: shop:${TAG}  <- counts
///       compose.yaml:3:12           image: nginx
///       TAG = "1.2"
///         .env:1  TAG=1.2  <- counts
/// Throws not_found for what is neither, with the nearest that there is.
std::string explain(const LoadResult& loaded, const LoadOptions& options, const std::string& subject);

}  // namespace stack::compose
