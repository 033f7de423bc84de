#include "scheduler/key_places.hpp"

#include <gtest/gtest.h>

#include "tests/scheduler/support.hpp"

namespace stack::scheduler {
namespace {

/// "key line" of the message, with the words of Docker Engine 28.5 or of ours.
std::string blamed(const compose::Project& project, const std::string& message) {
  const auto places = key_places(project, project.services.at("web"));
  const KeyPlace* place = find_place(places, message);
  if (!place) return "none";
  const std::size_t line = place->where.find(':') + 1;
  return place->key + " " + place->where.substr(line, place->where.find(':', line) - line);
}

const compose::Project& project() {
  static const compose::Project loaded = test::project_of(
      "services:\n"
      "  web:\n"
      "    image: i\n"
      "    command: [nosuch]\n"
      "    user: nobodyhere\n"
      "    mem_limit: 1m\n"
      "    memswap_limit: 1m\n"
      "    cpus: 1000\n"
      "    cpuset: '200'\n"
      "    ports:\n"
      "      - '808:80'\n"
      "      - '8080:81'\n"
      "    volumes:\n"
      "      - /srv/data:/x\n"
      "      - /srv:/y\n"
      "    devices: [/dev/absent]\n"
      "    secrets: [password]\n"
      "    sysctls: {kernel.core_pattern: x}\n"
      "    networks:\n"
      "      back: {ipv4_address: 10.1.1.1}\n"
      "    working_dir: /etc/passwd\n"
      "    tmpfs: ['/run', '/t:size=abc,odd']\n"
      "networks: {back: }\n"
      "secrets:\n"
      "  password: {file: /absent.txt}\n");
  return loaded;
}

TEST(KeyPlaces, AnEnginesMessageLeadsToTheKeyItIsAbout) {
  const auto at = [](const std::string& message) { return blamed(project(), message); };
  const std::string bind = "invalid mount config for type \"bind\": bind source path does not exist: ";
  EXPECT_EQ(at(bind + "/srv/data"), "volumes[0] 14");
  EXPECT_EQ(at(bind + "/srv"), "volumes[1] 15");
  EXPECT_EQ(at(bind + "/absent.txt"), "secrets.password 25");
  EXPECT_EQ(at("mount /srv to /y: Not a directory"), "volumes[1] 15");
  EXPECT_EQ(at("the working directory 'etc' is invalid, it needs to be an absolute path"), "working_dir 21");
  EXPECT_EQ(at("invalid tmpfs option \"odd\""), "tmpfs[1] 22");
  EXPECT_EQ(at("error mounting \"tmpfs\" to rootfs at \"/t\": mount src=tmpfs, dst=/t, data=size=abc: invalid argument"),
            "tmpfs[1] 22");
  EXPECT_EQ(at("error gathering device information while adding custom device \"/dev/absent\": no such file or directory"),
            "devices[0] 16");
  EXPECT_EQ(at("Minimum memory limit allowed is 6MB"), "mem_limit 6");
  EXPECT_EQ(at("Minimum memoryswap limit should be larger than memory limit, see usage"), "memswap_limit 7");
  EXPECT_EQ(at("range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"), "cpus 8");
  EXPECT_EQ(at("Requested CPUs are not available - requested 200, available: 0-1"), "cpuset 9");
  EXPECT_EQ(at("Bind for 0.0.0.0:8080 failed: port is already allocated"), "ports[1] 12");
  EXPECT_EQ(at("failed to bind host port 0.0.0.0:808/tcp: address already in use"), "ports[0] 11");
  EXPECT_EQ(at("unable to find user nobodyhere: no matching entries in passwd file"), "user 5");
  EXPECT_EQ(at("runc create failed: unable to start container process: exec: \"nosuch\": executable file not found in $PATH"),
            "command 4");
  EXPECT_EQ(at("sysctl \"kernel.core_pattern\" is not in a separate kernel namespace"), "sysctls 18");
  EXPECT_EQ(at("invalid config for network p_back: invalid endpoint settings:\nno configured subnet"), "networks.back 20");
  EXPECT_EQ(at("Cannot mkdir: /etc/passwd is not a directory"), "working_dir 21");
}

TEST(KeyPlaces, AVolumeThatCannotBeMountedIsNamedWhereItIsDeclared) {
  const auto nfs = test::project_of(
      "services:\n"
      "  web: {image: i, ulimits: {nofile: 5}, volumes: ['data:/d', 'other:/o']}\n"
      "volumes:\n"
      "  other: {driver_opts: {type: nfs, o: 'addr=10.0.0.1', device: ':/a'}}\n"
      "  data: {driver_opts: {type: nfs, o: 'addr=10.0.0.1', device: ':/b'}}\n");
  EXPECT_EQ(blamed(nfs, "failed to mount local volume: mount :/b:/var/lib/stack/volumes/p_data/_data: No such device"),
            "volumes.data 5");
  EXPECT_EQ(blamed(nfs, "setting RLIMIT_NOFILE: Operation not permitted"), "ulimits 2");
}

TEST(KeyPlaces, NothingIsGuessed) {
  EXPECT_EQ(blamed(project(), "bind source path does not exist: /srv/data/more"), "none");
  EXPECT_EQ(blamed(project(), "Bind for 0.0.0.0:80800 failed: port is already allocated"), "none");
  EXPECT_EQ(blamed(project(), "invalid CapAdd: unknown capability"), "none") << "the service has no such key";
  EXPECT_EQ(blamed(project(), "exited (1)\nlast lines of its log:\n  Minimum memory limit allowed is 6MB"), "none")
      << "what a container wrote";
}

TEST(KeyPlaces, OfTwoKeysThatSayTheSameTheOneThatWinsIsMeant) {
  const auto both = test::project_of(
      "services:\n"
      "  web:\n"
      "    image: i\n"
      "    restart: always\n"
      "    deploy: {restart_policy: {condition: any, max_attempts: 2}}\n");
  EXPECT_EQ(blamed(both, "invalid restart policy: maximum retry count can only be used with 'on-failure'"),
            "deploy.restart_policy 5");
}

TEST(KeyPlaces, HowAContainerEndedLeadsToItsCommandAndHealthToItsCheck) {
  const auto project = test::project_of(
      "services:\n"
      "  web:\n"
      "    image: i\n"
      "    command: [x]\n"
      "    healthcheck: {test: y}\n");
  const auto places = health_places(project.services.at("web"));
  EXPECT_EQ(find_place(places, "container p-web-1 exited (3)")->key, "command");
  EXPECT_EQ(find_place(places, "container p-web-1 is unhealthy: exited (1)")->key, "healthcheck");
}

TEST(KeyPlaces, KeysOfNamespacesSecurityAndLimitsAreNamed) {
  const auto at = [](const std::string& key, const std::string& message) {
    return blamed(test::project_of("services:\n  web:\n    image: i\n    " + key + "\n"), message);
  };
  EXPECT_EQ(at("ipc: x", "invalid IPC mode: x"), "ipc 4");
  EXPECT_EQ(at("pid: 'container:x'", "failed to join PID namespace: container 12 is not running"), "pid 4");
  EXPECT_EQ(at("network_mode: 'container:x'", "joining network namespace of container: No such container: x"),
            "network_mode 4");
  EXPECT_EQ(at("userns_mode: x", "invalid user namespace mode: x: only host is possible"), "userns_mode 4");
  EXPECT_EQ(at("gpus: all", "could not select device driver \"\" with capabilities: [[gpu]]"), "gpus 4");
  EXPECT_EQ(at("runtime: x", "unknown or invalid runtime name: x"), "runtime 4");
  EXPECT_EQ(at("group_add: ['-1']", "uids and gids must be in range 0-2147483647"), "group_add 4");
  EXPECT_EQ(
      at("devices: ['vendor.com/class=one']", "CDI device injection failed: unresolvable CDI devices vendor.com/class=one"),
      "devices[0] 4");
  EXPECT_EQ(at("blkio_config: {device_read_bps: [{path: /dev/none, rate: 5}]}", "stat /dev/none: no such file or directory"),
            "blkio_config.device_read_bps[0] 4");
  EXPECT_EQ(at("mac_address: zz", "invalid config for network p_default: invalid MAC address zz"), "mac_address 4");
}

}  // namespace
}  // namespace stack::scheduler
