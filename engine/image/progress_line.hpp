#pragma once
// Lines of the API's progress streams, as the docker command reads them.
#include <cstdint>
#include <string>

namespace stack::engine::image {

std::string status_line(const std::string& status);                         ///< {"status":…}
std::string status_line(const std::string& status, const std::string& id);  ///< {"status":…,"id":…}
std::string stream_line(const std::string& text);                           ///< {"stream":…}
std::string error_line(const std::string& message);                         ///< {"errorDetail":{"message":…},"error":…}
/// A layer's state; `total` 0: no amounts.
std::string progress_line(const std::string& status, const std::string& id, std::uint64_t current = 0, std::uint64_t total = 0);

}  // namespace stack::engine::image
