#include "engine/engine.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <climits>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/error.hpp"
#include "base/lock_file.hpp"
#include "base/log.hpp"
#include "base/unique_fd.hpp"
#include "dns/server.hpp"
#include "engine/build/builder.hpp"
#include "engine/container/build_run.hpp"
#include "engine/container/manager.hpp"
#include "engine/events.hpp"
#include "engine/image/pull.hpp"
#include "engine/network/manager.hpp"
#include "engine/runtime/cgroup.hpp"
#include "engine/state/async.hpp"
#include "engine/stores.hpp"

namespace stack::engine {

namespace asio = boost::asio;

namespace {

constexpr unsigned pool_threads = 4;
constexpr std::chrono::seconds catch_up_interval{1};
constexpr const char* boot_id_file = "/proc/sys/kernel/random/boot_id";
constexpr std::string_view ended_in_boot = "ended_in_boot";  // setting: the boot in which an engine removed its run root

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string own_program() {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "/proc/self/exe" : path.string();
}

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

container::HostFacts host_facts() {
  container::HostFacts facts;
  facts.cpus = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  facts.unified_cgroups = runtime::CgroupMounts::detect().unified();
  char name[HOST_NAME_MAX + 1] = {};
  ::gethostname(name, sizeof name - 1);
  facts.hostname = name;
  facts.cpuset_cpus = first_line("/sys/devices/system/cpu/online");
  facts.cpuset_mems = first_line("/sys/devices/system/node/online");
  facts.apparmor = first_line("/sys/module/apparmor/parameters/enabled") == "Y";
  facts.blkio_weight = runtime::has_block_io_weights();
  return facts;
}

runtime::EngineRestart engine_restart(const Paths& paths) {
  runtime::EngineRestart restart;
  restart.lock_path = paths.lock();
  restart.argv = {own_program(), "engine", "--root", paths.data_root, "--run", paths.run_root, "--on-demand"};
  return restart;
}

void publish_network_event(EventHub& events, const network::NetworkEvent& event) {
  std::map<std::string, std::string> attributes{{"name", event.name}, {"type", event.driver}};
  if (!event.container_id.empty()) attributes["container"] = event.container_id;
  events.publish("network", event.action, event.id, std::move(attributes));
}

/// Rows that a full disk did not take are tried again until it does.
asio::awaitable<void> catch_up(Database& database) {
  while (database.behind()) {
    co_await sleep_for(catch_up_interval);
    database.catch_up();
  }
}

/// The files that commands lock projects by (cli/session.cpp). False: one is locked.
bool remove_project_locks(const std::string& directory) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const UniqueFd lock = try_lock_file(entry.path());
    if (!lock || ::unlink(entry.path().c_str()) != 0) return false;
  }
  ::rmdir(directory.c_str());
  return true;
}

}  // namespace

/// In the order they are made; each uses only those above it.
struct Engine::Parts {
  Parts(const Paths& given, asio::io_context& io)
      : paths(given),
        loop(io),
        pool(pool_threads),
        database(paths.database()),
        image_table(database, Table::images),
        volume_table(database, Table::volumes),
        cache_table(database, Table::build_cache),
        pull_table(database, Table::intents),
        network_store(database),
        events(loop.get_executor()),
        images(paths.data_root, image_table, pool),
        puller(images, pull_table, loop.get_executor(), registry_options()),
        volumes(paths.data_root, volume_table, pool),
        names(std::make_shared<network::NameTable>()),
        dns(names),
        networks(loop.get_executor(), pool, network_store, names, &dns, network_options()),
        shim(runtime::shim_path()),
        seccomp(paths.data_root + "/cache/seccomp"),
        containers({paths, loop, pool, database, events, images, networks, volumes, shim, seccomp, engine_restart(paths),
                    host_facts()}),
        build_runner(containers),
        builder(images, cache_table, build_runner, pool,
                {paths.data_root + "/build-cache", paths.run_root + "/build-secrets"}) {
    database.on_behind([this] { asio::co_spawn(loop, catch_up(database), asio::detached); });
    dns.set_upstreams(dns::parse_resolv_conf(read_file("/etc/resolv.conf")));
    images.set_usage([this](const std::string& id) { return containers.users_of_image(id); });
    images.on_event([this](const std::string& action, const std::string& id, const std::string& name) {
      std::map<std::string, std::string> attributes;  // the labels, too: filters look at them
      if (const image::ImagePtr image = images.find(id)) attributes = image->config.config.labels;
      attributes["name"] = name;
      events.publish("image", action, id, std::move(attributes));
    });
    volumes.set_usage([this](const std::string& name) { return containers.users_of_volume(name); });
    volumes.on_event([this](const std::string& action, const volume::Volume& volume) {
      events.publish("volume", action, volume.name, {{"driver", volume.driver}});
    });
  }

