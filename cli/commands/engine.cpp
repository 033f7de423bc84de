#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "engine/serve.hpp"

namespace stack::cli {

namespace {

std::string paths_text(const engine::Paths& paths) {
  return fmt::format("data_root={}\nrun_root={}\ninstance={}\nsocket={}\nlog={}\n", paths.data_root, paths.run_root,
                     paths.instance, paths.socket(), paths.engine_log());
}

}  // namespace

int engine_command(const Invocation& invocation) {
  std::optional<std::string> root = invocation.global.root;
  std::optional<std::string> run_root;
  std::optional<int> idle;
  bool print_paths = false;
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
  flags.flag("--print-paths", print_paths, "Only print where the engine keeps things, one NAME=VALUE a line");
  if (!flags.parse(invocation.arguments)) return 0;
  options.paths = engine::resolve_paths(root, run_root);
  if (print_paths) return write_all(1, paths_text(options.paths)) ? 0 : 1;
  if (idle) options.idle = std::chrono::seconds(*idle);
  return engine::serve(options);
}

}  // namespace stack::cli
