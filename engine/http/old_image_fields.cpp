#include "engine/http/old_image_fields.hpp"

#include <nlohmann/json.hpp>

namespace stack::engine::http {

namespace {

// The first versions (1.x) without each.
constexpr int without_null_digests = 43;
constexpr int without_virtual_size = 44;
constexpr int without_container_config = 45;
constexpr int without_container_fields = 50;

/// An image's Config was that of a container, with what no image can say.
nlohmann::json container_fields() {
  return {{"AttachStderr", false}, {"AttachStdin", false}, {"AttachStdout", false}, {"Domainname", ""},
          {"Hostname", ""},        {"Image", ""},          {"OpenStdin", false},    {"StdinOnce", false},
          {"Tty", false},          {"User", ""},           {"Volumes", nullptr},    {"WorkingDir", ""}};
}

/// The container a build step ran in; builders have long ceased to say it.
nlohmann::json empty_container_config() {
  nlohmann::json config = container_fields();
  for (const char* key : {"Cmd", "Entrypoint", "Env", "Labels", "OnBuild"}) config[key] = nullptr;
  return config;
}

}  // namespace

void add_old_summary_fields(nlohmann::json& item, int api_version) {
  if (api_version < without_virtual_size) item["VirtualSize"] = item["Size"];
  if (api_version < without_null_digests && item["RepoDigests"].empty()) item["RepoDigests"] = nullptr;
}

void add_old_inspect_fields(nlohmann::json& image, int api_version) {
  if (api_version < without_virtual_size) image["VirtualSize"] = image["Size"];
  if (api_version < without_container_config) image["ContainerConfig"] = empty_container_config();
  if (api_version >= without_container_fields) return;
  nlohmann::json config = container_fields();
  config.update(image["Config"]);
  image["Config"] = std::move(config);
}

}  // namespace stack::engine::http
