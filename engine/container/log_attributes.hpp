#pragma once
// What a log's messages say about their container: labels and variables that the options choose, and a tag from a template.
#include <string>

#include "engine/container/container.hpp"

namespace stack::engine::container {

/// An option of the driver; empty: it is not given.
std::string log_option(const api::LogConfig& config, const char* name);

/// Labels and variables named by labels, labels-regex, env and env-regex.
api::StringMap log_attributes(const Record& record);

/// The option `tag` with its {{words}} replaced; `otherwise` where none is given. Throws invalid_argument.
std::string log_tag(const Record& record, const std::string& otherwise);

/// Throws invalid_argument for a template or a regular expression that is none.
void check_log_attributes(const api::LogConfig& config);

}  // namespace stack::engine::container
