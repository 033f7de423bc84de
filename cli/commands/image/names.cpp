// Which names images have: tag and rm.
#include "cli/commands.hpp"
#include "cli/each.hpp"
#include "cli/flags.hpp"
#include "cli/render/image_name.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

asio::awaitable<std::string> remove(api::Client& client, std::string name, bool force, bool keep_parents) {
  const std::vector<api::ImageDelete> steps = co_await client.remove_image(name, force, keep_parents);
  std::string text;
  for (const api::ImageDelete& step : steps)
    text += step.untagged.empty() ? "Deleted: " + step.deleted + "\n" : "Untagged: " + step.untagged + "\n";
  co_return text;
}

}  // namespace

int image_remove(const Invocation& invocation) {
  bool force = false;
  bool no_prune = false;
  std::vector<std::string> names;
  Flags flags("image rm [OPTIONS] IMAGE...", "Remove images, by name or id.");
  flags.flag("-f,--force", force, "Also when stopped containers use it");
  flags.flag("--no-prune", no_prune, "Keep parents that have no name");
  flags.not_yet("--platform", "OS/ARCH");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  int status = 0;  // one after the other: names may be those of one image
  for (const std::string& name : names)
    status |=
        do_each(session, {name}, [&](const std::string& image) { return remove(session.client(), image, force, no_prune); });
  return status;
}

int image_tag(const Invocation& invocation) {
  std::vector<std::string> names;
  Flags flags("image tag IMAGE NAME[:TAG]", "Give an image one more name.");
  flags.arguments(names, 2, 2);
  if (!flags.parse(invocation.arguments)) return 0;
  const auto [repository, tag] = render::split_name(names[1], "latest");
  Session session(invocation.global);
  session.run(session.client().tag_image(names[0], repository, tag));
  return 0;
}

}  // namespace stack::cli
