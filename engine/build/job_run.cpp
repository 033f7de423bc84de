// RUN: the command, its mounts and its output.
#include <algorithm>

#include "base/digest.hpp"
#include "base/disk_room.hpp"
#include "base/error.hpp"
#include "base/rollback.hpp"
#include "engine/build/copy.hpp"
#include "engine/build/job.hpp"
#include "engine/build/text.hpp"
#include "engine/image/overlay_view.hpp"
#include "engine/state/async.hpp"

namespace stack::engine::build {

namespace {

using Type = RunMount::Type;

constexpr std::size_t short_digits = 12;
constexpr const char* script_directory = "/dev/pipes/";  // a tmpfs in every container: no trace in the layer

/// A here-document that names its interpreter: it is run as a file.
bool is_script_file(const Instruction& instruction) {
  return instruction.script && instruction.heredocs.front().content.starts_with("#!");
}

/// Length of an unfinished UTF-8 sequence at the end.
std::size_t unfinished_utf8(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const std::size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back < length ? back : 0;
  }
  return 0;
}

}  // namespace

std::vector<std::string> Job::scoped_args() const {
  std::vector<std::string> scoped;
  for (const auto& [name, value] : state_.args)
    if (value && !get_env(state_.config.config.env, name)) scoped.push_back(name + "=" + *value);
  return scoped;
}

std::vector<std::string> Job::run_argv(const Instruction& instruction) const {
  if (instruction.is_json) return instruction.words;
  std::vector<std::string> argv = shell_of(state_.config.config);
  if (is_script_file(instruction))
    argv.push_back(script_directory + instruction.heredocs.front().name);
  else
    argv.push_back(instruction.script ? instruction.heredocs.front().content : instruction.rest);
  return argv;
}

asio::awaitable<void> Job::fetch_mount_sources(const Instruction& instruction) {
  for (const Instruction::Flag& flag : instruction.flags) {
    if (flag.name != "mount") continue;
    const RunMount mount = parse_run_mount(flag.value, variables_of(state_), file_.escape);
    co_await fetch(mount.from, done_.size(), false);
  }
}

std::vector<PlannedMount> Job::plan_mounts(const Instruction& instruction) {
  std::vector<PlannedMount> mounts;
  for (const Instruction::Flag& flag : instruction.flags) {
    if (flag.name != "mount") continue;
    PlannedMount planned;
    planned.mount = parse_run_mount(flag.value, variables_of(state_), file_.escape);
    RunMount& mount = planned.mount;
    if (!mount.target.empty()) mount.target = resolve_working_dir(state_.config.config.working_dir, mount.target);
    if (mount.type == Type::secret) {
      const auto secret = options_.secrets.find(mount.id);
      if (secret == options_.secrets.end() && mount.required)
        throw Error(ErrorCode::invalid_argument, "RUN --mount: the secret " + mount.id + " is required and was not given");
      if (secret == options_.secrets.end()) continue;
      planned.secret = secret->second;
    }
    if (!mount.from.empty()) {
      const image::ImageConfig source = copy_source_config(mount.from);
      pin(source);
      planned.source_dirs = store_.content_dirs(source);
      if (planned.source_dirs.empty()) throw Error(ErrorCode::invalid_argument, "RUN --mount: " + mount.from + " is empty");
    }
    mounts.push_back(std::move(planned));
  }
  return mounts;
}

std::string Job::mounts_key(const Instruction& instruction, const std::vector<PlannedMount>& mounts) const {
  std::string key;
  for (const Instruction::Flag& flag : instruction.flags)
    if (flag.name == "mount") key += " mount " + expand_word(flag.value, variables_of(state_), file_.escape);
  for (const PlannedMount& planned : mounts) {
    if (planned.mount.type != Type::bind) continue;
    for (const std::string& directory : planned.source_dirs) key += " " + directory;
    if (!planned.source_dirs.empty()) continue;
    const auto path = real_path(context_->root(), planned.mount.source);
    key += " " + (path ? context_->digest(*path) : "");
  }
  if (is_script_file(instruction)) key += " script " + instruction.heredocs.front().content;
  return key;
}

asio::awaitable<void> Job::run(const Instruction& instruction) {
  const std::vector<std::string> args = scoped_args();
  const std::vector<std::string> argv = run_argv(instruction);
  std::string created_by = joined(argv);
  if (!args.empty()) created_by = "|" + std::to_string(args.size()) + " " + joined(args) + " " + created_by;
  co_await fetch_mount_sources(instruction);
  std::vector<PlannedMount> mounts = plan_mounts(instruction);
  const std::string key =
      next_key("RUN " + instruction.flag("network").value_or("") + " " + created_by + mounts_key(instruction, mounts));
  const std::shared_ptr<Cache::Claim> claim = co_await cache_.claim(key);
  if (use_cached(key)) {
    co_await print(" ---> Using cache\n");
    co_await print_id();
    co_return;
  }
  const std::string container_id = random_id();
  co_await print(" ---> Running in " + container_id.substr(0, short_digits) + "\n");
  Rollback remove;
  remove.add([this, container_id] { store_.remove_snapshot(container_id); });
  const int code = co_await run_container(instruction, container_id, std::move(mounts));
  if (code != 0) {
    exit_code_ = code;
    throw Error(ErrorCode::invalid_argument,
                with_disk_shortage("The command '" + joined(argv) + "' returned a non-zero code: " + std::to_string(code),
                                   store_.data_root()));
  }
  const image::Layer layer = co_await store_.commit_layer(store_.find_snapshot(container_id)->upper);
  finish(key, created_by, layer);
  if (options_.remove_intermediate)
    co_await print(" ---> Removed intermediate container " + container_id.substr(0, short_digits) + "\n");
  co_await print_id();
}

