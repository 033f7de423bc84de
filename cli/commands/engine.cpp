#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "engine/serve.hpp"

namespace stack::cli {

int engine_command(const Invocation& invocation) {
  std::optional<std::string> root = invocation.global.root;
  std::optional<std::string> run_root;
  std::optional<int> idle;
  engine::ServeOptions options;
  Flags flags(
      "engine [OPTIONS]",
      "Run the engine in the foreground. Commands start one by themselves when none runs; this is for systemd, for other "
      "clients of the Docker Engine API, and to see what it does. Containers go on running when it ends.");
  flags.value("--root", root, "DIR", "Data root: images, volumes, containers (default $STACK_ROOT, else /var/lib/stack)");
  flags.value("--run", run_root, "DIR", "Run root: sockets and locks (default $STACK_RUN, else derived from the data root)");
  flags.values("--listen", options.listen, "unix://PATH", "A further socket to serve; repeatable");
  flags.flag("--debug", options.debug, "Log more");
  flags.flag("--on-demand", options.on_demand, "End when no container and no client is left (what commands start)");
  flags.value("--idle", idle, "SECONDS", "With --on-demand: how long to stay without work");
  if (!flags.parse(invocation.arguments)) return 0;
  options.paths = engine::resolve_paths(root, run_root);
  if (idle) options.idle = std::chrono::seconds(*idle);
  return engine::serve(options);
}

}  // namespace stack::cli
