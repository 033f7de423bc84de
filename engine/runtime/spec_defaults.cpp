// What a container gets unless the request says otherwise: Docker's defaults as observed on the reference engine.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <filesystem>

#include "engine/runtime/capabilities.hpp"
#include "engine/runtime/cgroup.hpp"
#include "engine/runtime/spec.hpp"

#pragma GCC diagnostic ignored "-Wstringop-overflow"  // false positive in lists of std::string (GCC bug 105329)

namespace stack::engine::runtime {

namespace {

std::vector<Mount> default_mounts() {
  return {
      {"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}},
      {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
      {"/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
      {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
      {"/sys/fs/cgroup", "cgroup", "cgroup", {"ro", "nosuid", "noexec", "nodev"}},
      {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
      {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=67108864"}},
  };
}

void add_host_devices(const std::filesystem::path& directory, const std::string& inside, std::vector<Device>& devices) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().filename();
    struct stat info {};
    if (::lstat(entry.path().c_str(), &info) != 0) continue;
    const std::string path = inside + "/" + name;
    if (S_ISDIR(info.st_mode)) {
      static constexpr const char* own[] = {"pts", "shm", "fd", "mqueue", "lxc", ".lxc", ".lxd-mounts", ".udev"};
      if (std::find(std::begin(own), std::end(own), name) == std::end(own)) add_host_devices(entry.path(), path, devices);
      continue;
    }
    if ((!S_ISCHR(info.st_mode) && !S_ISBLK(info.st_mode)) || name == "console") continue;
    const bool known = std::any_of(devices.begin(), devices.end(), [&](const Device& device) { return device.path == path; });
    if (known) continue;
    devices.push_back({path, S_ISBLK(info.st_mode) ? 'b' : 'c', major(info.st_rdev), minor(info.st_rdev), info.st_mode & 07777u,
                       info.st_uid, info.st_gid});
  }
}

}  // namespace

std::vector<Device> default_devices() {
  return {{"/dev/null", 'c', 1, 3}, {"/dev/zero", 'c', 1, 5},   {"/dev/full", 'c', 1, 7},
          {"/dev/tty", 'c', 5, 0},  {"/dev/random", 'c', 1, 8}, {"/dev/urandom", 'c', 1, 9}};
}

/// Nothing but these may be opened; any node may be made, since opening it is what counts. What is closed comes first: cgroup
/// v1 cannot take a device out of a rule for all of them.
std::vector<DeviceRule> default_device_rules() {
  return {{false, 'a', {}, {}, "rwm"}, {false, 'c', 10, 229, "rwm"}, {true, 'c', {}, {}, "m"},    {true, 'b', {}, {}, "m"},
          {true, 'c', 1, 3, "rwm"},    {true, 'c', 1, 8, "rwm"},     {true, 'c', 1, 7, "rwm"},    {true, 'c', 5, 0, "rwm"},
          {true, 'c', 1, 5, "rwm"},    {true, 'c', 1, 9, "rwm"},     {true, 'c', 136, {}, "rwm"}, {true, 'c', 5, 2, "rwm"},
          {true, 'c', 5, 1, "rwm"}};
}

Spec default_spec() {
  Spec spec;
  spec.process.cwd = "/";
  const std::vector<std::string> caps = default_capabilities();
  spec.process.capabilities = {caps, caps, caps, {}, {}};
  spec.mounts = default_mounts();
  spec.linux_.namespaces = {{NamespaceType::mount, {}},
                            {NamespaceType::network, {}},
                            {NamespaceType::uts, {}},
                            {NamespaceType::pid, {}},
                            {NamespaceType::ipc, {}}};
  if (CgroupMounts::detect().unified()) spec.linux_.namespaces.push_back({NamespaceType::cgroup, {}});
  spec.linux_.devices = default_devices();
  spec.linux_.resources.devices = default_device_rules();
  spec.linux_.masked_paths = {"/proc/asound",
                              "/proc/acpi",
                              "/proc/interrupts",
                              "/proc/kcore",
                              "/proc/keys",
                              "/proc/latency_stats",
                              "/proc/timer_list",
                              "/proc/timer_stats",
                              "/proc/sched_debug",
                              "/proc/scsi",
                              "/sys/firmware",
                              "/sys/devices/virtual/powercap",
                              "/sys/devices/system/cpu/cpu*/thermal_throttle"};
  spec.linux_.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  return spec;
}

void make_privileged(Spec& spec) {
  const std::vector<std::string> caps = all_capabilities();
  spec.process.capabilities = {caps, caps, caps, {}, {}};
  spec.linux_.masked_paths.clear();
  spec.linux_.readonly_paths.clear();
  spec.linux_.resources.devices = {{true, 'a', {}, {}, "rwm"}};
  add_host_devices("/dev", "/dev", spec.linux_.devices);
  for (Mount& mount : spec.mounts) {
    if (mount.type != "sysfs" && mount.type != "cgroup") continue;
    std::replace(mount.options.begin(), mount.options.end(), std::string("ro"), std::string("rw"));
  }
}

}  // namespace stack::engine::runtime
