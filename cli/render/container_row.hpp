#pragma once
// One container as `ps` shows it: pure functions of the engine's answer.
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/api/container_types.hpp"

namespace stack::cli::render {

/// "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 5432/tcp"; neighbouring ports of one address as a range.
std::string port_list(std::vector<engine::api::PortSummary> ports);

/// `command` shortened unless `full`, in quotes.
std::string quoted_command(const std::string& command, bool full);

/// Engines tell health and exit code of a listed container only inside its status text: "Up 3 seconds (healthy)",
/// "Exited (3) 2 minutes ago".
std::string health_in(std::string_view status);
int exit_code_in(std::string_view status);

/// The object `docker compose ps --format json` prints. `now`: Unix seconds. `exit_code`: when the status text cannot tell it.
nlohmann::json container_object(const engine::api::ContainerSummary& container, bool full, std::int64_t now,
                                std::optional<std::int64_t> exit_code = {});

/// The object `docker container ls --format json` prints. `sized`: with the size of what its image has not, too.
nlohmann::json docker_container_object(const engine::api::ContainerSummary& container, bool full, bool sized, std::int64_t now);

/// The cells of the table: NAME IMAGE COMMAND SERVICE CREATED STATUS PORTS.
std::vector<std::string> container_cells(const engine::api::ContainerSummary& container, bool full, std::int64_t now);

}  // namespace stack::cli::render
