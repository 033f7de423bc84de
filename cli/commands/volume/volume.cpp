// Volumes: create, ls, inspect, rm.
#include "cli/commands.hpp"
#include "cli/each.hpp"
#include "cli/flags.hpp"
#include "cli/inspect.hpp"
#include "cli/key_values.hpp"
#include "cli/listing.hpp"
#include "cli/output.hpp"
#include "cli/render/resource_rows.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

asio::awaitable<std::string> remove_one(api::Client& client, std::string name, bool force) {
  co_await client.remove_volume(name, force);
  co_return name_line(name);
}

}  // namespace

int volume_create(const Invocation& invocation) {
  api::VolumeCreate body;
  std::vector<std::string> labels;
  std::vector<std::string> options;
  std::vector<std::string> arguments;
  Flags flags("volume create [OPTIONS] [VOLUME]", "Make a volume; without a name it gets a random one.");
  flags.value("-d,--driver", body.driver, "DRIVER", "Who makes it (default local)");
  flags.values("--label", labels, "NAME=VALUE", "Add a label; repeatable");
  flags.values("-o,--opt", options, "NAME=VALUE", "Option of the driver; repeatable");
  flags.value("--name", body.name, "NAME", "");
  flags.arguments(arguments, 0, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  if (!arguments.empty()) body.name = arguments.front();
  body.labels = key_values(labels);
  body.driver_opts = key_values(options);
  Session session(invocation.global);
  const api::Volume created = session.run(session.client().create_volume(body));
  return write_all(1, created.name + "\n") ? 0 : 1;
}

int volume_list(const Invocation& invocation) {
  ListOptions options;
  Flags flags("volume ls [OPTIONS]", "List volumes.");
  add_filter_flag(flags, options.filters);
  add_format_flag(flags, options.format);
  flags.flag("-q,--quiet", options.quiet, "Only names");
  if (!flags.parse(invocation.arguments)) return 0;
  if (!options.quiet) use_configured_format(options.format, "volumesFormat");
  Session session(invocation.global);
  const api::VolumeList list = session.run(session.client().list_volumes(parse_filters(options.filters)));
  return write_all(1, render_list(render::volume_rows(list.volumes), options, volume_look())) ? 0 : 1;
}

int volume_inspect(const Invocation& invocation) {
  InspectRequest request;
  Flags flags("volume inspect [OPTIONS] VOLUME...", "Show everything the engine knows about volumes.");
  add_inspect_flags(flags, request);
  return flags.parse(invocation.arguments) ? show_inspected(invocation, request, {volume_path()}) : 0;
}

int volume_remove(const Invocation& invocation) {
  bool force = false;
  std::vector<std::string> names;
  Flags flags("volume rm [OPTIONS] VOLUME...", "Remove volumes, with what is in them.");
  flags.flag("-f,--force", force, "A volume that does not exist is no error");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  return do_each(session, names, [&](const std::string& name) { return remove_one(session.client(), name, force); });
}

}  // namespace stack::cli
