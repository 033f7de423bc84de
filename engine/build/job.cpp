#include "engine/build/job.hpp"

#include <fcntl.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/rollback.hpp"
#include "engine/build/stage_graph.hpp"
#include "engine/build/text.hpp"
#include "engine/image/overlay_view.hpp"
#include "engine/state/async.hpp"

namespace stack::engine::build {

namespace {

using Kind = Instruction::Kind;

constexpr const char* default_path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::size_t short_digits = 12;

std::string id_of(const image::ImageConfig& config) { return sha256_digest(image::to_text(config)); }

/// The layer of an empty tar archive (two blocks of zeros) is none.
bool is_empty_layer(const std::string& diff_id) {
  static const std::string empty = sha256_digest(std::string(1024, '\0'));
  return diff_id == empty;
}

/// "linux/amd64/v2" and its beginnings are what runs here.
void check_platform(const std::string& platform) {
  if (platform.empty() || platform == "linux" || platform == "amd64" || platform == "linux/amd64" ||
      platform.starts_with("linux/amd64/"))
    return;
  throw Error(ErrorCode::invalid_argument, "platform " + platform + " cannot be built here: linux/amd64 can");
}

}  // namespace

std::string Job::step_snapshot() { return "build-" + random_hex(32); }

Job::~Job() {
  for (const auto& diff_id : pinned_) store_.release_layer(diff_id);
}

asio::awaitable<void> Job::print(std::string text) {
  if (options_.quiet) co_return;
  nlohmann::json line{{"stream", std::move(text)}};
  std::string bytes = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\r\n";
  co_await output_(std::move(bytes));
}

asio::awaitable<void> Job::print_id() { co_await print(" ---> " + id_of(state_.config).substr(7, short_digits) + "\n"); }

void Job::plan(Dockerfile file) {
  file_ = std::move(file);
  last_stage_ = file_.stages.size() - 1;
  if (!options_.target.empty()) {
    const auto found = find_stage(file_, options_.target, file_.stages.size());
    if (!found) throw Error(ErrorCode::invalid_argument, "target stage \"" + options_.target + "\" could not be found");
    last_stage_ = *found;
  }
  if (!options_.labels.empty()) {
    Instruction labels;
    labels.kind = Kind::label;
    labels.line = file_.stages[last_stage_].line;
    labels.original = "LABEL";
    for (const auto& [key, value] : options_.labels) {
      labels.original += " " + key + "=" + value;
      // taken literally: quoted, so that nothing in them is expanded
      for (const std::string& text : {key, value}) {
        std::string quoted;
        for (const char c : text) quoted += c == '\'' ? std::string("'\"'\"'") : std::string(1, c);
        labels.words.push_back("'" + quoted + "'");
      }
    }
    file_.stages[last_stage_].instructions.push_back(std::move(labels));
  }
  args_.given = options_.build_args;
  args_.meta = platform_args();
  for (auto& [name, value] : args_.meta)
    if (const auto given = args_.given.find(name); given != args_.given.end()) value = given->second;
}

std::vector<std::string> Job::unused_args() const {
  std::vector<std::string> unused;
  for (const auto& [name, value] : options_.build_args)
    if (!asked_args_.contains(name) && !is_proxy_arg(name)) unused.push_back(name);
  return unused;
}

void Job::choose_stages() {
  StageState scope;
  for (const auto& [name, value] : args_.meta) scope.args[name] = value;
  for (const Instruction& instruction : file_.meta_args) {
    at_line(instruction.line, [&] { apply_metadata(instruction, scope, args_, file_.escape); });
    for (const auto& [name, value] : scope.args)
      if (value) args_.meta[name] = *value;
    for (const auto& word : instruction.words) asked_args_.insert(word.substr(0, word.find('=')));
  }
  for (const Stage& stage : file_.stages)
    at_line(stage.line, [&] { bases_.push_back(expand_word(stage.base, variables_of(scope), file_.escape)); });
  needed_ = needed_stages(file_, bases_, last_stage_);
  steps_ = file_.meta_args.size();
  for (std::size_t i = 0; i <= last_stage_; ++i)
    if (needed_[i]) steps_ += 1 + file_.stages[i].instructions.size();
}

asio::awaitable<image::ImageConfig> Job::execute(std::shared_ptr<const Context> context) {
  context_ = std::move(context);
  choose_stages();
  for (const Instruction& instruction : file_.meta_args) co_await announce(instruction);
  for (std::size_t i = 0; i <= last_stage_; ++i) {
    done_.emplace_back();
    if (!needed_[i]) continue;
    co_await begin_stage(i);
    for (const Instruction& instruction : file_.stages[i].instructions) {
      co_await announce(instruction);
      co_await step(instruction);
    }
    done_.back() = BuiltStage{state_.config, state_.args};
  }
  co_return done_.back()->config;
}

asio::awaitable<void> Job::announce(const Instruction& instruction) {
  ++step_;
  const std::size_t end = instruction.original.find('\n');
  co_await print("Step " + std::to_string(step_) + "/" + std::to_string(steps_) + " : " + instruction.original.substr(0, end) +
                 "\n");
}

asio::awaitable<void> Job::fetch(std::string name, std::size_t stages, bool look_for_newer) {
  if (!options_.fetch_image || name.empty() || name == "scratch" || find_stage(file_, name, stages)) co_return;
  const bool is_here = store_.find(name) != nullptr;
  if (is_here && !look_for_newer) co_return;
  try {
    co_await options_.fetch_image(name);
  } catch (const Error& error) {  // a registry's answer does not always say what was asked for
    if (std::string_view(error.what()).find(name) != std::string_view::npos) throw;
    throw Error(error.code(), name + ": " + error.what());
  }
}

StageState Job::base_state(const std::string& name, std::size_t stage) {
  StageState state;
  if (name == "scratch") {
    state.key = name;
    return state;
  }
  std::optional<std::size_t> earlier;
  if (name.find_first_not_of("0123456789") != std::string::npos) earlier = find_stage(file_, name, stage);
  if (earlier) {
    state.config = done_[*earlier].value().config;
    state.args = done_[*earlier].value().args;
  } else if (const image::ImagePtr image = store_.find(name)) {
    state.config = image->config;
  } else {
    throw Error(ErrorCode::not_found, "No such image: " + image::parse_tagged_reference(name).familiar());
  }
  state.key = id_of(state.config);
  return state;
}

asio::awaitable<void> Job::begin_stage(std::size_t index) {
  const Stage& stage = file_.stages[index];
  const std::string& name = bases_[index];
  co_await announce(stage.from);
  try {
    co_await fetch(name, index, options_.pull);
  } catch (const Error& error) {
    throw placed(error, stage.line);
  }
  at_line(stage.line, [&] {
    if (name.empty()) throw Error(ErrorCode::invalid_argument, "base name (" + stage.base + ") should not be blank");
    if (const auto platform = stage.from.flag("platform")) {
      StageState scope;
      for (const auto& [key, value] : args_.meta) scope.args[key] = value;
      check_platform(expand_word(*platform, variables_of(scope), file_.escape));
    }
    state_ = base_state(name, index);
  });
  pin(state_.config);
  std::string id_line = " ---> ";  // named, not a temporary: g++ 12 destroys those of a conditional twice around co_await
  if (name != "scratch") id_line += state_.key.substr(7, short_digits);
  co_await print(id_line + "\n");
  const bool has_steps =
      !stage.instructions.empty() || !state_.config.config.on_build.empty();  // else it is the base image itself
  if (has_steps && !get_env(state_.config.config.env, "PATH"))
    state_.config.config.env.insert(state_.config.config.env.begin(), default_path);
  const std::vector<std::string> triggers = std::exchange(state_.config.config.on_build, {});
  const std::string plural = triggers.size() == 1 ? "" : "s";
  if (!triggers.empty()) co_await print("# Executing " + std::to_string(triggers.size()) + " build trigger" + plural + "\n");
  for (const std::string& trigger : triggers) {
    const Instruction instruction = parse_instruction(trigger, stage.line);
    co_await step(instruction);
  }
}

Error Job::placed(const Error& error, int line) const {
  return Error(error.code(), std::string(error.what()) + " (" + options_.dockerfile + ":" + std::to_string(line) + ")");
}

asio::awaitable<void> Job::step(const Instruction& instruction) {
  try {
    co_await dispatch(instruction);
  } catch (const Error& error) {
    throw placed(error, instruction.line);
  }
}

asio::awaitable<void> Job::dispatch(const Instruction& instruction) {
  switch (instruction.kind) {
    case Kind::run: return run(instruction);
    case Kind::copy:
    case Kind::add: return copy(instruction);
    case Kind::workdir: return working_dir(instruction);
    default: return metadata(instruction);
  }
}

// ── keys, cache, history ──

std::string Job::next_key(const std::string& text) const { return sha256_hex(state_.key + "\n" + text); }

std::string Job::nop(const std::string& text) const { return joined(shell_of(state_.config.config)) + " #(nop) " + text; }

bool Job::use_cached(const std::string& key) {
  if (options_.no_cache) return false;
  const std::string target = cache_.resolve(key);
  auto config = cache_.find(target);
  if (!config) return false;
  state_.config = std::move(*config);
  state_.key = target;
  pin(state_.config);
  return true;
}

void Job::pin(const image::ImageConfig& config) {
  for (const auto& diff_id : config.diff_ids) {
    if (std::find(pinned_.begin(), pinned_.end(), diff_id) != pinned_.end()) continue;
    store_.retain_layer(diff_id);
    pinned_.push_back(diff_id);
  }
}

void Job::finish(const std::string& key, const std::string& created_by, const std::optional<image::Layer>& layer) {
  if (layer) pinned_.push_back(layer->diff_id);  // committing it has retained it once for us
  const bool has_content = layer && !is_empty_layer(layer->diff_id);
  image::HistoryEntry entry;
  entry.created = image::rfc3339_now();
  entry.created_by = created_by;
  entry.empty_layer = !has_content;
  state_.config.created = entry.created;
  state_.config.comment.clear();
  state_.config.history.push_back(entry);
  if (has_content) state_.config.diff_ids.push_back(layer->diff_id);
  state_.key = key;
  cache_.put(key, state_.config);
}

// ── steps ──

asio::awaitable<void> Job::metadata(const Instruction& instruction) {
  StageState changed = state_;
  const std::string text = apply_metadata(instruction, changed, args_, file_.escape);
  if (instruction.kind == Kind::arg)
    for (const auto& [name, value] : changed.args) asked_args_.insert(name);
  const std::string key = next_key(text);
  const std::string created_by = nop(" " + text);
  // what is no part of the image comes from the instruction, cached or not
  state_.args = changed.args;
  state_.cmd_set = changed.cmd_set;
  if (use_cached(key)) {
    co_await print(" ---> Using cache\n");
  } else {
    state_.config = std::move(changed.config);
    finish(key, created_by, std::nullopt);
  }
  co_await print_id();
}

asio::awaitable<void> Job::working_dir(const Instruction& instruction) {
  const std::string path =
      resolve_working_dir(state_.config.config.working_dir, expand_word(instruction.rest, variables_of(state_), file_.escape));
  const std::string key = next_key("WORKDIR " + path);
  if (use_cached(key)) {
    co_await print(" ---> Using cache\n");
    co_await print_id();
    co_return;
  }
  const std::string name = step_snapshot();
  const image::Snapshot snapshot = store_.prepare_snapshot(name, state_.config);
  Rollback remove;
  remove.add([this, name] { store_.remove_snapshot(name); });
  auto work = [snapshot, path, user = state_.config.config.user] {
    const RootDir view = image::open_overlay(snapshot.lower_dirs, snapshot.upper, snapshot.work);
    if (view.stat(path)) {
      view.open(path, O_PATH | O_DIRECTORY);  // throws when it is no directory
      return false;
    }
    view.make_directories(path, 0755, user.empty() ? RootDir::Owner{} : resolve_owner(view, user));
    return true;
  };
  const bool made = co_await run_in_pool(pool_, std::move(work));
  std::optional<image::Layer> layer;
  if (made) layer = co_await store_.commit_layer(snapshot.upper);
  const std::string created_by = nop("WORKDIR " + path);
  state_.config.config.working_dir = path;
  finish(key, created_by, layer);
  co_await print_id();
}

}  // namespace stack::engine::build
