// GET /stack/v1/metrics: the engine in Prometheus' text format. Everything is gathered when it is asked for; nothing runs in
// between.
#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <memory>

#include "base/tree_walk.hpp"
#include "engine/container/manager.hpp"
#include "engine/events.hpp"
#include "engine/http/metrics.hpp"
#include "engine/http/routes.hpp"
#include "engine/image/store.hpp"
#include "engine/network/manager.hpp"
#include "engine/state/async.hpp"
#include "engine/volume/manager.hpp"

namespace stack::engine::http {

namespace {

constexpr const char* text_format = "text/plain; version=0.0.4; charset=utf-8";

void write_containers(std::string& text, const container::Manager& containers) {
  using container::State;
  write_metric_head(text, "stack_containers", "gauge", "Containers by state.");
  for (const State state :
       {State::created, State::running, State::paused, State::restarting, State::removing, State::exited, State::dead})
    write_metric(text, "stack_containers", {{"state", container::to_string(state)}},
                 static_cast<double>(containers.count(state)));
  const container::Counters& counters = containers.counters();
  write_single_metric(text, "stack_container_starts_total", "counter", "Starts of containers since the engine started.",
                      static_cast<double>(counters.starts));
  write_single_metric(text, "stack_container_restarts_total", "counter",
                      "Restarts by a restart policy since the engine started.", static_cast<double>(counters.restarts));
  write_single_metric(text, "stack_container_exits_total", "counter", "Ends of containers since the engine started.",
                      static_cast<double>(counters.exits));
}

void write_names(std::string& text, const network::NameStatistics& names) {
  write_metric_head(text, "stack_dns_queries_total", "counter", "Names that containers asked for, by who knew the answer.");
  const auto line = [&](const char* answer, std::uint64_t count) {
    write_metric(text, "stack_dns_queries_total", {{"answer", answer}}, static_cast<double>(count));
  };
  line("local", names.local);
  line("forwarded", names.forwarded);
  line("cached", names.cached);
  write_single_metric(text, "stack_dns_dropped_total", "counter", "Packets to the DNS server that were no queries.",
                      static_cast<double>(names.dropped));
}

std::uint64_t open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir("/proc/self/fd"), ::closedir);
  std::uint64_t count = 0;
  while (listing && ::readdir(listing.get()) != nullptr) ++count;
  return count > 3 ? count - 3 : 0;  // ".", ".." and the listing itself
}

/// Proportional set size: what the engine alone keeps in memory, and its share of what others map too. 0: unknown.
std::uint64_t proportional_bytes() {
  std::ifstream file("/proc/self/smaps_rollup");
  for (std::string word; file >> word;) {
    std::uint64_t kib = 0;
    if (word == "Pss:" && file >> kib) return kib * 1024;
  }
  return 0;
}

void write_process(std::string& text) {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0, resident = 0;
  statm >> pages >> resident;
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  write_single_metric(text, "process_resident_memory_bytes", "gauge", "Resident memory of the engine.",
                      static_cast<double>(resident) * page);
  write_single_metric(text, "process_virtual_memory_bytes", "gauge", "Address space of the engine.",
                      static_cast<double>(pages) * page);
  write_single_metric(text, "stack_engine_pss_bytes", "gauge", "Proportional set size of the engine.",
                      static_cast<double>(proportional_bytes()));
  write_single_metric(text, "process_open_fds", "gauge", "Open descriptors of the engine.",
                      static_cast<double>(open_descriptors()));
  write_single_metric(text, "process_cpu_seconds_total", "counter", "Processor time of the engine.",
                      seconds(usage.ru_utime) + seconds(usage.ru_stime));
}

/// What is kept of the containers' output: the files of each log, rotated ones included.
asio::awaitable<std::uint64_t> log_bytes(EngineContext& engine) {
  auto work = [directory = engine.paths.containers()] {
    std::uint64_t bytes = 0;
    walk_tree(directory, [&](const std::string& path, const struct stat& status) {
      if (S_ISREG(status.st_mode) && path.find("/logs/") != std::string::npos)
        bytes += static_cast<std::uint64_t>(status.st_size);
    });
    return bytes;
  };
  co_return co_await run_in_pool(engine.pool, std::move(work));
}

asio::awaitable<void> metrics(EngineContext& engine, std::shared_ptr<const ApiMetrics> api, ResponseWriter& response) {
  const std::uint64_t logged = co_await log_bytes(engine);
  std::string text;
  write_metric_head(text, "stack_engine_info", "gauge", "The engine's version.");
  write_metric(text, "stack_engine_info", {{"version", STACK_VERSION}}, 1);
  write_containers(text, engine.containers);
  write_single_metric(text, "stack_log_bytes", "gauge", "Bytes of the containers' logs on the disk.",
                      static_cast<double>(logged));
  write_single_metric(text, "stack_images", "gauge", "Images in the store.", static_cast<double>(engine.images.count()));
  write_single_metric(text, "stack_image_layer_bytes", "gauge", "Content bytes of all layers, each counted once.",
                      static_cast<double>(engine.images.layers_size()));
  write_single_metric(text, "stack_volumes", "gauge", "Volumes.", static_cast<double>(engine.volumes.count()));
  write_single_metric(text, "stack_networks", "gauge", "Networks, with the predefined ones.",
                      static_cast<double>(engine.networks.list().size()));
  write_single_metric(text, "stack_event_listeners", "gauge", "Clients that follow the events.",
                      static_cast<double>(engine.events.listeners()));
  write_names(text, engine.networks.name_statistics());
  api->write(text);
  write_process(text);
  co_await response.send(200, text_format, std::move(text));
}

}  // namespace

void add_metrics_routes(Router& router, EngineContext& engine, std::shared_ptr<const ApiMetrics> api) {
  router.add(Method::get, "/stack/v1/metrics",
             [&engine, api](Request&, ResponseWriter& response) { return metrics(engine, api, response); });
}

}  // namespace stack::engine::http
