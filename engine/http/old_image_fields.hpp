#pragma once
// What answers about images had in earlier versions of the API. Clients of that time read it: docker 20.10's `system df -v`
// takes the sizes from VirtualSize.
#include <nlohmann/json_fwd.hpp>

namespace stack::engine::http {

/// To an item of a list of images, /system/df's included.
void add_old_summary_fields(nlohmann::json& item, int api_version);
/// To the answer of an inspect.
void add_old_inspect_fields(nlohmann::json& image, int api_version);

}  // namespace stack::engine::http
