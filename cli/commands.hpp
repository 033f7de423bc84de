#pragma once
// Every command of the program, in one table.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/global_options.hpp"

namespace stack::cli {

/// A command as it was called: the flags before its name, and everything behind it.
struct Invocation {
  GlobalOptions global;
  std::vector<std::string> arguments;
};

struct Command {
  std::string_view name;
  std::string_view summary;                 ///< one line for the list of commands; empty: hidden
  int (*run)(const Invocation&) = nullptr;  ///< returns the exit status; null: the command is a group
  std::span<const Command> children = {};   ///< of a group: `image ls`
};

/// In the order the help lists them.
std::span<const Command> commands();

/// The same commands under the titles the help has for them.
struct CommandSection {
  std::string_view title;
  std::span<const Command> commands;
};
std::span<const CommandSection> command_sections();

/// What docker means by a word that is about a project's services here: "run" → "container run"; empty for all others.
std::string_view docker_command(std::string_view name);

/// A command of docker compose that this program does not have yet.
bool is_planned(std::string_view name);

/// The functions of the table, each in commands/<name>.cpp with its flags and help.
int up(const Invocation&);
int down(const Invocation&);
int ps(const Invocation&);
int logs(const Invocation&);
int exec(const Invocation&);
int cp(const Invocation&);
int run(const Invocation&);
int build(const Invocation&);
int start(const Invocation&);
int stop(const Invocation&);
int restart(const Invocation&);
int kill(const Invocation&);
int rm(const Invocation&);
int pause(const Invocation&);
int unpause(const Invocation&);
int create(const Invocation&);
int scale(const Invocation&);
int wait(const Invocation&);
int attach(const Invocation&);
int top(const Invocation&);
int stats(const Invocation&);
int port(const Invocation&);
int images(const Invocation&);
int volumes(const Invocation&);
int events(const Invocation&);
int ls(const Invocation&);
int config(const Invocation&);
int version(const Invocation&);
int engine_command(const Invocation&);
int completion(const Invocation&);
int manual(const Invocation&);
int inspect(const Invocation&);
int image_list(const Invocation&);
int image_import(const Invocation&);
int image_remove(const Invocation&);
int image_pull(const Invocation&);
int image_load(const Invocation&);
int image_save(const Invocation&);
int image_inspect(const Invocation&);
int image_tag(const Invocation&);
int image_history(const Invocation&);
int image_push(const Invocation&);
int image_build(const Invocation&);
int pull(const Invocation&);
int image_prune(const Invocation&);
int container_run(const Invocation&);
int container_create(const Invocation&);
int container_start(const Invocation&);
int container_stop(const Invocation&);
int container_restart(const Invocation&);
int container_kill(const Invocation&);
int container_pause(const Invocation&);
int container_unpause(const Invocation&);
int container_wait(const Invocation&);
int container_remove(const Invocation&);
int container_prune(const Invocation&);
int container_list(const Invocation&);
int container_inspect(const Invocation&);
int container_logs(const Invocation&);
int container_top(const Invocation&);
int container_stats(const Invocation&);
int container_port(const Invocation&);
int container_diff(const Invocation&);
int container_attach(const Invocation&);
int container_exec(const Invocation&);
int container_cp(const Invocation&);
int container_export(const Invocation&);
int container_commit(const Invocation&);
int container_rename(const Invocation&);
int container_update(const Invocation&);
int network_create(const Invocation&);
int network_list(const Invocation&);
int network_inspect(const Invocation&);
int network_connect(const Invocation&);
int network_disconnect(const Invocation&);
int network_remove(const Invocation&);
int network_prune(const Invocation&);
int volume_create(const Invocation&);
int volume_list(const Invocation&);
int volume_inspect(const Invocation&);
int volume_remove(const Invocation&);
int volume_prune(const Invocation&);
int system_info(const Invocation&);
int system_df(const Invocation&);
int system_events(const Invocation&);
int system_prune(const Invocation&);

}  // namespace stack::cli