  network::ManagerOptions network_options() {
    network::ManagerOptions options;
    options.instance = paths.instance;
    options.on_event = [this](const network::NetworkEvent& event) { publish_network_event(events, event); };
    return options;
  }

  image::RegistryOptions registry_options() const {
    image::RegistryOptions options;
    options.http = image::http_client_options_from_environment();
    options.http.certificate_dirs = image::default_certificate_dirs(paths.data_root);
    return options;
  }

  const Paths paths;
  asio::io_context& loop;
  asio::thread_pool pool;
  Database database;
  DatabaseTable image_table, volume_table, cache_table, pull_table;
  DatabaseNetworkStore network_store;
  EventHub events;
  image::Store images;
  image::Puller puller;
  volume::Manager volumes;
  std::shared_ptr<network::NameTable> names;
  dns::Server dns;
  network::Manager networks;
  runtime::ShimBinary shim;
  runtime::SeccompCache seccomp;
  container::Manager containers;
  container::BuildRunner build_runner;
  build::Builder builder;
  EngineContext context{paths, loop, pool, events, containers, images, puller, networks, volumes, builder};
};

Engine::Engine(const Paths& paths, asio::io_context& loop) : parts_(std::make_unique<Parts>(paths, loop)) {
  parts_->images.load();
  parts_->puller.load();
  parts_->volumes.load();
  parts_->builder.load();
  parts_->containers.load();
}

Engine::~Engine() = default;

asio::awaitable<void> Engine::recover() {
  Parts& parts = *parts_;
  // The marker lives in the run root, which a reboot empties; the boot id also covers a run root that stayed. An engine that
  // removed the run root itself has said so in the database.
  const std::string boot_id = read_file(boot_id_file);
  const std::string marker = parts.paths.run_root + "/boot";
  const bool rebooted = read_file(marker) != boot_id && parts.database.setting(ended_in_boot) != boot_id;
  if (rebooted) {
    std::error_code error;
    std::filesystem::remove_all(parts.paths.shims(), error);
  }
  std::filesystem::create_directories(parts.paths.shims());
  ::chmod(parts.paths.shims().c_str(), 0700);
  std::filesystem::create_directories(parts.paths.containers());
  container::Restored restored = co_await parts.containers.find_running();
  co_await parts.networks.restore(std::move(restored.running));
  co_await parts.containers.restore(rebooted);
  std::ofstream(marker, std::ios::trunc) << boot_id;
  if (!parts.database.setting(ended_in_boot).empty()) parts.database.set_setting(ended_in_boot, "");
}

EngineContext& Engine::context() { return parts_->context; }

bool Engine::is_idle() const { return parts_->containers.is_idle() && !parts_->database.behind(); }

asio::awaitable<void> Engine::farewell() { return parts_->containers.farewell(); }

void Engine::remove_run_root() {
  const Paths& paths = parts_->paths;
  if (::rmdir(paths.shims().c_str()) != 0) return;                  // containers run on
  if (!remove_project_locks(paths.run_root + "/projects")) return;  // a command is at work, and will start an engine again
  try {
    parts_->database.set_setting(ended_in_boot, read_file(boot_id_file));
  } catch (const Error& error) {
    log::warning("{} stays: {}", paths.run_root, error.what());
    return;
  }
  ::unlink((paths.run_root + "/boot").c_str());
  ::rmdir((paths.run_root + "/build-secrets").c_str());
  ::unlink(paths.lock().c_str());
  ::rmdir(paths.run_root.c_str());  // unless there is something else in it, such as the lock of an engine that starts already
}

}  // namespace stack::engine
