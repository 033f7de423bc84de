#include "engine/volume/local_mount.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>

#include "base/error.hpp"

namespace stack::engine::volume {

namespace {

struct Flag {
  std::string_view name;
  unsigned long bits;
  bool set = true;
};
constexpr std::array flag_table{
    Flag{"defaults", 0},
    Flag{"ro", MS_RDONLY},
    Flag{"rw", MS_RDONLY, false},
    Flag{"nosuid", MS_NOSUID},
    Flag{"suid", MS_NOSUID, false},
    Flag{"nodev", MS_NODEV},
    Flag{"dev", MS_NODEV, false},
    Flag{"noexec", MS_NOEXEC},
    Flag{"exec", MS_NOEXEC, false},
    Flag{"sync", MS_SYNCHRONOUS},
    Flag{"dirsync", MS_DIRSYNC},
    Flag{"async", MS_SYNCHRONOUS, false},
    Flag{"noatime", MS_NOATIME},
    Flag{"atime", MS_NOATIME, false},
    Flag{"nodiratime", MS_NODIRATIME},
    Flag{"relatime", MS_RELATIME},
    Flag{"strictatime", MS_STRICTATIME},
    Flag{"bind", MS_BIND},
    Flag{"rbind", MS_BIND | MS_REC},
};

std::string option(const DriverOptions& options, const char* name) {
  const auto found = options.find(name);
  return found == options.end() ? std::string() : found->second;
}

/// The kernel wants addresses where people write names.
std::string resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0)
    throw Error(ErrorCode::internal,
                "error resolving passed in network volume address: " + host + ": " + ::gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
  std::array<char, NI_MAXHOST> text{};
  if (::getnameinfo(list->ai_addr, list->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
    throw Error(ErrorCode::internal, "error resolving passed in network volume address: " + host);
  return text.data();
}

/// "addr=nas.local,rw" → "addr=10.0.0.7,rw"
std::string with_resolved_address(const std::string& data) {
  constexpr std::string_view key = "addr=";
  std::size_t at = data.starts_with(key) ? 0 : data.find(",addr=");
  if (at == std::string::npos) return data;
  at += data[at] == ',' ? 1 + key.size() : key.size();
  const std::size_t end = std::min(data.find(',', at), data.size());
  return data.substr(0, at) + resolve(data.substr(at, end - at)) + data.substr(end);
}

/// A bind takes the other flags only in a second step.
void mount_here(const std::string& type, const std::string& device, const std::string& directory, const MountFlags& wanted) {
  const bool bind = (wanted.flags & MS_BIND) != 0;
  const unsigned long first = bind ? wanted.flags & (MS_BIND | MS_REC) : wanted.flags;
  const auto failed = [&](int error) {
    throw errno_error("failed to mount local volume: mount " + device + ":" + directory + ", data: " + wanted.data, error);
  };
  if (::mount(device.c_str(), directory.c_str(), type.c_str(), first, wanted.data.c_str()) != 0) failed(errno);
  if (!bind || (wanted.flags & ~(MS_BIND | MS_REC)) == 0) return;
  if (::mount(nullptr, directory.c_str(), nullptr, wanted.flags | MS_REMOUNT, nullptr) == 0) return;
  const int error = errno;
  ::umount2(directory.c_str(), MNT_DETACH);
  failed(error);
}

}  // namespace

void check_options(const DriverOptions& options) {
  constexpr std::array known{"type", "o", "device", "size"};
  for (const auto& [name, value] : options)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw Error(ErrorCode::invalid_argument, "invalid option: \"" + name + "\"");
  if (options.contains("size")) throw Error(ErrorCode::invalid_argument, "quota size requested but no quota support");
  if (options.empty()) return;
  for (const char* needed : {"device", "type"})
    if (!options.contains(needed))
      throw Error(ErrorCode::invalid_argument, std::string("missing required option: \"") + needed + "\"");
}

bool needs_mount(const DriverOptions& options) { return options.contains("device"); }

MountFlags parse_mount_flags(const std::string& text) {
  MountFlags result;
  for (std::size_t at = 0; at <= text.size() && !text.empty();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string word = text.substr(at, end - at);
    at = end + 1;
    const auto known = std::find_if(flag_table.begin(), flag_table.end(), [&](const Flag& flag) { return word == flag.name; });
    if (known == flag_table.end()) {
      if (!word.empty()) result.data += (result.data.empty() ? "" : ",") + word;
    } else if (known->set) {
      result.flags |= known->bits;
    } else {
      result.flags &= ~known->bits;
    }
  }
  return result;
}

bool is_mounted(const std::string& directory) {
  struct statx here {
  }, above{};
  const std::string parent = directory + "/..";
  if (::statx(AT_FDCWD, directory.c_str(), AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &here) != 0) return false;
  return ::statx(AT_FDCWD, parent.c_str(), 0, STATX_MNT_ID, &above) == 0 && here.stx_mnt_id != above.stx_mnt_id;
}

void mount_volume(const DriverOptions& options, const std::string& directory) {
  if (!needs_mount(options) || is_mounted(directory)) return;
  MountFlags flags = parse_mount_flags(option(options, "o"));
  const std::string type = option(options, "type");
  if (type == "nfs" || type == "nfs4" || type == "cifs") flags.data = with_resolved_address(flags.data);
  mount_here(type, option(options, "device"), directory, flags);
}

void unmount_volume(const std::string& directory) {
  if (!is_mounted(directory)) return;
  if (::umount2(directory.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0 && errno != EINVAL && errno != ENOENT)
    throw errno_error("umount " + directory);
}

}  // namespace stack::engine::volume
