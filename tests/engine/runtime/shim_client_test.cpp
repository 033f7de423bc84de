#include "engine/runtime/shim_client.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <thread>

#include "container_fixture.hpp"

namespace stack::engine::runtime {
namespace {

class Monitor : public ContainerTest {
protected:
  /// Runs a coroutine to its end.
  template <class T>
  T await(asio::awaitable<T> work) {
    std::future<T> result = asio::co_spawn(io_, std::move(work), asio::use_future);
    io_.restart();
    while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      if (io_.run_one_for(std::chrono::seconds(20)) == 0) throw std::runtime_error("timed out");
    }
    return result.get();
  }
  void end(const LaunchResult& launched, const LaunchRequest& request) {
    ::kill(launched.container_pid, SIGKILL);
    finish(launched, request);
  }
  asio::io_context io_;
};

TEST_F(Monitor, TellsItsStateKillsAndReportsTheExitToASubscriber) {
  const LaunchRequest asked = request({"sleep", "1000"});
  const LaunchResult launched = launch(shim(), asked);
  const auto client = await(ShimClient::connect(launched.socket_path));
  EXPECT_EQ(client->state_at_hello().container_pid, launched.container_pid);
  EXPECT_EQ(client->state_at_hello().exited, 0);
  std::optional<shim::State> exited;
  ShimClient::Handlers handlers;
  handlers.on_exit = [&](const shim::State& state) { exited = state; };
  await(client->subscribe(true, std::move(handlers)));
  EXPECT_THROW(await(client->release()), Error) << "released while it runs";
  await(client->kill(SIGTERM));  // PID 1 without a handler: the kernel drops it
  await(client->kill(SIGKILL));
  while (!exited) ASSERT_NE(io_.run_one_for(std::chrono::seconds(20)), 0u);
  EXPECT_EQ(exited->exit_code, 137);
  EXPECT_THROW(await(client->kill(SIGKILL)), Error);
  await(client->release());
  EXPECT_FALSE(std::filesystem::exists(asked.shim_dir)) << "the next start's directory, which nobody may touch any more";
  wait_for(launched.shim);
}

TEST_F(Monitor, TellsOfAProcessKilledForItsMemoryWhileTheContainerLives) {
  LaunchRequest asked = shell("dd if=/dev/zero of=/dev/null bs=200M count=1; echo survived; exec sleep 1000");
  asked.spec.linux_.resources.memory_limit = 32 << 20;
  asked.spec.linux_.resources.memory_swap = 32 << 20;
  const LaunchResult launched = launch(shim(), asked);
  const auto client = await(ShimClient::connect(launched.socket_path));
  std::uint64_t kills = 0;
  ShimClient::Handlers handlers;
  handlers.on_oom = [&](std::uint64_t count) { kills = count; };
  await(client->subscribe(false, std::move(handlers)));
  while (kills == 0) ASSERT_NE(io_.run_one_for(std::chrono::seconds(20)), 0u);
  EXPECT_EQ(kills, 1u);
  EXPECT_EQ(client->state_at_hello().exited, 0);
  client->close();
  end(launched, asked);
}

TEST_F(Monitor, KeepsTheExitForWhoeverAsksLater) {
  const LaunchRequest asked = shell("exit 4");
  const LaunchResult launched = launch(shim(), asked);
  TestClient(launched.socket_path).request(shim::Message::state, {});
  EXPECT_EQ(finish(launched, asked).exit_code, 4);
}

TEST_F(Monitor, RefusesAnotherVersionOfTheProtocol) {
  const LaunchRequest asked = request({"sleep", "1000"});
  const LaunchResult launched = launch(shim(), asked);
  shim::FrameHeader header;
  header.length = 4;
  header.type = shim::Message::hello;
  const std::uint32_t version = 999;
  const UniqueFd socket = TestClient::connect_to(launched.socket_path);
  ::send(socket.get(), &header, sizeof header, 0);
  ::send(socket.get(), &version, sizeof version, 0);
  shim::FrameHeader answer;
  ASSERT_EQ(::recv(socket.get(), &answer, sizeof answer, MSG_WAITALL), static_cast<ssize_t>(sizeof answer));
  EXPECT_EQ(answer.type, shim::Message::error);
  end(launched, asked);
}

/// A listening TCP socket on a free port of 127.0.0.1.
UniqueFd listening(std::uint16_t& port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(fd.get(), 16) != 0)
    throw std::runtime_error("listen");
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
  port = ntohs(address.sin_port);
  return fd;
}

std::string exchange(std::uint16_t port, const std::string& question) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return "connect failed";
  std::thread writer([&] {
    for (std::size_t at = 0; at < question.size();) {
      const ssize_t n = ::send(fd.get(), question.data() + at, question.size() - at, MSG_NOSIGNAL);
      if (n <= 0) break;
      at += static_cast<std::size_t>(n);
    }
    ::shutdown(fd.get(), SHUT_WR);
  });
  std::string answer;
  char buffer[65536];
  for (ssize_t n = 0; (n = ::recv(fd.get(), buffer, sizeof buffer, 0)) > 0;) answer.append(buffer, static_cast<std::size_t>(n));
  writer.join();
  return answer;
}

