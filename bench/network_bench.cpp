// Attaching and detaching containers, in a network namespace of its own. Usage (root): network_bench [containers] [rounds]
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "base/digest.hpp"
#include "engine/api/types.hpp"
#include "engine/network/manager.hpp"

namespace asio = boost::asio;
using namespace stack::engine;
using Clock = std::chrono::steady_clock;

namespace {

class NoStore : public network::NetworkStore {
  void save_network(const std::string&, const std::string&) override {}
  void remove_network(const std::string&) override {}
  std::vector<std::string> load_networks() override { return {}; }
  void save_attachment(const std::string&, const std::string&) override {}
  void remove_attachment(const std::string&) override {}
  std::vector<std::string> load_attachments() override { return {}; }
};

double ms_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

struct Bench {
  asio::io_context io;
  asio::thread_pool pool{4};
  NoStore store;
  std::unique_ptr<network::Manager> manager;
  std::map<std::string, std::vector<double>> times;

  void run(const char* what) {
    const auto start = Clock::now();
    io.restart();
    io.run();
    if (what != nullptr) times[what].push_back(ms_since(start));
  }
  void add(asio::awaitable<void> task) {
    asio::co_spawn(io, std::move(task), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
  }
  asio::awaitable<void> create(std::string name) {
    api::NetworkCreate request;
    request.name = std::move(name);
    co_await manager->create(request);
  }
  asio::awaitable<void> attach(int number) {
    network::AttachRequest request;
    request.container_name = "c" + std::to_string(number);
    request.container_id = stack::sha256_hex(request.container_name);
    network::EndpointRequest endpoint;
    endpoint.network = "front";
    endpoint.aliases = {"service"};
    request.endpoints.push_back(endpoint);
    network::PortRequest port;
    port.host_port_first = static_cast<std::uint16_t>(20000 + number);
    port.container_port = 80;
    request.ports.push_back(port);
    co_await manager->attach(std::move(request));
  }
  asio::awaitable<void> detach(int number) { co_await manager->detach(stack::sha256_hex("c" + std::to_string(number))); }
};

}  // namespace

int main(int argc, char** argv) {
  const int containers = argc > 1 ? std::atoi(argv[1]) : 50;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  if (::unshare(CLONE_NEWNET) != 0) {
    std::perror("unshare (root is needed)");
    return 1;
  }
  Bench bench;
  network::ManagerOptions options;
  options.instance = "bec4be4c";
  options.host_lock = "/tmp/network_bench.lock";
  bench.manager = std::make_unique<network::Manager>(bench.io.get_executor(), bench.pool, bench.store,
                                                     std::make_shared<network::NameTable>(), nullptr, options);
  bench.add(bench.manager->restore({}));
  bench.run(nullptr);
  for (int round = 0; round < rounds; ++round) {
    bench.add(bench.create("front"));
    bench.run("1 create network");
    bench.add(bench.attach(1000));
    bench.run("2 attach one");
    bench.add(bench.detach(1000));
    bench.run("3 detach one");
    for (int i = 0; i < containers; ++i) bench.add(bench.attach(i));
    bench.run("4 attach all at once");
    for (int i = 0; i < containers; ++i) bench.add(bench.detach(i));
    bench.run("5 detach all at once");
    bench.add(bench.manager->remove("front"));
    bench.run("6 remove network");
  }
  for (auto& [what, times] : bench.times) {
    std::sort(times.begin(), times.end());
    std::printf("%-22s median %7.2f ms  best %7.2f  worst %7.2f\n", what.c_str() + 2, times[times.size() / 2], times.front(),
                times.back());
  }
  std::printf("(%d containers, one published port each)\n", containers);
  bench.manager.reset();
  bench.pool.join();
  ::unlink(options.host_lock.c_str());
}
