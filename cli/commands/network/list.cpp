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
  Session session(invocation.global);
  const std::vector<api::NetworkResource> networks =
      session.run(session.client().list_networks(parse_filters(options.filters)));
  const ListLook look{.table = "table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
                      .quiet_id = "ID",
                      .titles = {{"ID", "NETWORK ID"}, {"CreatedAt", "CREATED AT"}}};
  return write_all(1, render_list(render::network_rows(networks, options.full), options, look)) ? 0 : 1;
}

int network_inspect(const Invocation& invocation) {
  return inspect_command(invocation, {.usage = "network inspect [OPTIONS] NETWORK...",
                                      .about = "Show everything the engine knows about networks.",
                                      .path = [](const std::string& name) { return "/networks/" + api::url_encode(name); }});
}

}  // namespace stack::cli
