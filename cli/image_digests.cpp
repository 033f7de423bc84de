#include "cli/image_digests.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "cli/docker_config.hpp"
#include "engine/api/streams.hpp"
#include "scheduler/observed_state.hpp"

namespace stack::cli {
namespace {

asio::awaitable<std::string> registry_digest(api::Client& client, std::string image, std::string credentials) {
  api::StringMap headers;
  if (!credentials.empty()) headers["X-Registry-Auth"] = std::move(credentials);
  std::string target = "/distribution/" + image + "/json";
  api::JsonLines answer(co_await client.stream("GET", std::move(target), {}, std::move(headers)));
  const std::optional<std::string> text = co_await answer.next();
  const nlohmann::json body = json::parse_object(text.value_or(""), "the answer about " + image);
  std::string digest;
  json::read(body.value("Descriptor", nlohmann::json::object()), "digest", digest, "Descriptor");
  co_return digest;
}

}  // namespace

void pin_images(Session& session, compose::Project& project) {
  RegistryLogins logins;
  std::map<std::string, std::string> pinned;  // services may share an image
  for (auto& [_, service] : project.services) {
    if (service.image.empty() || service.image.find('@') != std::string::npos) continue;
    std::string& known = pinned[service.image];
    if (known.empty()) {
      const std::string digest =
          session.run(registry_digest(session.client(), service.image, logins.header_for_image(service.image)));
      known = scheduler::normalize_image(service.image) + "@" + digest;
    }
    service.image = known;
  }
}

}  // namespace stack::cli
