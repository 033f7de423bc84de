#include <fmt/format.h>

#include <set>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/inspect.hpp"
#include "cli/listing.hpp"
#include "cli/output.hpp"
#include "cli/render/human.hpp"
#include "cli/render/image_tree.hpp"
#include "cli/render/resource_rows.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

const render::FieldTitles titles() {
  return {{"ID", "IMAGE ID"},
          {"CreatedSince", "CREATED"},
          {"CreatedAt", "CREATED AT"},
          {"SharedSize", "SHARED SIZE"},
          {"UniqueSize", "UNIQUE SIZE"},
          {"VirtualSize", "SIZE"}};
}

asio::awaitable<std::set<std::string>> used_images(api::Client& client) {
  api::ListContainers everything;
  everything.all = true;
  const std::vector<api::ContainerSummary> containers = co_await client.list_containers(std::move(everything));
  std::set<std::string> ids;
  for (const api::ContainerSummary& container : containers) ids.insert(container.image_id);
  co_return ids;
}

void check_tree(const ListOptions& options, bool digests) {
  if (options.quiet || options.full || digests || !options.format.empty())
    throw UsageError("--tree has a look of its own: it cannot be combined with --quiet, --no-trunc, --digests or --format");
}

}  // namespace

int image_list(const Invocation& invocation) {
  bool all = false;
  bool digests = false;
  bool tree = false;
  ListOptions options;
  std::vector<std::string> names;
  Flags flags("image ls [OPTIONS] [NAME[:TAG]]", "List images.");
  flags.flag("-a,--all", all, "Also intermediate ones");
  flags.flag("--digests", digests, "Also the digests they have in registries");
  add_list_flags(flags, options);
  flags.flag("--tree", tree, "A line for each name, and which images are in use");
  flags.arguments(names, 0, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  if (tree)
    check_tree(options, digests);
  else if (!options.quiet)
    use_configured_format(options.format, "imagesFormat");
  api::Filters filters = parse_filters(options.filters);
  if (!names.empty()) filters["reference"].push_back(names.front());
  Session session(invocation.global);
  const std::vector<api::ImageSummary> images = session.run(session.client().list_images(std::move(filters), all));
  if (tree) return write_all(1, render::image_tree(images, session.run(used_images(session.client())))) ? 0 : 1;
  digests = digests || render::format_uses(options.format, "Digest");
  const ListLook look{.table = digests ? "table {{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
                                       : "table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
                      .quiet_id = "ID",
                      .titles = titles()};
  return write_all(1, render_list(render::image_rows(images, options.full, digests, render::unix_now()), options, look)) ? 0
                                                                                                                         : 1;
}

int image_history(const Invocation& invocation) {
  bool human = true;
  std::string platform;
  ListOptions options;
  std::vector<std::string> names;
  Flags flags("image history [OPTIONS] IMAGE", "Show the steps an image was made by, newest first.");
  add_format_flag(flags, options.format);
  flags.flag("-H,--human", human, "Sizes and dates as people read them (default true)");
  flags.flag("--no-trunc", options.full, "Whole ids and commands");
  flags.flag("-q,--quiet", options.quiet, "Only ids");
  flags.value("--platform", platform, "OS/ARCH", "Only of an image for this platform");
  flags.arguments(names, 1, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  const std::vector<api::ImageHistory> steps = session.run(session.client().image_history(names.front(), platform));
  const std::string table = fmt::format("table {{{{.ID}}}}\t{{{{.{}}}}}\t{{{{.CreatedBy}}}}\t{{{{.Size}}}}\t{{{{.Comment}}}}",
                                        human ? "CreatedSince" : "CreatedAt");
  const ListLook look{
      .table = table,
      .quiet_id = "ID",
      .titles = {{"ID", "IMAGE"}, {"CreatedSince", "CREATED"}, {"CreatedAt", "CREATED AT"}, {"CreatedBy", "CREATED BY"}}};
  const auto rows = render::history_rows(steps, options.full, human, render::unix_now());
  return write_all(1, render_list(rows, options, look)) ? 0 : 1;
}

int image_inspect(const Invocation& invocation) {
  InspectRequest request;
  std::string platform;
  Flags flags("image inspect [OPTIONS] IMAGE...", "Show everything the engine knows about images.");
  add_inspect_flags(flags, request);
  flags.value("--platform", platform, "OS/ARCH", "Only an image for this platform");
  return flags.parse(invocation.arguments) ? show_inspected(invocation, request, {image_path(platform)}) : 0;
}

}  // namespace stack::cli
