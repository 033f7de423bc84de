// What a container sees from the inside: Docker's defaults or stricter.
#include <sys/wait.h>

#include "container_fixture.hpp"
#include "engine/runtime/seccomp.hpp"

namespace stack::engine::runtime {
namespace {

using Inside = ContainerTest;

std::string status_line(const std::string& status, const std::string& key) {
  const auto at = status.find(key + ":\t");
  return at == std::string::npos ? "" : status.substr(at + key.size() + 2, status.find('\n', at) - at - key.size() - 2);
}

TEST_F(Inside, RootHasTheFourteenCapabilitiesAndNoMore) {
  const std::string status = run_shell("cat /proc/self/status");
  EXPECT_EQ(status_line(status, "CapPrm"), "00000000a80425fb");
  EXPECT_EQ(status_line(status, "CapEff"), "00000000a80425fb");
  EXPECT_EQ(status_line(status, "CapBnd"), "00000000a80425fb");
  EXPECT_EQ(status_line(status, "CapInh"), "0000000000000000");
  EXPECT_EQ(status_line(status, "CapAmb"), "0000000000000000");
  EXPECT_EQ(status_line(status, "NoNewPrivs"), "0");
}

TEST_F(Inside, AUserWhoIsNotRootHasNoneInEffect) {
  LaunchRequest asked = shell("cat /proc/self/status; id; echo $HOME");
  asked.spec.process.user.name = "alice";
  const Finished result = run(asked);
  EXPECT_EQ(status_line(result.out, "CapEff"), "0000000000000000");
  EXPECT_EQ(status_line(result.out, "CapBnd"), "00000000a80425fb");
  EXPECT_NE(result.out.find("uid=1000(alice) gid=1000(alice) groups=29(audio),1000(alice)"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("/home/alice\n"), std::string::npos);
}

TEST_F(Inside, GroupAddTakesNamesAndNumbers) {
  LaunchRequest asked = shell("id -G");
  asked.spec.process.user.name = "1000:1000";
  asked.spec.process.user.additional_group_names = {"video", "12345"};
  EXPECT_EQ(run(asked).out, "1000 44 12345\n");
}

TEST_F(Inside, SeccompFilterIsLoadedWithAndWithoutNoNewPrivileges) {
  for (const bool restricted : {false, true}) {
    LaunchRequest asked = shell("cat /proc/self/status; mount -t tmpfs x /tmp; echo rc=$?");
    asked.spec.process.no_new_privileges = restricted;
    asked.seccomp = SeccompCache("").get(default_capabilities());
    const Finished result = run(asked);
    EXPECT_EQ(status_line(result.out, "Seccomp"), "2");
    EXPECT_EQ(status_line(result.out, "NoNewPrivs"), restricted ? "1" : "0");
    EXPECT_NE(result.out.find("rc=1\n"), std::string::npos);
  }
}

TEST_F(Inside, NoDescriptorLeaksIn) {
  // 3 is the one by which ls reads the directory itself
  EXPECT_EQ(run(request({"/bin/ls", "/proc/self/fd"})).out, "0\n1\n2\n3\n");
}

TEST_F(Inside, MaskedPathsAreEmptyAndReadOnlyPathsRefuseWriting) {
  EXPECT_EQ(run_shell("cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null | wc -c"), "0\n");
  EXPECT_EQ(run_shell("ls /sys/firmware | wc -l"), "0\n");
  EXPECT_EQ(run_shell("for f in /proc/sys/kernel/hostname /proc/sysrq-trigger /proc/irq/default_smp_affinity; do (echo x > $f) "
                      "2>/dev/null && echo wrote $f; done"),
            "");
  EXPECT_EQ(run_shell("touch /sys/x 2>/dev/null || mkdir /sys/fs/cgroup/memory/x 2>/dev/null || echo refused"), "refused\n");
}

TEST_F(Inside, OnlyTheDefaultDevicesOpen) {
  const std::string devices = run_shell("ls /dev");
  EXPECT_EQ(devices, "core\nfd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n");
  EXPECT_EQ(run_shell("mknod /tmp/d b 254 0 && (cat /tmp/d 2>&1 | grep -c 'not permitted')"), "1\n");
  EXPECT_EQ(run_shell("head -c 4 /dev/zero | wc -c; echo x > /dev/null && echo ok"), "4\nok\n");
}

TEST_F(Inside, SeesItsOwnProcessesAndHostname) {
  LaunchRequest asked = shell("hostname; echo $$; ls -d /proc/[0-9]* | wc -l");
  asked.spec.hostname = "box";
  EXPECT_EQ(run(asked).out, "box\n1\n3\n");  // the shell, ls, wc
}

TEST_F(Inside, MountsHaveTheDefaultOptions) {
  const std::string mounts = run_shell("cat /proc/mounts");
  for (const char* expected : {" / overlay rw", " /proc proc rw,nosuid,nodev,noexec", " /dev tmpfs rw,nosuid",
                               " /sys sysfs ro,nosuid,nodev,noexec", " /dev/shm tmpfs rw,nosuid,nodev,noexec",
                               " /dev/mqueue mqueue rw,nosuid,nodev,noexec", " /dev/pts devpts rw,nosuid,noexec"}) {
    EXPECT_NE(mounts.find(expected), std::string::npos) << expected << "\n" << mounts;
  }
}

TEST_F(Inside, BindsOfFilesAndDirectoriesAreReadOnlyWhenAsked) {
  std::filesystem::create_directories(base_ / "data/sub");
  std::ofstream(base_ / "data/file") << "content\n";
  LaunchRequest asked = shell(
      "cat /etc/deep/file; (echo x > /etc/deep/file) 2>/dev/null || echo ro; touch /data/new && echo rw; (touch /rdata/sub/x) "
      "2>/dev/null || echo rro");
  asked.spec.mounts.push_back({"/etc/deep/file", "bind", base_ / "data/file", {"rbind", "ro", "rprivate"}});
  asked.spec.mounts.push_back({"/data", "bind", base_ / "data", {"rbind", "rw", "rprivate"}});
  asked.spec.mounts.push_back({"/rdata", "bind", base_ / "data", {"rbind", "ro", "rro", "rprivate"}});
  EXPECT_EQ(run(asked).out, "content\nro\nrw\nrro\n");
  EXPECT_TRUE(std::filesystem::exists(base_ / "data/new"));
}

TEST_F(Inside, AnImagesLinksCannotLeadAMountOutside) {
  const std::filesystem::path outside = base_ / "outside";
  std::filesystem::create_directories(outside);
  std::filesystem::create_directory_symlink("../../../../../../.." + outside.string(), rootfs_ / "escape");
  LaunchRequest asked = shell("ls /escape/in");
  std::filesystem::create_directories(base_ / "data");
  std::ofstream(base_ / "data/mine") << "x";
  asked.spec.mounts.push_back({"/escape/in", "bind", base_ / "data", {"rbind"}});
  EXPECT_EQ(run(asked).out, "mine\n");
  EXPECT_TRUE(std::filesystem::is_empty(outside)) << "a directory was made outside the rootfs";
}

TEST_F(Inside, AProcThatIsALinkIsRefused) {
  std::filesystem::remove(rootfs_ / "proc");
  std::filesystem::create_directory_symlink("/tmp", rootfs_ / "proc");
  EXPECT_THROW(launch(shim(), request({"true"})), LaunchError);
}

TEST_F(Inside, ReadOnlyRootfsWithAWritableTmpfs) {
  LaunchRequest asked = shell("(touch /x) 2>/dev/null || echo ro; touch /tmp/x && echo rw; stat -c %a /tmp");
  asked.spec.root.readonly = true;
  asked.spec.mounts.push_back({"/tmp", "tmpfs", "tmpfs", {"nosuid", "nodev", "noexec", "size=1m"}});
  EXPECT_EQ(run(asked).out, "ro\nrw\n1777\n");
}

TEST_F(Inside, RlimitsAndSysctlsAndWorkingDirectoryAreSet) {
  LaunchRequest asked = shell("ulimit -n; cat /proc/sys/kernel/shm_rmid_forced; pwd; cat /proc/self/oom_score_adj");
  asked.spec.process.rlimits = {{"RLIMIT_NOFILE", 512, 256}};
  asked.spec.linux_.sysctl = {{"kernel.shm_rmid_forced", "1"}};
  asked.spec.process.cwd = "/made/on/demand";
  asked.spec.process.oom_score_adj = 500;
  EXPECT_EQ(run(asked).out, "256\n1\n/made/on/demand\n500\n");
}

TEST_F(Inside, PrivilegedHasEverythingWeHave) {
  LaunchRequest asked =
      shell("cat /proc/self/status; mount -t tmpfs x /tmp && echo mounted; cat /proc/timer_list | head -1 | wc -l");
  make_privileged(asked.spec);
  const Finished result = run(asked);
  EXPECT_EQ(status_line(result.out, "CapEff"), status_line(slurp("/proc/self/status"), "CapEff"));
  EXPECT_NE(result.out.find("mounted\n1\n"), std::string::npos) << result.out;
}

TEST_F(Inside, OurInitReapsAndForwardsSignalsAndPassesTheExitCode) {
  LaunchRequest asked = shell("echo pid $$; (sleep 0.01 &) ; exit 5");
  asked.spec.process.init = true;
  const Finished result = run(asked);
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_EQ(result.out, "pid 2\n");

  LaunchRequest sleeper = request({"sleep", "1000"});
  sleeper.spec.process.init = true;
  const LaunchResult launched = launch(shim(), sleeper);
  ::kill(launched.container_pid, SIGTERM);  // PID 1 is ours and hands it on; sleep has the default action
  EXPECT_EQ(finish(launched, sleeper).exit_code, 143);
}

}  // namespace
}  // namespace stack::engine::runtime
