#include "engine/shim/oci/state.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/runtime/syscalls.hpp"
#include "engine/runtime/users.hpp"
#include "engine/shim/oci/bundle.hpp"

namespace stack::engine::shim::oci {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t most_state = std::size_t{64} << 20;

/// What `annotations` and the root of a file that was checked at `create` say.
json config_of(const Record& record) { return json::parse(record.config); }

std::string rootfs_of(const Record& record, const json& config) {
  const std::filesystem::path path = config.at("root").at("path").get<std::string>();
  std::error_code ignored;
  const auto real = std::filesystem::weakly_canonical(path.is_absolute() ? path : record.bundle / path, ignored);
  return ignored ? path.string() : real.string();
}

ordered_json state_object(const Record& record, Status status, pid_t pid) {
  const json config = config_of(record);
  ordered_json state;
  state["ociVersion"] = oci_version;
  state["id"] = record.id;
  state["pid"] = status == Status::stopped ? 0 : pid;
  state["status"] = to_string(status);
  state["bundle"] = record.bundle;
  state["rootfs"] = rootfs_of(record, config);
  state["created"] = record.created;
  if (const auto annotations = config.find("annotations"); annotations != config.end() && !annotations->empty())
    state["annotations"] = *annotations;
  return state;
}

}  // namespace

const char* to_string(Status status) {
  switch (status) {
    case Status::creating: return "creating";
    case Status::created: return "created";
    case Status::running: return "running";
    case Status::paused: return "paused";
    case Status::stopped: return "stopped";
  }
  return "";
}

std::string default_state_root() {
  const char* runtime_dir = std::getenv("XDG_RUNTIME_DIR");
  if (::geteuid() != 0 && runtime_dir != nullptr) return std::string(runtime_dir) + "/stack-oci";
  return "/run/stack-oci";
}

void check_id(const std::string& id) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '+' || c == '-' || c == '.'; };
  constexpr std::size_t longest = 255;  // it names a directory
  if (id.empty() || id == "." || id == ".." || id.size() > longest || !std::all_of(id.begin(), id.end(), allowed))
    throw Error(ErrorCode::invalid_argument, "invalid container ID format");
}

void StateRoot::reserve(const std::string& id) const {
  std::filesystem::create_directories(path_);
  if (::mkdir(directory(id).c_str(), 0711) == 0) return;
  if (errno == EEXIST) throw Error(ErrorCode::conflict, "container with given ID already exists");
  throw errno_error("mkdir " + directory(id));
}

void StateRoot::save(const Record& record) const {
  const json document{{"id", record.id},
                      {"bundle", record.bundle},
                      {"config", record.config},
                      {"created", record.created},
                      {"pid", record.pid},
                      {"startTime", record.start_time},
                      {"owner", record.owner},
                      {"complete", record.complete},
                      {"parentGroups", record.parent_groups},
                      {"coveredMount", record.covered_mount}};
  const std::string path = directory(record.id) + "/state.json";
  const std::string text = document.dump(-1, ' ', false, json::error_handler_t::replace);
  if (const int error = runtime::sys::write_file(AT_FDCWD, (path + ".new").c_str(), text, O_CREAT | O_TRUNC))
    throw errno_error("write " + path, error);
  if (::rename((path + ".new").c_str(), path.c_str()) != 0) throw errno_error("write " + path);
}

std::optional<Record> StateRoot::find(const std::string& id) const {
  const std::string text = runtime::sys::read_file(AT_FDCWD, (directory(id) + "/state.json").c_str(), most_state);
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return std::nullopt;
  Record record;
  try {
    record.id = document.at("id");
    record.bundle = document.at("bundle");
    record.config = document.at("config");
    record.created = document.at("created");
    record.pid = document.at("pid");
    record.start_time = document.at("startTime");
    record.owner = document.at("owner");
    record.complete = document.at("complete");
    record.parent_groups = document.value("parentGroups", record.parent_groups);
    record.covered_mount = document.value("coveredMount", record.covered_mount);
  } catch (const json::exception& error) {
    throw Error(ErrorCode::internal, directory(id) + "/state.json cannot be read: " + error.what());
  }
  return record;
}

Record StateRoot::load(const std::string& id) const {
  check_id(id);
  std::optional<Record> record = find(id);
  if (!record) throw Error(ErrorCode::not_found, "container does not exist");
  return std::move(*record);
}

void StateRoot::remove(const std::string& id) const { std::filesystem::remove_all(directory(id)); }

std::vector<std::string> StateRoot::ids() const {
  std::vector<std::string> result;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path_, ignored))
    if (entry.is_directory()) result.push_back(entry.path().filename());
  std::sort(result.begin(), result.end());
  return result;
}

std::uint64_t start_time_of(pid_t pid) {
  const std::string text = runtime::sys::read_file(AT_FDCWD, ("/proc/" + std::to_string(pid) + "/stat").c_str());
  // the name in parentheses may hold anything; behind its last one come the state and, 19 words on, the start time
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= text.size()) return 0;
  const char state = text[name_end + 2];
  if (state == 'Z' || state == 'X') return 0;
  std::size_t at = name_end;
  constexpr int words_between = 19;
  for (int i = 0; i <= words_between && at != std::string::npos; ++i) at = text.find(' ', at + 1);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at, nullptr, 10);
}

UniqueFd open_process(const Record& record) {
  if (record.pid <= 0) return UniqueFd();
  UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, record.pid, 0)));
  // looked at after it was opened, so that the handle is this process's
  if (handle && start_time_of(record.pid) != record.start_time) handle.reset();
  return handle;
}

runtime::Spec spec_of(const Record& record) {
  runtime::Spec spec = runtime::parse_spec(record.config);
  spec.linux_.cgroups_path = cgroup_of(record);
  return spec;
}

std::string cgroup_of(const Record& record) {
  const json config = config_of(record);
  const std::string path = config.value(json::json_pointer("/linux/cgroupsPath"), std::string());
  return cgroup_path(path, record.id);
}

runtime::CgroupMounts cgroup_mounts_of(const Record& record) {
  return runtime::below(runtime::CgroupMounts::detect(), record.parent_groups);
}

runtime::Cgroup open_group(const Record& record) { return runtime::Cgroup::open(cgroup_of(record), cgroup_mounts_of(record)); }

Status status_of(const StateRoot& root, const Record& record) {
  if (!record.complete) return Status::creating;
  if (!open_process(record)) return Status::stopped;
  if (open_group(record).frozen()) return Status::paused;  // also before its start
  return ::access(root.fifo(record.id).c_str(), F_OK) == 0 ? Status::created : Status::running;
}

std::string state_json(const Record& record, Status status, pid_t pid) { return state_object(record, status, pid).dump(); }

std::string print_state(const StateRoot& root, const Record& record, bool with_owner) {
  ordered_json state = state_object(record, status_of(root, record), record.pid);
  state["owner"] = with_owner ? runtime::resolve_user_in("/", std::to_string(record.owner), {}).name : std::string();
  return state.dump(with_owner ? -1 : 2);
}

}  // namespace stack::engine::shim::oci
