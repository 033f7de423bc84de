// GET /info.
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/api/types.hpp"
#include "engine/container/manager.hpp"
#include "engine/container/runtimes.hpp"
#include "engine/events.hpp"
#include "engine/http/routes.hpp"
#include "engine/image/store.hpp"

namespace stack::engine::http {

namespace {

std::string pretty_name() {
  std::ifstream file("/etc/os-release");
  for (std::string line; std::getline(file, line);) {
    constexpr std::string_view key = "PRETTY_NAME=\"";
    if (line.starts_with(key) && line.ends_with('"')) return line.substr(key.size(), line.size() - key.size() - 1);
  }
  return "Linux";
}

bool flag_file(const char* path) {
  std::ifstream file(path);
  return file.get() == '1';
}

void describe_host(api::SystemInfo& info) {
  utsname kernel{};
  ::uname(&kernel);
  info.kernel_version = kernel.release;
  info.architecture = kernel.machine;
  info.operating_system = pretty_name();
  info.os_type = "linux";
  info.name = kernel.nodename;
  info.ncpu = std::thread::hardware_concurrency();
  info.mem_total = static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  info.ipv4_forwarding = flag_file("/proc/sys/net/ipv4/ip_forward");
  const bool unified = ::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
  info.cgroup_version = unified ? "2" : "1";
  info.cgroup_driver = "cgroupfs";
  info.oom_kill_disable = !unified;
}

api::SystemInfo system_info(EngineContext& engine) {
  using container::State;
  api::SystemInfo info;
  describe_host(info);
  info.id = engine.paths.instance;
  info.containers = static_cast<std::int64_t>(engine.containers.count());
  info.containers_running =
      static_cast<std::int64_t>(engine.containers.count(State::running) + engine.containers.count(State::restarting));
  info.containers_paused = static_cast<std::int64_t>(engine.containers.count(State::paused));
  info.containers_stopped = info.containers - info.containers_running - info.containers_paused;
  info.images = static_cast<std::int64_t>(engine.images.count());
  info.driver = "overlay2";
  info.driver_status = {{"Backing Filesystem", "overlayfs on " + engine.paths.layers()}};
  info.plugins.volume = {"local"};
  info.plugins.network = {"bridge", "host", "null"};
  info.plugins.log = {"journald", "json-file", "local", "none", "syslog"};
  info.logging_driver = "local";
  info.n_events_listener = static_cast<std::int64_t>(engine.events.listeners());
  info.system_time = std::chrono::system_clock::now();
  info.docker_root_dir = engine.paths.data_root;
  info.server_version = STACK_VERSION;
  info.default_runtime = "runc";  // as HostConfig.Runtime calls ours, too
  info.runtimes["runc"].path = "stack-shim";
  for (const auto& [name, path] : container::other_runtimes()) info.runtimes[name].path = path;
  info.init_binary = "stack-shim";
  info.security_options = {"name=seccomp,profile=builtin"};
  return info;
}

asio::awaitable<void> info(EngineContext& engine, Request&, ResponseWriter& response) {
  const nlohmann::json body = system_info(engine);
  co_await response.json(200, body);
}

}  // namespace

void add_info_routes(Router& router, EngineContext& engine) {
  router.add(Method::get, "/info",
             [&engine](Request& request, ResponseWriter& response) { return info(engine, request, response); });
}

}  // namespace stack::engine::http
