#include "cli/commands.hpp"

namespace stack::cli {
namespace {

constexpr Command image_commands[] = {
    {"ls", "List images", image_list},
    {"import", "Make an image of a root file system's tar archive", image_import},
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
    {"cp", "Copy files between a service's containers and the local file system", cp},
    {"run", "Run a command in a new container of a service", run},
    {"build", "Build the services' images", build},
    {"start", "Start stopped containers", start},
    {"stop", "Stop containers without removing them", stop},
    {"restart", "Restart containers", restart},
    {"config", "Check the Compose files and print what they mean", config},
    {"image", "Images: ls, import, rm", nullptr, image_commands},
    {"container", "Containers: inspect", nullptr, container_commands},
    {"engine", "Run the engine in the foreground", engine_command},
    {"version", "Show the version", version},
};

}  // namespace

std::span<const Command> commands() { return table; }

}  // namespace stack::cli
