#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace stack::cli::render {

/// GET /info as `system info` prints it: what a person asks for first.
std::string info_text(const nlohmann::ordered_json& info);

}  // namespace stack::cli::render
