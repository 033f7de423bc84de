#pragma once
// What all lists have in common: their flags, filters, and how rows become lines.
#include <string>
#include <string_view>
#include <vector>

#include "cli/flags.hpp"
#include "cli/render/format.hpp"
#include "engine/api/client.hpp"

namespace stack::cli {

struct ListOptions {
  bool quiet = false;
  bool full = false;   ///< --no-trunc
  std::string format;  ///< empty: the list's own table
  std::vector<std::string> filters;
};

void add_format_flag(Flags& flags, std::string& format);
/// Without --format: the format that docker's config.json has under `key` ("psFormat"), if it has one.
void use_configured_format(std::string& format, const std::string& key);
/// -f, --filter NAME=VALUE
void add_filter_flag(Flags& flags, std::vector<std::string>& filters);
/// Both, -q and --no-trunc.
void add_list_flags(Flags& flags, ListOptions& options);

/// {"name=web", "status=exited"} → what the API takes. Throws UsageError for what has no "=".
engine::api::Filters parse_filters(const std::vector<std::string>& texts);

/// How a list looks when nothing else is asked for.
struct ListLook {
  std::string_view table;     ///< "table {{.ID}}\t{{.Name}}"
  std::string_view quiet_id;  ///< the field that --quiet prints
  render::FieldTitles titles;
};
ListLook volume_look();
std::string render_list(const std::vector<render::Row>& rows, const ListOptions& options, const ListLook& look);

}  // namespace stack::cli
