#include "engine/runtime/capabilities.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.hpp"

namespace stack::engine::runtime {

namespace {

// capabilities(7), in the order of their numbers
constexpr std::array names{"CAP_CHOWN",
                           "CAP_DAC_OVERRIDE",
                           "CAP_DAC_READ_SEARCH",
                           "CAP_FOWNER",
                           "CAP_FSETID",
                           "CAP_KILL",
                           "CAP_SETGID",
                           "CAP_SETUID",
                           "CAP_SETPCAP",
                           "CAP_LINUX_IMMUTABLE",
                           "CAP_NET_BIND_SERVICE",
                           "CAP_NET_BROADCAST",
                           "CAP_NET_ADMIN",
                           "CAP_NET_RAW",
                           "CAP_IPC_LOCK",
                           "CAP_IPC_OWNER",
                           "CAP_SYS_MODULE",
                           "CAP_SYS_RAWIO",
                           "CAP_SYS_CHROOT",
                           "CAP_SYS_PTRACE",
                           "CAP_SYS_PACCT",
                           "CAP_SYS_ADMIN",
                           "CAP_SYS_BOOT",
                           "CAP_SYS_NICE",
                           "CAP_SYS_RESOURCE",
                           "CAP_SYS_TIME",
                           "CAP_SYS_TTY_CONFIG",
                           "CAP_MKNOD",
                           "CAP_LEASE",
                           "CAP_AUDIT_WRITE",
                           "CAP_AUDIT_CONTROL",
                           "CAP_SETFCAP",
                           "CAP_MAC_OVERRIDE",
                           "CAP_MAC_ADMIN",
                           "CAP_SYSLOG",
                           "CAP_WAKE_ALARM",
                           "CAP_BLOCK_SUSPEND",
                           "CAP_AUDIT_READ",
                           "CAP_PERFMON",
                           "CAP_BPF",
                           "CAP_CHECKPOINT_RESTORE"};

constexpr std::array defaults{"CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
                              "CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
                              "CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
                              "CAP_KILL",    "CAP_AUDIT_WRITE"};

constexpr std::uint64_t bit(int number) { return std::uint64_t{1} << number; }

}  // namespace

std::optional<int> capability_number(std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<int>(found - names.begin());
}

std::vector<std::string> capability_names(std::uint64_t mask) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if ((mask & bit(static_cast<int>(i))) != 0) result.emplace_back(names[i]);
  }
  return result;
}

std::uint64_t capability_mask(const std::vector<std::string>& wanted) {
  std::uint64_t mask = 0;
  for (const auto& name : wanted) {
    if (const auto number = capability_number(name)) mask |= bit(*number);
  }
  return mask;
}

std::uint64_t bounding_set() {
  std::uint64_t mask = 0;
  for (int i = 0; i < 64; ++i) {
    const int present = ::prctl(PR_CAPBSET_READ, i, 0, 0, 0);
    if (present < 0) break;
    if (present == 1) mask |= bit(i);
  }
  return mask;
}

int drop_bounding(std::uint64_t keep) {
  for (int i = 0; i < 64; ++i) {
    if ((keep & bit(i)) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0) return errno == EINVAL ? 0 : errno;  // EINVAL: past the last one
  }
  return 0;
}

int set_capabilities(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  for (int half = 0; half < 2; ++half) {
    data[half].effective = static_cast<std::uint32_t>(effective >> (32 * half));
    data[half].permitted = static_cast<std::uint32_t>(permitted >> (32 * half));
    data[half].inheritable = static_cast<std::uint32_t>(inheritable >> (32 * half));
  }
  return ::syscall(SYS_capset, &header, data) != 0 ? errno : 0;
}

int set_ambient(std::uint64_t mask) {
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return errno;
  for (int i = 0; i < 64; ++i) {
    if ((mask & bit(i)) != 0 && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) != 0) return errno;
  }
  return 0;
}

std::vector<std::string> default_capabilities() { return {defaults.begin(), defaults.end()}; }
std::vector<std::string> all_capabilities() { return capability_names(bounding_set()); }

std::string normalize_capability(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  if (upper == "ALL") return upper;
  if (!upper.starts_with("CAP_")) upper = "CAP_" + upper;
  if (!capability_number(upper)) throw Error(ErrorCode::invalid_argument, "unknown capability: \"" + std::string(name) + "\"");
  return upper;
}

std::vector<std::string> effective_capabilities(const std::vector<std::string>& add, const std::vector<std::string>& drop) {
  std::uint64_t added = 0;
  std::uint64_t dropped = 0;
  bool add_all = false;
  bool drop_all = false;
  for (const auto& name : add) {
    const std::string full = normalize_capability(name);
    if (full == "ALL")
      add_all = true;
    else
      added |= capability_mask({full});
  }
  for (const auto& name : drop) {
    const std::string full = normalize_capability(name);
    if (full == "ALL")
      drop_all = true;
    else
      dropped |= capability_mask({full});
  }
  if (add_all) return capability_names(bounding_set() & ~dropped);
  if (drop_all) return capability_names(added);
  return capability_names((capability_mask(default_capabilities()) & ~dropped) | added);
}

}  // namespace stack::engine::runtime
