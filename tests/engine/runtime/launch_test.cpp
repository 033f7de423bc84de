#include "engine/runtime/launch.hpp"

#include <sys/wait.h>

#include "container_fixture.hpp"

namespace stack::engine::runtime {
namespace {

using Launch = ContainerTest;

TEST_F(Launch, RunsACommandAndReportsItsExitCodeAndOutput) {
  const Finished result = run(shell("echo out; echo err >&2; exit 7"));
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
}

TEST_F(Launch, ReportsASignalAs128PlusItsNumber) {
  const LaunchRequest sleeper = request({"sleep", "1000"});
  const LaunchResult launched = launch(shim(), sleeper);
  TestClient client(launched.socket_path);
  const shim::KillRequest signal{SIGKILL, 0, {}};
  client.request(shim::Message::kill, {reinterpret_cast<const char*>(&signal), sizeof signal});
  EXPECT_EQ(finish(launched, sleeper).exit_code, 137);
}

TEST_F(Launch, WritesTheExitToTheContainersDirectory) {
  const LaunchRequest asked = shell("exit 3");
  EXPECT_EQ(run(asked).exit_code, 3);
  const auto exit = nlohmann::json::parse(slurp(asked.container_dir + "/exit.json"));
  EXPECT_EQ(exit.at("exit_code"), 3);
  EXPECT_EQ(exit.at("oom_killed"), false);
}

struct BadCommand {
  const char* command;
  int exit_code;
  const char* text;
};
class LaunchErrors : public ContainerTest, public ::testing::WithParamInterface<BadCommand> {};

TEST_P(LaunchErrors, AreWordedAsDockersAndCarryItsExitCode) {
  std::ofstream(rootfs_ / "etc/noexec") << "text";
  std::filesystem::permissions(rootfs_ / "etc/noexec", std::filesystem::perms(0644));
  for (const bool with_init : {false, true}) {
    LaunchRequest asked = request({GetParam().command});
    asked.spec.process.init = with_init;
    try {
      launch(shim(), asked);
      FAIL() << "started";
    } catch (const LaunchError& error) {
      EXPECT_EQ(error.exit_code(), GetParam().exit_code);
      EXPECT_STREQ(error.what(), GetParam().text);
    }
    EXPECT_FALSE(std::filesystem::exists(asked.shim_dir));
  }
}

INSTANTIATE_TEST_SUITE_P(Commands, LaunchErrors,
                         ::testing::Values(BadCommand{"nosuch", 127, "exec: \"nosuch\": executable file not found in $PATH"},
                                           BadCommand{"/nosuch", 127,
                                                      "exec: \"/nosuch\": stat /nosuch: no such file or directory"},
                                           BadCommand{"/etc", 126, "exec: \"/etc\": is a directory: permission denied"},
                                           BadCommand{"/etc/noexec", 126, "exec: \"/etc/noexec\": permission denied"},
                                           BadCommand{"etc", 127, "exec: \"etc\": executable file not found in $PATH"}));

TEST_F(Launch, NamesAnUnknownUser) {
  LaunchRequest asked = request({"true"});
  asked.spec.process.user.name = "nobodyhere";
  try {
    launch(shim(), asked);
    FAIL() << "started";
  } catch (const LaunchError& error) {
    EXPECT_EQ(error.exit_code(), 125);
    EXPECT_STREQ(error.what(), "unable to find user nobodyhere: no matching entries in passwd file");
  }
}

TEST_F(Launch, KillsAProcessOverItsMemoryLimitAndSaysSo) {
  LaunchRequest asked = shell("dd if=/dev/zero of=/dev/null bs=200M count=1");
  asked.spec.linux_.resources.memory_limit = 32 << 20;
  asked.spec.linux_.resources.memory_swap = 32 << 20;
  const Finished result = run(asked);
  EXPECT_EQ(result.exit_code, 137);
  EXPECT_TRUE(result.oom_killed);
}

TEST_F(Launch, RefusesForksBeyondThePidsLimit) {
  LaunchRequest asked = shell("for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait");
  asked.spec.linux_.resources.pids_limit = 5;
  EXPECT_NE(run(asked).err.find("can't fork"), std::string::npos);
}

TEST_F(Launch, PutsTheCommandIntoGroupsWithTheLimitsAskedFor) {
  LaunchRequest asked = request({"sleep", "1000"});
  Resources& resources = asked.spec.linux_.resources;
  resources.cpu_quota = 50'000;
  resources.cpu_period = 100'000;
  resources.cpu_shares = 512;
  resources.cpuset_cpus = "0";
  resources.memory_limit = 64 << 20;
  resources.pids_limit = 7;
  const LaunchResult launched = launch(shim(), asked);
  const Cgroup group = Cgroup::open(asked.spec.linux_.cgroups_path);
  EXPECT_EQ(group.processes(), std::vector<pid_t>{launched.container_pid});
  const CgroupStats stats = group.stats();
  EXPECT_EQ(stats.memory_limit, 64u << 20);
  EXPECT_EQ(stats.pids_limit, 7u);
  EXPECT_EQ(stats.pids, 1u);
  EXPECT_GT(stats.memory_usage, 0u);
  EXPECT_GT(stats.cpu_total, 0u);
  for (const auto& hierarchy : CgroupMounts::detect().v1) {
    const std::filesystem::path directory = hierarchy.mount + asked.spec.linux_.cgroups_path;
    if (hierarchy.controller == "cpu") {
      EXPECT_EQ(slurp(directory / "cpu.cfs_quota_us"), "50000\n");
      EXPECT_EQ(slurp(directory / "cpu.shares"), "512\n");
    }
    if (hierarchy.controller == "cpuset") {
      EXPECT_EQ(slurp(directory / "cpuset.cpus"), "0\n");
      EXPECT_EQ(slurp(directory / "tasks"), std::to_string(launched.container_pid) + "\n");
    }
  }
  ::kill(launched.container_pid, SIGKILL);
  finish(launched, asked);
}

TEST_F(Launch, GivesATerminalWhoseSizeCanBeChanged) {
  LaunchRequest asked = shell("tty; stty size; ls -l /dev/console | head -c 1; echo; read line; stty size");
  asked.spec.process.terminal = true;
  asked.spec.process.console_rows = 24;
  asked.spec.process.console_columns = 80;
  asked.stdin_open = true;
  const LaunchResult launched = launch(shim(), asked);
  TestClient control(launched.socket_path);
  const std::uint16_t size[2] = {50, 132};
  control.request(shim::Message::resize, {reinterpret_cast<const char*>(size), sizeof size});
  TestClient stream(launched.socket_path);
  const char flags = shim::attach_stdin | shim::attach_stdout;
  stream.request(shim::Message::attach, {&flags, 1});
  ASSERT_EQ(::write(stream.fd(), "go\n", 3), 3);
  const Finished result = finish(launched, asked);
  EXPECT_NE(result.out.find("/dev/pts/0\r\n"), std::string::npos) << result.out;  // the echo of "go" may come first
  EXPECT_TRUE(result.out.ends_with("50 132\r\n")) << result.out;
}

TEST_F(Launch, AnAttachedClientGetsEveryByteAndItsHalfCloseEndsStdin) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  const UniqueFd ours(pair[0]);
  LaunchRequest asked = shell("cat; echo done >&2");
  asked.stdin_open = asked.stdin_once = true;
  asked.attached.push_back({UniqueFd(pair[1]), shim::attach_stdin | shim::attach_stdout | shim::attach_stderr});
  const LaunchResult launched = launch(shim(), asked);
  asked.attached.clear();  // our copy of the peer's end, else the stream never ends
  const std::string input(300'000, 'x');
  std::string received;
  std::size_t sent = 0;
  for (;;) {
    pollfd ready{ours.get(), static_cast<short>(POLLIN | (sent < input.size() ? POLLOUT : 0)), 0};
    ASSERT_GT(::poll(&ready, 1, 20'000), 0);
    if ((ready.revents & POLLOUT) != 0) {
      const ssize_t n = ::send(ours.get(), input.data() + sent, input.size() - sent, MSG_DONTWAIT);
      if (n > 0) sent += static_cast<std::size_t>(n);
      if (sent == input.size()) ::shutdown(ours.get(), SHUT_WR);
    }
    if ((ready.revents & (POLLIN | POLLHUP)) == 0) continue;
    char buffer[65536];
    const ssize_t n = ::recv(ours.get(), buffer, sizeof buffer, 0);
    if (n <= 0) break;
    received.append(buffer, static_cast<std::size_t>(n));
  }
  std::string out;
  std::string err;
  for (std::size_t at = 0; at + 8 <= received.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(received[at + i])); };
    const std::size_t length = byte(4) << 24 | byte(5) << 16 | byte(6) << 8 | byte(7);
    (byte(0) == 1 ? out : err) += received.substr(at + 8, length);
    at += 8 + length;
  }
  EXPECT_EQ(out, input);
  EXPECT_EQ(err, "done\n");
  EXPECT_EQ(finish(launched, asked).out, input);
}

TEST_F(Launch, RotatesTheLogAtRecordBoundaries) {
  LaunchRequest asked = shell("yes 0123456789 | head -c 1000000");
  asked.log.max_size = 200'000;
  asked.log.max_files = 3;
  run(asked);
  const std::filesystem::path logs = asked.log.directory;
  EXPECT_TRUE(std::filesystem::exists(logs / "container.log.2"));
  EXPECT_FALSE(std::filesystem::exists(logs / "container.log.3"));
  for (const auto& file : std::filesystem::directory_iterator(logs)) EXPECT_LE(file.file_size(), 200'000u) << file.path();
}

ExecRequest exec_request(const LaunchResult& container, const LaunchRequest& request, const std::string& script) {
  ExecRequest result;
  result.container_pid = container.container_pid;
  result.process = request.spec.process;
  result.process.args = {"/bin/sh", "-c", script};
  result.cgroups_path = request.spec.linux_.cgroups_path;
  return result;
}

struct Output {
  std::string text;
  int exit_code = -1;
};
Output collect(ExecResult& executed, int from) {
  Output output;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(from, buffer, sizeof buffer)) > 0;) output.text.append(buffer, static_cast<std::size_t>(n));
  std::int32_t code = -1;
  EXPECT_EQ(::read(executed.exit_fd.get(), &code, sizeof code), static_cast<ssize_t>(sizeof code));
  output.exit_code = code;
  wait_for(executed.shim);
  return output;
}

class Exec : public ContainerTest {
protected:
  void SetUp() override {
    ContainerTest::SetUp();
    if (IsSkipped()) return;
    asked_ = request({"sleep", "1000"});
    asked_.spec.hostname = "box";
    container_ = launch(shim(), asked_);
  }
  void TearDown() override {
    if (!base_.empty()) {
      ::kill(container_.container_pid, SIGKILL);
      finish(container_, asked_);
    }
    ContainerTest::TearDown();
  }
  LaunchRequest asked_;
  LaunchResult container_;
};

TEST_F(Exec, RunsInTheContainersNamespacesGroupAndLimits) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  ExecRequest request = exec_request(
      container_, asked_,
      "hostname; cat /proc/self/status | grep CapEff; grep -c stack-test /proc/self/cgroup; ls /proc/self/fd; exit 9");
  request.stdout_fd = ends[1];
  ExecResult executed = launch_exec(shim(), request);
  ::close(ends[1]);
  const Output output = collect(executed, read_end.get());
  EXPECT_EQ(output.exit_code, 9);
  EXPECT_TRUE(output.text.starts_with("box\nCapEff:\t00000000a80425fb\n")) << output.text;
  EXPECT_TRUE(output.text.ends_with("\n0\n1\n2\n3\n")) << output.text;
  EXPECT_EQ(output.text.find("\n0\n0\n"), std::string::npos) << "not in the container's cgroups: " << output.text;
}

TEST_F(Exec, GivesATerminalOfTheContainer) {
  ExecRequest request = exec_request(container_, asked_, "tty; stty size");
  request.process.terminal = true;
  request.process.console_rows = 30;
  request.process.console_columns = 100;
  ExecResult executed = launch_exec(shim(), request);
  ASSERT_TRUE(executed.terminal);
  const Output output = collect(executed, executed.terminal.get());
  EXPECT_EQ(output.text, "/dev/pts/0\r\n30 100\r\n");
  EXPECT_EQ(output.exit_code, 0);
}

TEST_F(Exec, SaysWhenTheCommandIsMissing) {
  ExecRequest request = exec_request(container_, asked_, "");
  request.process.args = {"nosuch"};
  try {
    launch_exec(shim(), request);
    FAIL() << "started";
  } catch (const LaunchError& error) {
    EXPECT_EQ(error.exit_code(), 127);
  }
}

}  // namespace
}  // namespace stack::engine::runtime
