#include "cli/commands.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace stack::cli {
namespace {

constexpr Command image_commands[] = {
    {"ls", "List images", image_list},
    {"pull", "Pull images from their registries", image_pull},
    {"build", "Build an image from a Dockerfile", image_build},
    {"push", "Push an image to its registry", image_push},
    {"import", "Make an image of a root file system's tar archive", image_import},
    {"load", "Load images from an archive", image_load},
    {"save", "Write images to an archive", image_save},
    {"tag", "Give an image one more name", image_tag},
    {"inspect", "Show everything the engine knows about an image", image_inspect},
    {"history", "Show the steps an image was made by", image_history},
    {"rm", "Remove images", image_remove},
    {"prune", "Remove images that nothing uses", image_prune},
    {"list", "", image_list},  // other names docker has for them
    {"remove", "", image_remove},
};

constexpr Command container_commands[] = {
    {"run", "Make a container of an image and run it", container_run},
    {"create", "Make a container of an image, but do not start it", container_create},
    {"start", "Start containers that do not run", container_start},
    {"stop", "Stop containers that run", container_stop},
    {"restart", "Stop containers and start them again", container_restart},
    {"kill", "Send a signal to containers", container_kill},
    {"pause", "Freeze the processes of containers", container_pause},
    {"unpause", "Let paused containers go on", container_unpause},
    {"wait", "Wait until containers have ended", container_wait},
    {"rm", "Remove containers", container_remove},
    {"prune", "Remove all stopped containers", container_prune},
    {"ls", "List containers", container_list},
    {"inspect", "Show everything the engine knows about containers", container_inspect},
    {"logs", "Show what a container has written", container_logs},
    {"top", "List the processes that run in a container", container_top},
    {"stats", "Show what containers use", container_stats},
    {"port", "Show where the ports of a container can be reached", container_port},
    {"diff", "List what a container has changed in its image's files", container_diff},
    {"attach", "Join this terminal to a running container", container_attach},
    {"exec", "Run a command in a running container", container_exec},
    {"cp", "Copy files into and out of a container", container_cp},
    {"export", "Write a container's file system as an archive", container_export},
    {"commit", "Make an image of a container", container_commit},
    {"rename", "Give a container another name", container_rename},
    {"update", "Change limits and restart policy of containers", container_update},
    {"list", "", container_list},
    {"ps", "", container_list},
    {"remove", "", container_remove},
};

constexpr Command network_commands[] = {
    {"create", "Make a network", network_create},
    {"ls", "List networks", network_list},
    {"inspect", "Show everything the engine knows about networks", network_inspect},
    {"connect", "Connect a container to a network", network_connect},
    {"disconnect", "Disconnect a container from a network", network_disconnect},
    {"rm", "Remove networks", network_remove},
    {"prune", "Remove all networks that no container uses", network_prune},
    {"list", "", network_list},
    {"remove", "", network_remove},
};

constexpr Command volume_commands[] = {
    {"create", "Make a volume", volume_create},
    {"ls", "List volumes", volume_list},
    {"inspect", "Show everything the engine knows about volumes", volume_inspect},
    {"rm", "Remove volumes", volume_remove},
    {"prune", "Remove volumes that no container uses", volume_prune},
    {"list", "", volume_list},
    {"remove", "", volume_remove},
};

constexpr Command system_commands[] = {
    {"info", "Show what the engine says about itself and its host", system_info},
    {"df", "Show what takes room on the disk", system_df},
    {"events", "Show what happens in the engine, as it happens", system_events},
    {"prune", "Remove what nothing uses", system_prune},
};

constexpr Command table[] = {
    {"up", "Create and start a project's containers", up},
    {"down", "Stop and remove a project's containers and networks", down},
    {"create", "Create what `up` would, but start nothing", create},
    {"start", "Start stopped containers", start},
    {"stop", "Stop containers without removing them", stop},
    {"restart", "Restart containers", restart},
    {"scale", "Change how many containers a service has", scale},
    {"pause", "Freeze the processes of containers", pause},
    {"unpause", "Let paused containers go on", unpause},
    {"kill", "Send a signal to containers", kill},
    {"rm", "Remove stopped containers", rm},

    {"ps", "List a project's containers", ps},
    {"logs", "Show the output of containers", logs},
    {"events", "Show what happens to containers", events},
    {"top", "List the processes in containers", top},
    {"stats", "Show what containers use", stats},
    {"port", "Show where a container's port can be reached", port},
    {"images", "List the images of a project's containers", images},
    {"volumes", "List a project's volumes", volumes},
    {"ls", "List the projects that run", ls},

    {"exec", "Run a command in a running container", exec},
    {"run", "Run a command in a new container of a service", run},
    {"attach", "Join this terminal to a running container", attach},
    {"wait", "Wait until containers have ended", wait},
    {"cp", "Copy files into and out of containers", cp},

    {"build", "Build the services' images", build},
    {"pull", "Pull the services' images", pull},
    {"config", "Check the Compose files and print what they mean", config},

    {"image", "Images: ls, pull, load, save and more", nullptr, image_commands},
    {"container", "Containers without a project: run, ls, exec, logs and more", nullptr, container_commands},
    {"network", "Networks: create, ls, connect and more", nullptr, network_commands},
    {"volume", "Volumes: create, ls, inspect, rm, prune", nullptr, volume_commands},
    {"system", "The engine: info, df, events, prune", nullptr, system_commands},
    {"inspect", "Show everything the engine knows about anything of that name", inspect},
    {"engine", "Run the engine in the foreground", engine_command},
    {"completion", "Print a completion script for bash, zsh or fish", completion},
    {"manual", "", manual},
    {"save", "", image_save},  // docker's words that have no other meaning here
    {"load", "", image_load},
    {"import", "", image_import},
    {"tag", "", image_tag},
    {"history", "", image_history},
    {"rmi", "", image_remove},
    {"diff", "", container_diff},
    {"rename", "", container_rename},
    {"update", "", container_update},
    {"info", "", system_info},
    {"version", "Show the version", version},
};

constexpr std::size_t index_of(std::string_view name) {
  std::size_t index = 0;
  while (table[index].name != name) ++index;
  return index;
}

/// From one command of the table up to another.
constexpr std::span<const Command> range(std::string_view first, std::string_view next) {
  return std::span(table).subspan(index_of(first), index_of(next) - index_of(first));
}

constexpr std::array sections{
    CommandSection{"Bring a project up and down", range("up", "ps")},
    CommandSection{"Look at it", range("ps", "exec")},
    CommandSection{"Work in its containers", range("exec", "build")},
    CommandSection{"Images and files", range("build", "image")},
    CommandSection{"The engine and this program", std::span(table).subspan(index_of("image"))},
};

}  // namespace

std::span<const Command> commands() { return table; }
std::span<const CommandSection> command_sections() { return sections; }

std::string_view docker_command(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 25> words{{
      {"attach", "container attach"}, {"build", "image build"},         {"commit", "container commit"},
      {"cp", "container cp"},         {"create", "container create"},   {"events", "system events"},
      {"exec", "container exec"},     {"export", "container export"},   {"images", "image ls"},
      {"kill", "container kill"},     {"logs", "container logs"},       {"pause", "container pause"},
      {"port", "container port"},     {"ps", "container ls"},           {"pull", "image pull"},
      {"push", "image push"},         {"restart", "container restart"}, {"rm", "container rm"},
      {"run", "container run"},       {"start", "container start"},     {"stats", "container stats"},
      {"stop", "container stop"},     {"top", "container top"},         {"unpause", "container unpause"},
      {"wait", "container wait"},
  }};
  const auto* const found = std::find_if(words.begin(), words.end(), [&](const auto& word) { return word.first == name; });
  return found == words.end() ? std::string_view() : found->second;
}

bool is_planned(std::string_view name) {
  constexpr std::array<std::string_view, 6> names{"bridge", "commit", "export", "publish", "push", "watch"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace stack::cli
