#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/listing.hpp"
#include "cli/output.hpp"
#include "cli/render/container_row.hpp"
#include "cli/render/human.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

ListLook look(bool sized) {
  return {
      .table = sized
                   ? "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}\t{{.Size}}"
                   : "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}",
      .quiet_id = "ID",
      .titles = {
          {"ID", "CONTAINER ID"}, {"RunningFor", "CREATED"}, {"CreatedAt", "CREATED AT"}, {"LocalVolumes", "LOCAL VOLUMES"}}};
}

}  // namespace

int container_list(const Invocation& invocation) {
  bool all = false;
  bool latest = false;
  bool sized = false;
  std::optional<int> last;
  ListOptions options;
  Flags flags("container ls [OPTIONS]", "List containers, the newest first.");
  flags.flag("-a,--all", all, "Also those that do not run");
  add_list_flags(flags, options);
  flags.value("-n,--last", last, "N", "The N newest ones, running or not");
  flags.flag("-l,--latest", latest, "The newest one, running or not");
  flags.flag("-s,--size", sized, "Also how much they have written, and the size with their image");
  if (!flags.parse(invocation.arguments)) return 0;
  if (!options.quiet) use_configured_format(options.format, "psFormat");
  sized = sized || render::format_uses(options.format, "Size");
  api::ListContainers query;
  query.limit = latest ? 1 : last && *last > 0 ? *last : 0;
  query.all = all || query.limit > 0;
  query.size = sized;
  query.filters = parse_filters(options.filters);
  Session session(invocation.global);
  const std::vector<api::ContainerSummary> containers = session.run(session.client().list_containers(std::move(query)));
  std::vector<render::Row> rows;
  for (const api::ContainerSummary& container : containers)
    rows.push_back({.fields = render::docker_container_object(container, options.full, sized, render::unix_now()),
                    .labels = container.labels});
  return write_all(1, render_list(rows, options, look(sized))) ? 0 : 1;
}

}  // namespace stack::cli
