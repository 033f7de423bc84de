#pragma once
// One event of a container as `events` shows it.
#include <string>

#include "engine/api/system_types.hpp"

namespace stack::cli::render {

/// `2026-11-23 11:43:44.123456 container start 4f2a… (image=web, name=shop-web-1)`, local time. Labels of docker compose are
/// left out, here and in the JSON.
std::string event_line(const engine::api::Event& event);

/// The object `docker compose events --json` prints.
std::string event_json(const engine::api::Event& event);

}  // namespace stack::cli::render
