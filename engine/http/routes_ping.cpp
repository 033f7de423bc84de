// What every client asks first: is there an engine, and what does it speak.
#include <sys/stat.h>
#include <sys/utsname.h>

#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

#include "engine/api/system_types.hpp"
#include "engine/http/routes.hpp"

namespace stack::engine::http {

namespace {

/// Api-Version, Ostype, Server and Docker-Experimental come with every answer.
asio::awaitable<void> ping(Request& request, ResponseWriter& response) {
  response.header("Builder-Version", "1");
  response.header("Swarm", "inactive");
  response.header("Cache-Control", "no-cache, no-store, must-revalidate");
  response.header("Pragma", "no-cache");
  co_await response.text(200, request.method == Method::head ? "" : "OK");
}

/// When this program's file was written: the time of its build, which packages keep.
std::string build_time() {
  struct stat file {};
  if (::stat("/proc/self/exe", &file) != 0) return {};
  tm parts{};
  ::gmtime_r(&file.st_mtime, &parts);
  std::array<char, 40> text;
  return {text.data(), ::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.000000000+00:00", &parts)};
}

api::VersionInfo version_info() {
  utsname kernel{};
  ::uname(&kernel);
  api::VersionInfo info;
  info.platform_name = "stack";
  info.version = STACK_VERSION;
  info.api_version = api::api_version;
  info.min_api_version = api::min_api_version;
  info.os = "linux";
  info.arch = "amd64";
  info.kernel_version = kernel.release;
  api::VersionComponent engine{.name = "Engine", .version = STACK_VERSION, .details = {}};
  info.build_time = build_time();
  engine.details = {{"ApiVersion", info.api_version},
                    {"MinAPIVersion", info.min_api_version},
                    {"Os", info.os},
                    {"Arch", info.arch},
                    {"KernelVersion", info.kernel_version},
                    {"BuildTime", info.build_time},
                    {"Experimental", "false"}};
  info.components.push_back(std::move(engine));
  return info;
}

asio::awaitable<void> version(Request&, ResponseWriter& response) {
  const nlohmann::json body = version_info();
  co_await response.json(200, body);
}

}  // namespace

void add_ping_routes(Router& router) {
  router.add(Method::get, "/_ping", ping);
  router.add(Method::head, "/_ping", ping);
  router.add(Method::get, "/version", version);
}

}  // namespace stack::engine::http
