#pragma once
// One container as `stats` shows it: pure functions of the engine's numbers.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "engine/api/stats_types.hpp"

namespace stack::cli::render {

/// Percent of one processor that was used between the two samples; 200 is two whole ones. 0 when there is no time between them.
double cpu_percent(const engine::api::CpuStats& before, const engine::api::CpuStats& now);

/// Without the page cache that the kernel can drop at once.
std::uint64_t used_memory(const engine::api::MemoryStats& memory);

/// The object `docker stats --format json` prints; `before`: the same container, some time ago.
nlohmann::json stats_object(const engine::api::ContainerStats& before, const engine::api::ContainerStats& now, bool full_id);

/// The columns of the table, as a row of titles and as fields of stats_object().
extern const std::vector<std::string> stats_titles;
std::vector<std::string> stats_cells(const nlohmann::json& object);

}  // namespace stack::cli::render
