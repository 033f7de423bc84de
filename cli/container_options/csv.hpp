#pragma once
// "type=bind,source=/a,target=/b": fields of --mount, --network and --gpus.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stack::cli::container_options {

struct CsvField {
  std::string name;
  std::optional<std::string> value;  ///< empty: there is no "="
};

/// Commas part fields; a field in double quotes may hold them. Throws UsageError naming `flag`.
std::vector<CsvField> csv_fields(std::string_view text, std::string_view flag);

}  // namespace stack::cli::container_options
