#pragma once
// The bodies of the Docker Engine API 1.51, the seam between the orchestrator and an engine (design §1).
// Reading is tolerant (null = absent, unknown keys are ignored; a wrong type is invalid_argument that names the field);
// writing gives exactly Docker's keys and its null or empty conventions. tests/engine/api holds both against captured bodies.
#include "engine/api/common_types.hpp"
#include "engine/api/container_config_types.hpp"
#include "engine/api/container_types.hpp"
#include "engine/api/image_types.hpp"
#include "engine/api/network_types.hpp"
#include "engine/api/system_types.hpp"
