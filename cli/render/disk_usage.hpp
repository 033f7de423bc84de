#pragma once
// GET /system/df as `system df` shows it: pure functions of the engine's answer.
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/render/format.hpp"

namespace stack::cli::render {

/// A row for each kind of things: images, containers, volumes, build cache.
std::vector<Row> disk_usage_rows(const nlohmann::json& usage);
inline constexpr std::string_view disk_usage_table =
    "table {{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}";
FieldTitles disk_usage_titles();

/// Every thing of every kind, a table each. `now`: Unix seconds.
std::string disk_usage_in_full(const nlohmann::json& usage, std::int64_t now);

}  // namespace stack::cli::render