RunRequest Job::run_request(const Instruction& instruction, const image::Snapshot& snapshot) const {
  RunRequest request;
  request.argv = run_argv(instruction);
  request.env = state_.config.config.env;
  for (const auto& [name, value] : options_.build_args)
    if (is_proxy_arg(name) && !get_env(request.env, name)) request.env.push_back(name + "=" + value);
  for (const std::string& arg : scoped_args()) request.env.push_back(arg);
  request.working_dir = state_.config.config.working_dir.empty() ? "/" : state_.config.config.working_dir;
  request.user = state_.config.config.user;
  request.lower_dirs = snapshot.lower_dirs;
  request.upper = snapshot.upper;
  request.work = snapshot.work;
  request.network_mode = instruction.flag("network").value_or(options_.network_mode);
  request.extra_hosts = options_.extra_hosts;
  request.memory = options_.memory;
  request.memory_swap = options_.memory_swap;
  request.cpu_shares = options_.cpu_shares;
  request.cpu_period = options_.cpu_period;
  request.cpu_quota = options_.cpu_quota;
  request.cpuset_cpus = options_.cpuset_cpus;
  request.shm_size = options_.shm_size;
  request.ulimits = options_.ulimits;
  return request;
}

asio::awaitable<std::vector<RunRequest::Mount>> Job::make_mounts(const Instruction& instruction,
                                                                 std::vector<PlannedMount> planned, Staging staging) {
  auto work = [planned = std::move(planned), context = context_, staging, instruction] {
    std::vector<RunRequest::Mount> mounts = stage_mounts(planned, *context, staging);
    if (is_script_file(instruction)) {
      const HereDocument& document = instruction.heredocs.front();
      RunRequest::Mount script;
      script.source = staging.files + "/script";
      script.target = script_directory + document.name;
      script.read_only = true;
      write_file_atomically(script.source, document.content, 0755);
      mounts.push_back(std::move(script));
    }
    return mounts;
  };
  co_return co_await run_in_pool(pool_, std::move(work));
}

asio::awaitable<int> Job::run_container(const Instruction& instruction, std::string container_id,
                                        std::vector<PlannedMount> planned) {
  const image::Snapshot snapshot = store_.prepare_snapshot(container_id, state_.config);
  RunRequest request = run_request(instruction, snapshot);
  request.container_id = std::move(container_id);
  std::map<std::string, std::shared_ptr<CacheMounts::Lease>> leases;  // given back when the command has ended
  for (PlannedMount& mount : planned) {
    if (!mount.mount.env.empty()) request.env.push_back(mount.mount.env + "=" + mount.secret);
    if (mount.mount.type != Type::cache) continue;
    std::shared_ptr<CacheMounts::Lease>& lease = leases[mount.mount.id];
    if (!lease) lease = co_await services_.cache_mounts.acquire(mount.mount.id, mount.mount.sharing);
    mount.cache = lease;
  }
  Rollback cleanup;
  std::vector<std::string> made_targets;
  if (!planned.empty() || is_script_file(instruction)) {
    Staging staging{store_.make_temporary("mounts"), services_.secrets_directory + "/" + random_hex(16)};
    cleanup.add([this, staging] {
      store_.discard(staging.files);
      remove_tree(staging.secrets);
    });
    request.mounts = co_await make_mounts(instruction, std::move(planned), staging);
    auto look = [snapshot, mounts = request.mounts] {
      return missing_targets(image::open_overlay(snapshot.lower_dirs, snapshot.upper, snapshot.work), mounts);
    };
    made_targets = co_await run_in_pool(pool_, std::move(look));
  }
  RunOutput relay_output = [this](std::string bytes) { return relay(std::move(bytes)); };
  const int code = co_await run_.run(std::move(request), std::move(relay_output));
  if (!cut_.empty()) co_await print(std::exchange(cut_, {}));
  if (!made_targets.empty()) {
    auto tidy = [snapshot, made_targets] {
      remove_targets(image::open_overlay(snapshot.lower_dirs, snapshot.upper, snapshot.work), made_targets);
    };
    co_await run_in_pool(pool_, std::move(tidy));
  }
  co_return code;
}

asio::awaitable<void> Job::relay(std::string bytes) {
  std::string text = std::exchange(cut_, {}) + bytes;
  const std::size_t tail = unfinished_utf8(text);
  cut_ = text.substr(text.size() - tail);
  text.resize(text.size() - tail);
  if (!text.empty()) co_await print(std::move(text));
}

}  // namespace stack::engine::build
