#pragma once
// One container as `stats` shows it: pure functions of the engine's numbers.
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "cli/render/format.hpp"
#include "engine/api/stats_types.hpp"

namespace stack::cli::render {

/// Percent of one processor that was used between the two samples; 200 is two whole ones. 0 when there is no time between them.
double cpu_percent(const engine::api::CpuStats& before, const engine::api::CpuStats& now);

/// Without the page cache that the kernel can drop at once.
std::uint64_t used_memory(const engine::api::MemoryStats& memory);

/// The object `docker stats --format json` prints; `before`: the same container, some time ago.
nlohmann::json stats_object(const engine::api::ContainerStats& before, const engine::api::ContainerStats& now, bool full_id);

/// The usual table over these objects, for format_rows().
inline constexpr std::string_view stats_table =
    "table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}";
FieldTitles stats_titles();

}  // namespace stack::cli::render
