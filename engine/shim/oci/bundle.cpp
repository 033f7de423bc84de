#include "engine/shim/oci/bundle.hpp"

#include <linux/seccomp.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/runtime/seccomp_file.hpp"
#include "engine/runtime/syscalls.hpp"
#include "engine/shim/oci/check.hpp"

namespace stack::engine::shim::oci {

namespace {

using nlohmann::json;
using runtime::Spec;

constexpr const char* log_flag = "SECCOMP_FILTER_FLAG_LOG";

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::invalid_argument, why); }

void make_absolute(Spec& spec, const std::string& bundle) {
  if (spec.root.path.empty()) refuse("root must be specified");
  if (spec.root.path.front() != '/') spec.root.path = bundle + "/" + spec.root.path;
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(spec.root.path, error);
  if (error) refuse("invalid rootfs: " + spec.root.path + ": " + error.message());
  spec.root.path = real;
  for (runtime::Mount& mount : spec.mounts) {
    const bool bind = mount.type == "bind" ||
                      std::find(mount.options.begin(), mount.options.end(), "bind") != mount.options.end() ||
                      std::find(mount.options.begin(), mount.options.end(), "rbind") != mount.options.end();
    if (bind && !mount.source.empty() && mount.source.front() != '/') mount.source = bundle + "/" + mount.source;
  }
}

/// The usual devices are there whatever the file says, unless it has its own in their places; nothing else may be used but
/// what it allows.
void add_devices(Spec& spec) {
  for (const runtime::Device& usual : runtime::default_devices()) {
    const auto& own = spec.linux_.devices;
    const bool known = std::any_of(own.begin(), own.end(), [&](const auto& device) { return device.path == usual.path; });
    if (!known) spec.linux_.devices.push_back(usual);
  }
  std::vector<runtime::DeviceRule> rules{{false, 'a', {}, {}, "rwm"}};
  const auto& own = spec.linux_.resources.devices;
  rules.insert(rules.end(), own.begin(), own.end());
  for (const runtime::DeviceRule& usual : runtime::default_device_rules())
    if (usual.allow) rules.push_back(usual);
  spec.linux_.resources.devices = std::move(rules);
}

}  // namespace

std::string cgroup_path(std::string path, const std::string& id) {
  if (std::count(path.begin(), path.end(), ':') == 2)
    throw Error(ErrorCode::not_implemented,
                "cgroupsPath \"" + path + "\" is for systemd: only cgroups by path are supported (give an absolute path)");
  if (path.empty()) path = id;
  if (path.front() != '/') path = "/" + path;
  path = std::filesystem::path(path).lexically_normal();
  if (path == "/") refuse("cgroupsPath is the root of all groups");
  while (path.back() == '/') path.pop_back();
  return path;
}

Spec complete_spec(const std::string& text, const std::string& bundle, const std::string& id) {
  const json config = json::parse(text, nullptr, false);
  if (config.is_discarded()) refuse(bundle + "/config.json is not valid JSON");
  if (!config.is_object()) refuse(bundle + "/config.json is not an object");
  const auto version = config.find("ociVersion");
  if (version == config.end() || !version->is_string() || !version->get<std::string>().starts_with("1."))
    refuse("config.json: ociVersion must be 1.x");
  refuse_unsupported(config);
  Spec spec = runtime::spec_from_json(config);
  spec.process.init = false;
  if (!config.contains("process")) refuse("process property must not be empty");
  check_process(spec.process);
  check_spec(spec);
  make_absolute(spec, bundle);
  spec.linux_.cgroups_path = cgroup_path(spec.linux_.cgroups_path, id);
  add_devices(spec);
  return spec;
}

Spec read_bundle(const std::string& bundle, const std::string& id) {
  const std::string path = bundle + "/config.json";
  if (::access(path.c_str(), R_OK) != 0) throw Error(ErrorCode::not_found, "JSON specification file " + path + " not found");
  return complete_spec(runtime::sys::read_file(AT_FDCWD, path.c_str(), std::size_t{64} << 20), bundle, id);
}

unsigned filter_flags(const Spec& spec) {
  if (spec.linux_.seccomp.empty()) return 0;
  const json profile = json::parse(spec.linux_.seccomp);
  const auto flags = profile.find("flags");
  if (flags == profile.end() || !flags->is_array()) return 0;  // compile_filter() refuses what is neither
  return std::find(flags->begin(), flags->end(), log_flag) != flags->end() ? SECCOMP_FILTER_FLAG_LOG : 0;
}

std::string compile_filter(const Spec& spec) {
  if (spec.linux_.seccomp.empty()) return {};
  json profile = json::parse(spec.linux_.seccomp);
  if (const auto flags = profile.find("flags"); flags != profile.end() && flags->is_array())
    flags->erase(std::remove(flags->begin(), flags->end(), log_flag), flags->end());  // not a matter of the program
  const auto tables =
      runtime::parse_seccomp_profile(profile.dump(), spec.process.capabilities.bounding, runtime::running_kernel());
  return tables ? runtime::assemble(*tables) : std::string();
}

namespace {

/// Nothing in it needs a privilege of the host: its network and groups are shared, only one user is mapped.
void make_rootless(Spec& spec) {
  std::erase_if(spec.linux_.namespaces, [](const auto& ns) { return ns.type == runtime::NamespaceType::network; });
  spec.linux_.namespaces.push_back({runtime::NamespaceType::user, {}});
  spec.linux_.uid_mappings = {{0, ::geteuid(), 1}};
  spec.linux_.gid_mappings = {{0, ::getegid(), 1}};
  spec.linux_.resources = {};
  std::erase_if(spec.mounts, [](const auto& mount) { return mount.type == "cgroup"; });
  for (runtime::Mount& mount : spec.mounts) {
    std::erase_if(mount.options, [](const auto& option) { return option.starts_with("gid=") || option.starts_with("uid="); });
    // a new one could be mounted only with a network namespace of its own
    if (mount.destination == "/sys") mount = {"/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}, {}, {}, {}};
  }
}

}  // namespace

std::string default_config(bool rootless) {
  Spec spec = runtime::default_spec();
  runtime::Process& process = spec.process;
  process.terminal = true;
  process.args = {"sh"};
  process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"};
  const std::vector<std::string> caps{"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
  process.capabilities = {caps, caps, caps, {}, {}};
  process.rlimits = {{"RLIMIT_NOFILE", 1024, 1024}};
  process.no_new_privileges = true;
  spec.root = {"rootfs", true, {}};
  spec.hostname = "stack";
  spec.linux_.devices.clear();  // the usual ones are always there
  spec.linux_.resources.devices = {{false, 'a', {}, {}, "rwm"}};
  if (rootless) make_rootless(spec);
  json config = runtime::to_json(spec);
  config["linux"].erase("cgroupsPath");
  return config.dump(1, '\t') + "\n";
}

}  // namespace stack::engine::shim::oci