/// A network namespace whose loopback is up.
UniqueFd make_netns() {
  UniqueFd result;
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) != 0) return;
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    ::ioctl(socket.get(), SIOCSIFFLAGS, &request);
    result.reset(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  }).join();
  return result;
}

TEST_F(Monitor, RelaysConnectionsOfAHeldSocketIntoTheContainersNetwork) {
  std::uint16_t port = 0;
  LaunchRequest asked = shell("echo ready; nc -l -p 8080 -e cat");
  HeldSocket held;
  held.name = "port";
  held.fd = listening(port);
  held.relay_address = "127.0.0.1";
  held.relay_port = 8080;
  asked.held.push_back(std::move(held));
  const UniqueFd netns = make_netns();
  ASSERT_TRUE(netns);
  asked.netns_fd = netns.get();
  const LaunchResult launched = launch(shim(), asked);
  // the server inside is ready soon after its start; until then the relay answers with the end of the stream
  const std::string question(2'000'000, 'q');
  std::string answer;
  for (int tries = 0; tries < 200 && answer.empty(); ++tries) {
    answer = exchange(port, question);
    if (answer.empty()) ::usleep(20'000);
  }
  EXPECT_EQ(answer.size(), question.size());
  EXPECT_EQ(answer, question);
  end(launched, asked);
}

TEST_F(Monitor, HandsHeldSocketsBackAndTakesMore) {
  std::uint16_t first_port = 0;
  std::uint16_t second_port = 0;
  LaunchRequest asked = request({"sleep", "1000"});
  HeldSocket first;
  first.name = "first";
  first.fd = listening(first_port);
  asked.held.push_back(std::move(first));
  const LaunchResult launched = launch(shim(), asked);
  asked.held.clear();  // only the monitor holds it now
  const auto client = await(ShimClient::connect(launched.socket_path));
  std::vector<HeldSocket> more;
  for (int i = 0; i < 130; ++i) {
    HeldSocket socket;
    socket.name = "more-" + std::to_string(i);
    socket.fd = listening(second_port);
    more.push_back(std::move(socket));
  }
  await(client->hold_sockets(std::move(more)));
  std::vector<HeldSocket> taken = await(client->take_sockets());
  ASSERT_EQ(taken.size(), 131u);
  EXPECT_EQ(taken[0].name, "first");
  sockaddr_in address{};
  socklen_t length = sizeof address;
  ::getsockname(taken[0].fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
  EXPECT_EQ(ntohs(address.sin_port), first_port);
  ::getsockname(taken[130].fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
  EXPECT_EQ(ntohs(address.sin_port), second_port);
  std::vector<std::string> names{"first", "more-7"};
  await(client->drop_sockets(std::move(names)));
  EXPECT_EQ(await(client->take_sockets()).size(), 129u);
  client->close();
  end(launched, asked);
}

TEST_F(Monitor, StartsExactlyOneEngineWhenItsEngineIsGone) {
  // stands in for the engine: records that it holds the lock (descriptor 3) and the start-up pipe (descriptor 4), then stays
  const std::filesystem::path script = base_ / "engine";
  const std::filesystem::path starts = base_ / "starts";
  std::ofstream(script) << "#!/bin/sh\necho \"$@ $(readlink /proc/$$/fd/3)\" >> " << starts.string()
                        << "\necho ready >&4\nexec sleep 1000\n";
  std::filesystem::permissions(script, std::filesystem::perms(0755));
  const std::filesystem::path lock = base_ / "engine.lock";
  UniqueFd held(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(held.get(), LOCK_EX), 0);
  std::vector<LaunchRequest> asked;
  std::vector<LaunchResult> launched;
  std::vector<std::unique_ptr<TestClient>> engine;
  for (int i = 0; i < 5; ++i) {
    asked.push_back(request({"sleep", "1000"}));
    asked.back().engine = {lock, {script, "engine", "--root", "x"}, {}};
    launched.push_back(launch(shim(), asked.back()));
    engine.push_back(std::make_unique<TestClient>(launched.back().socket_path));
    engine.back()->subscribe(true);
  }
  engine.clear();  // the engine dies: its connections and its lock go
  held.reset();
  for (int tries = 0; tries < 500 && slurp(starts).empty(); ++tries) ::usleep(10'000);
  EXPECT_EQ(slurp(starts), "engine --root x " + lock.string() + "\n");
  for (std::size_t i = 0; i < launched.size(); ++i) {
    TestClient(launched[i].socket_path).subscribe(true);  // adopted, and lost again: the lock is held, so nobody else starts
    end(launched[i], asked[i]);
  }
  EXPECT_EQ(slurp(starts), "engine --root x " + lock.string() + "\n");
  // whoever holds the lock is the stand-in
  held.reset(::open(lock.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_NE(::flock(held.get(), LOCK_EX | LOCK_NB), 0);
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    if (slurp(entry.path() / "cmdline").find(std::string("sleep") + '\0' + "1000") == std::string::npos) continue;
    std::error_code error;
    if (std::filesystem::read_symlink(entry.path() / "fd/3", error) == lock)
      ::kill(std::stoi(entry.path().filename()), SIGKILL);
  }
}

}  // namespace
}  // namespace stack::engine::runtime
