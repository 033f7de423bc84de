#include "cli/image_messages.hpp"

#include "cli/docker_config.hpp"
#include "cli/output.hpp"
#include "cli/render/message_lines.hpp"
#include "cli/terminal.hpp"

namespace stack::cli {

namespace asio = boost::asio;
namespace api = engine::api;

asio::awaitable<std::string> show_messages(api::ProgressStream stream, int fd, bool quiet) {
  render::MessageLines lines(is_terminal(fd));
  std::string last;
  while (true) {
    const std::optional<api::ProgressMessage> message = co_await stream.next();
    if (!message) break;
    if (!message->status.empty()) last = message->status;
    if (!quiet) write_all(fd, lines.add(*message));
  }
  co_return last;
}

std::string full_image_name(const std::string& name) {
  const std::string registry = registry_of_image(name);
  std::string rest = name.starts_with(registry + "/") ? name.substr(registry.size() + 1) : name;
  if (registry == "docker.io" && rest.find('/') == std::string::npos) rest = "library/" + rest;
  const std::size_t colon = rest.rfind(':');
  const bool tagged =
      rest.find('@') != std::string::npos || (colon != std::string::npos && rest.find('/', colon) == std::string::npos);
  return registry + "/" + rest + (tagged ? "" : ":latest");
}

asio::awaitable<void> pull_with_messages(api::Client& client, std::string name, std::string platform, int fd, bool quiet) {
  api::ProgressStream stream = co_await client.pull_image(name, std::move(platform));
  co_await show_messages(std::move(stream), fd, quiet);
}

}  // namespace stack::cli
