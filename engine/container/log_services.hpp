#pragma once
// The drivers journald and syslog: their options, as what the monitor is told (engine/shim/log_shipping.hpp).
#include <string>

#include "engine/container/container.hpp"
#include "engine/shim/log_shipping.hpp"

namespace stack::engine::container {

bool is_log_service(const std::string& driver);
bool is_log_service_option(const std::string& driver, const std::string& name);

/// Throws invalid_argument in Docker's words, not_implemented for TLS.
void check_log_service_options(const api::LogConfig& config);

/// Service none for every other driver.
shim::LogShipping log_shipping(const Record& record);

/// Looks a host's name up, and makes sure that the service is there. Blocking. Throws internal in Docker's words.
void reach_log_service(shim::LogShipping& shipping);

}  // namespace stack::engine::container
