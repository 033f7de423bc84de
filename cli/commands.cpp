#include "cli/commands.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace stack::cli {
namespace {

constexpr Command image_commands[] = {
    {"ls", "List images", image_list},
    {"pull", "Pull images from their registries", image_pull},
    {"import", "Make an image of a root file system's tar archive", image_import},
    {"load", "Load images from an archive", image_load},
    {"save", "Write images to an archive", image_save},
    {"tag", "Give an image one more name", image_tag},
    {"inspect", "Show everything the engine knows about an image", image_inspect},
    {"history", "Show the steps an image was made by", image_history},
    {"rm", "Remove images", image_remove},
};

constexpr Command container_commands[] = {
    {"inspect", "Show everything the engine knows about a container", container_inspect},
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
    {"container", "Containers: inspect", nullptr, container_commands},
    {"engine", "Run the engine in the foreground", engine_command},
    {"completion", "Print a completion script for bash, zsh or fish", completion},
    {"manual", "", manual},
    {"save", "", image_save},  // as docker spells them
    {"load", "", image_load},
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

bool is_planned(std::string_view name) {
  constexpr std::array<std::string_view, 6> names{"bridge", "commit", "export", "publish", "push", "watch"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace stack::cli
