#include "container_fixture.hpp"

#include <sys/un.h>
#include <sys/wait.h>

namespace stack::engine::runtime {

UniqueFd TestClient::connect_to(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("connect " + path);
  return fd;
}

ShimBinary& ContainerTest::shim() {
  static ShimBinary binary(shim_path());
  return binary;
}

void ContainerTest::SetUp() {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  base_ = std::filesystem::temp_directory_path() / ("rt" + random_hex(10));
  rootfs_ = base_ / "rootfs";
  cgroup_parent_ = "/stack-test-" + random_hex(8);
  for (const char* directory : {"bin", "etc", "proc", "sys", "dev", "tmp", "root"})
    std::filesystem::create_directories(rootfs_ / directory);
  std::filesystem::permissions(base_, std::filesystem::perms(0755));
  std::filesystem::permissions(rootfs_ / "tmp", std::filesystem::perms(01777));
  std::filesystem::copy_file("/bin/busybox", rootfs_ / "bin/busybox");
  for (const char* applet : {"sh",    "true",     "false",    "cat",   "echo", "id",  "ls",  "stty", "tty",    "sleep",
                             "mount", "hostname", "dd",       "mknod", "kill", "ps",  "wc",  "grep", "head",   "yes",
                             "stat",  "touch",    "readlink", "mkdir", "nc",   "seq", "pwd", "env",  "umount", "chroot"}) {
    std::filesystem::create_symlink("busybox", rootfs_ / "bin" / applet);
  }
  std::ofstream(rootfs_ / "etc/passwd") << "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000:Alice:/home/alice:/bin/sh\n";
  std::ofstream(rootfs_ / "etc/group") << "root:x:0:\nalice:x:1000:\naudio:x:29:alice\nvideo:x:44:\n";
}

void ContainerTest::TearDown() {
  if (base_.empty()) return;
  for (const std::string& name : child_cgroups(cgroup_parent_)) ADD_FAILURE() << "cgroup left behind: " << name;
  Cgroup::open(cgroup_parent_).remove();
  if (std::filesystem::exists(base_ / "run")) {
    for (const auto& entry : std::filesystem::directory_iterator(base_ / "run"))
      ADD_FAILURE() << "run directory left behind: " << entry.path();
  }
  std::filesystem::remove_all(base_);
}

LaunchRequest ContainerTest::request(const std::vector<std::string>& args) {
  LaunchRequest result;
  result.id = random_hex(12);
  result.spec = default_spec();
  result.spec.process.args = args;
  result.spec.process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  const std::filesystem::path own = base_ / result.id;
  for (const char* directory : {"upper", "work"}) std::filesystem::create_directories(own / directory);
  result.spec.root.overlay = Overlay{{rootfs_}, own / "upper", own / "work"};
  result.spec.linux_.cgroups_path = cgroup_parent_ + "/" + result.id;
  result.shim_dir = base_ / "run" / result.id;
  result.container_dir = own;
  result.log.directory = own / "logs";
  return result;
}

Finished ContainerTest::finish(const LaunchResult& launched, const LaunchRequest& request) {
  TestClient client(launched.socket_path);
  client.subscribe();
  const shim::State state = client.wait_exit();
  client.release();
  wait_for(launched.shim);
  Finished result{state.exit_code, state.oom_killed != 0, {}, {}};
  const std::string log = slurp(request.log.directory + "/" + shim::log_file_name);
  std::size_t at = 0;
  while (log.size() - at >= shim::log_overhead) {
    shim::LogHeader header;
    std::memcpy(&header, log.data() + at, sizeof header);
    (header.stream == shim::LogStream::out ? result.out : result.err) += log.substr(at + sizeof header, header.length);
    at += shim::log_overhead + header.length;
  }
  return result;
}

Finished ContainerTest::run(const LaunchRequest& request) { return finish(launch(shim(), request), request); }

}  // namespace stack::engine::runtime
