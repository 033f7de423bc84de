// spec, features.
#include <fcntl.h>
#include <seccomp.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/runtime/capabilities.hpp"
#include "engine/runtime/mounts.hpp"
#include "engine/runtime/syscalls.hpp"
#include "engine/shim/oci/bundle.hpp"
#include "engine/shim/oci/commands.hpp"

namespace stack::engine::shim::oci {

namespace {

constexpr std::array spec_flags{Flag{"bundle", 'b', true}, Flag{"rootless", 0, false}};

int spec(const StateRoot&, const Arguments& arguments) {
  const std::string path = arguments.get("bundle", ".") + "/config.json";
  if (::access(path.c_str(), F_OK) == 0) throw Error(ErrorCode::conflict, "File config.json exists. Remove it first");
  if (const int error =
          runtime::sys::write_file(AT_FDCWD, path.c_str(), default_config(arguments.has("rootless")), O_CREAT | O_EXCL))
    throw errno_error("write " + path, error);
  return 0;
}

std::string libseccomp_version() {
  const scmp_version* version = ::seccomp_version();
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->micro);
}

int features(const StateRoot&, const Arguments&) {
  const nlohmann::ordered_json document{
      {"ociVersionMin", "1.0.0"},
      {"ociVersionMax", oci_version},
      {"hooks", {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}},
      {"mountOptions", runtime::mount_option_names()},
      {"linux",
       {{"namespaces", {"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"}},
        {"capabilities", runtime::capability_names(~std::uint64_t{0})},
        {"cgroup", {{"v1", true}, {"v2", true}, {"systemd", false}, {"systemdUser", false}, {"rdma", true}}},
        {"seccomp",
         {{"enabled", true},
          {"actions",
           {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
            "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP"}},
          {"operators",
           {"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"}},
          {"archs", {"SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"}},
          {"knownFlags", {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_LOG"}},
          {"supportedFlags", {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_LOG"}}}},
        {"apparmor", {{"enabled", true}}},
        {"selinux", {{"enabled", false}}},
        {"intelRdt", {{"enabled", false}}},
        {"mountExtensions", {{"idmap", {{"enabled", true}}}}}}},
      {"annotations",
       {{"io.github.seccomp.libseccomp.version", libseccomp_version()},
        {"org.opencontainers.runc.checkpoint.enabled", "false"}}},
      {"potentiallyUnsafeConfigAnnotations", nlohmann::ordered_json::array()}};
  std::printf("%s\n", document.dump(4).c_str());
  return 0;
}

}  // namespace

const Command spec_command{"spec", "[--bundle <dir>] [--rootless]", "write a config.json to begin with", spec_flags, 0, 0,
                           spec};
const Command features_command{"features", "", "show what this runtime can do", {}, 0, 0, features};

}  // namespace stack::engine::shim::oci
