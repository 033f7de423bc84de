#include "engine/shim/oci/bundle.hpp"

#include <linux/seccomp.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/runtime/namespaces.hpp"
#include "engine/runtime/seccomp_file.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::shim::oci {

namespace {

using nlohmann::json;
using runtime::NamespaceType;
using runtime::Spec;

constexpr const char* log_flag = "SECCOMP_FILTER_FLAG_LOG";

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::invalid_argument, why); }

/// What is in the file and would be left undone must not be passed over.
void refuse_what_is_missing(const json& config) {
  const auto present = [&](const char* pointer) {
    const json::json_pointer at(pointer);
    return config.contains(at) && !config[at].empty();
  };
  static constexpr const char* unsupported[] = {"/linux/intelRdt", "/linux/netDevices", "/linux/resources/rdma", "/vm", "/zos"};
  for (const char* pointer : unsupported)
    if (present(pointer))
      throw Error(ErrorCode::not_implemented, std::string(pointer + 1) + " in config.json is not supported");
  const bool selinux = ::access("/sys/fs/selinux/enforce", F_OK) == 0;
  for (const char* pointer : {"/process/selinuxLabel", "/linux/mountLabel"})
    if (present(pointer) && config[json::json_pointer(pointer)] != "")
      throw Error(ErrorCode::not_implemented, selinux ? "SELinux labels are not supported"
                                                      : "selinux label is specified in config, but selinux is disabled or not "
                                                        "supported");
}

void check_namespaces(const Spec& spec) {
  const auto& all = spec.linux_.namespaces;
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (all[i].type == all[j].type) refuse("malformed spec file: a namespace is listed twice in linux.namespaces");
  const auto has = [&](NamespaceType type) { return runtime::find_namespace(spec, type) != nullptr; };
  if (!has(NamespaceType::mount))
    throw Error(ErrorCode::not_implemented,
                "linux.namespaces has no mount namespace: a container without one is not supported");
  if (!has(NamespaceType::uts) && (!spec.hostname.empty() || !spec.domainname.empty()))
    refuse("unable to set hostname without a private UTS namespace");
  if (!spec.linux_.time_offsets.empty() && !has(NamespaceType::time)) refuse("time offsets need a time namespace");
  const runtime::Namespace* user = runtime::find_namespace(spec, NamespaceType::user);
  const bool maps = !spec.linux_.uid_mappings.empty() || !spec.linux_.gid_mappings.empty();
  if (maps && user == nullptr) refuse("user namespace mappings specified, but user namespace isn't enabled in the config");
  if (user != nullptr && user->path.empty() && (spec.linux_.uid_mappings.empty() || spec.linux_.gid_mappings.empty()))
    refuse("a new user namespace needs linux.uidMappings and linux.gidMappings");
}

void make_absolute(Spec& spec, const std::string& bundle) {
  if (spec.root.path.empty()) refuse("root.path is missing in config.json");
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

void check_process(const runtime::Process& process) {
  if (process.args.empty()) refuse("process.args must not be empty");
  if (process.cwd.empty() || process.cwd.front() != '/') refuse("process.cwd must be an absolute path");
}

Spec complete_spec(const std::string& text, const std::string& bundle, const std::string& id) {
  const json config = json::parse(text, nullptr, false);
  if (config.is_discarded()) refuse(bundle + "/config.json is not valid JSON");
  if (!config.is_object()) refuse(bundle + "/config.json is not an object");
  const auto version = config.find("ociVersion");
  if (version == config.end() || !version->is_string() || !version->get<std::string>().starts_with("1."))
    refuse("config.json: ociVersion must be 1.x");
  refuse_what_is_missing(config);
  Spec spec = runtime::spec_from_json(config);
  spec.process.init = false;
  if (!config.contains("process")) refuse("process property must not be empty");
  check_process(spec.process);
  check_namespaces(spec);
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
  const json flags = profile.value("flags", json::array());
  return std::find(flags.begin(), flags.end(), log_flag) != flags.end() ? SECCOMP_FILTER_FLAG_LOG : 0;
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

std::string default_config() {
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
  json config = runtime::to_json(spec);
  config["linux"].erase("cgroupsPath");
  return config.dump(1, '\t') + "\n";
}

}  // namespace stack::engine::shim::oci
