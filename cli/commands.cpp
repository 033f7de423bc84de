#include "cli/commands.hpp"

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
    {"ps", "List a project's containers", ps},
    {"logs", "Show the output of containers", logs},
    {"exec", "Run a command in a running container", exec},
    {"run", "Run a command in a new container of a service", run},
    {"build", "Build the services' images", build},
    {"pull", "Pull the services' images", pull},
    {"start", "Start stopped containers", start},
    {"stop", "Stop containers without removing them", stop},
    {"restart", "Restart containers", restart},
    {"config", "Check the Compose files and print what they mean", config},
    {"save", "Write images to an archive", image_save},
    {"load", "Load images from an archive", image_load},
    {"image", "Images: ls, pull, load, save and more", nullptr, image_commands},
    {"container", "Containers: inspect", nullptr, container_commands},
    {"engine", "Run the engine in the foreground", engine_command},
    {"version", "Show the version", version},
};

}  // namespace

std::span<const Command> commands() { return table; }

}  // namespace stack::cli
