#include "cli/listing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/docker_config.hpp"

namespace stack::cli {

void add_format_flag(Flags& flags, std::string& format) {
  flags.value("--format", format, "FORMAT",
              "table, json (one object a line), 'table TEMPLATE' or a template: '{{.ID}}\\t{{json .}}'");
}

void use_configured_format(std::string& format, const std::string& key) {
  if (format.empty()) format = read_docker_config().formats[key];
}

void add_filter_flag(Flags& flags, std::vector<std::string>& filters) {
  flags.values("-f,--filter", filters, "NAME=VALUE", "Only what matches; repeatable");
}

void add_list_flags(Flags& flags, ListOptions& options) {
  add_filter_flag(flags, options.filters);
  add_format_flag(flags, options.format);
  flags.flag("--no-trunc", options.full, "Do not shorten ids and texts");
  flags.flag("-q,--quiet", options.quiet, "Only ids");
}

engine::api::Filters parse_filters(const std::vector<std::string>& texts) {
  const auto trimmed = [](std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return std::string(text);
  };
  engine::api::Filters filters;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) throw FlagError(fmt::format("invalid filter \"{}\": NAME=VALUE is needed", text));
    std::string name = trimmed(std::string_view(text).substr(0, equals));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    filters[name].push_back(trimmed(std::string_view(text).substr(equals + 1)));
  }
  return filters;
}

ListLook volume_look() {
  return {.table = "table {{.Driver}}\t{{.Name}}", .quiet_id = "Name", .titles = {{"Name", "VOLUME NAME"}}};
}

std::string render_list(const std::vector<render::Row>& rows, const ListOptions& options, const ListLook& look) {
  const bool own_look = options.format.empty() || options.format == "table";
  if (!own_look) return render::format_rows(rows, options.format, look.titles);
  if (!options.quiet) return render::format_rows(rows, look.table, look.titles);
  std::string out;
  for (const render::Row& row : rows) out += row.fields.at(std::string(look.quiet_id)).get<std::string>() + "\n";
  return out;
}

}  // namespace stack::cli
