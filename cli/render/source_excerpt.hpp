#pragma once
// For an error that names a place: the line itself, with a caret below it.
#include <string>
#include <string_view>

namespace stack::cli::render {

/// `error` with an excerpt below each of its lines that starts with "FILE:LINE:COLUMN: " (or "FILE:LINE: ") of a file that can
/// be read:
///     compose.yaml:4:5: services.web: unknown key 'imge'; did you mean 'image'?
///       4 |     imge: nginx
///         |     ^
/// The error and the caret are red when there is colour.
std::string with_excerpts(std::string_view error, bool color);

}  // namespace stack::cli::render
