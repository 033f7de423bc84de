// Which names images have: tag and rm.
#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/each.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/render/image_name.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

struct Removal {
  bool force = false, keep_parents = false;
  std::string platform;
};

/// With --force, a name that is not there is told, and is no failure.
asio::awaitable<std::vector<api::ImageDelete>> remove_steps(api::Client& client, std::string name, const Removal& how) {
  std::string missing;
  try {
    co_return co_await client.remove_image(name, how.force, how.keep_parents, how.platform);
  } catch (const api::ApiError& error) {
    if (!how.force || error.status() != 404) throw;
    missing = error.what();
  }
  write_all(STDERR_FILENO, missing + "\n");
  co_return std::vector<api::ImageDelete>{};
}

asio::awaitable<std::string> remove(api::Client& client, std::string name, const Removal& how) {
  const std::vector<api::ImageDelete> steps = co_await remove_steps(client, std::move(name), how);
  std::string text;
  for (const api::ImageDelete& step : steps)
    text += step.untagged.empty() ? "Deleted: " + step.deleted + "\n" : "Untagged: " + step.untagged + "\n";
  co_return text;
}

}  // namespace

int image_remove(const Invocation& invocation) {
  Removal how;
  std::vector<std::string> names;
  Flags flags("image rm [OPTIONS] IMAGE...", "Remove images, by name or id.");
  flags.flag("-f,--force", how.force, "Also when stopped containers use it; a name that is not there is no error");
  flags.flag("--no-prune", how.keep_parents, "Keep parents that have no name");
  flags.value("--platform", how.platform, "OS/ARCH", "Only an image for this platform");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  int status = 0;  // one after the other: names may be those of one image
  for (const std::string& name : names)
    status |= do_each(session, {name}, [&](const std::string& image) { return remove(session.client(), image, how); });
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
