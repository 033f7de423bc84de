#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/inspect.hpp"
#include "cli/listing.hpp"
#include "cli/output.hpp"
#include "cli/render/resource_rows.hpp"
#include "cli/session.hpp"

namespace stack::cli {

int network_list(const Invocation& invocation) {
  ListOptions options;
  Flags flags("network ls [OPTIONS]", "List networks.");
  add_list_flags(flags, options);
  if (!flags.parse(invocation.arguments)) return 0;
  if (!options.quiet) use_configured_format(options.format, "networksFormat");
  Session session(invocation.global);
  const std::vector<api::NetworkResource> networks =
      session.run(session.client().list_networks(parse_filters(options.filters)));
  const ListLook look{.table = "table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
                      .quiet_id = "ID",
                      .titles = {{"ID", "NETWORK ID"}, {"CreatedAt", "CREATED AT"}}};
  return write_all(1, render_list(render::network_rows(networks, options.full), options, look)) ? 0 : 1;
}

int network_inspect(const Invocation& invocation) {
  InspectRequest request;
  bool verbose = false;
  Flags flags("network inspect [OPTIONS] NETWORK...", "Show everything the engine knows about networks.");
  add_inspect_flags(flags, request);
  flags.flag("-v,--verbose", verbose, "Also the services and tasks of a network of a Swarm");
  return flags.parse(invocation.arguments) ? show_inspected(invocation, request, {network_path(verbose)}) : 0;
}

}  // namespace stack::cli
