#include "engine/build/job.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/rollback.hpp"
#include "engine/build/copy.hpp"
#include "engine/image/overlay_view.hpp"
#include "engine/state/async.hpp"

namespace stack::engine::build {

namespace {

using Kind = Instruction::Kind;

constexpr const char* default_path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::size_t short_digits = 12;

/// Build arguments that every RUN gets without an ARG, and that neither the history nor the cache sees.
constexpr std::array<std::string_view, 10> proxy_args{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY",
                                                      "ftp_proxy",  "NO_PROXY",   "no_proxy",    "ALL_PROXY",   "all_proxy"};

bool is_proxy_arg(const std::string& name) { return std::find(proxy_args.begin(), proxy_args.end(), name) != proxy_args.end(); }

std::string id_of(const image::ImageConfig& config) { return sha256_digest(image::to_text(config)); }

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// The layer of an empty tar archive (two blocks of zeros) is none.
bool is_empty_layer(const std::string& diff_id) {
  static const std::string empty = sha256_digest(std::string(1024, '\0'));
  return diff_id == empty;
}

/// A name for the writable layer of a step that is no container.
std::string step_snapshot() { return "build-" + random_hex(32); }

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
    std::string wanted = options_.target;
    std::transform(wanted.begin(), wanted.end(), wanted.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
    const bool is_number = error == std::errc() && end == wanted.data() + wanted.size();
    const auto named =
        std::find_if(file_.stages.begin(), file_.stages.end(), [&](const Stage& stage) { return stage.name == wanted; });
    if (named != file_.stages.end())
      last_stage_ = static_cast<std::size_t>(named - file_.stages.begin());
    else if (is_number && number < file_.stages.size())
      last_stage_ = number;
    else
      throw Error(ErrorCode::invalid_argument, "target stage \"" + options_.target + "\" could not be found");
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
  steps_ = file_.meta_args.size();
  for (std::size_t i = 0; i <= last_stage_; ++i) steps_ += 1 + file_.stages[i].instructions.size();
  args_.given = options_.build_args;
}

std::vector<std::string> Job::unused_args() const {
  std::vector<std::string> unused;
  for (const auto& [name, value] : options_.build_args)
    if (!asked_args_.contains(name) && !is_proxy_arg(name)) unused.push_back(name);
  return unused;
}

asio::awaitable<image::ImageConfig> Job::execute(std::shared_ptr<const Context> context) {
  context_ = std::move(context);
  for (const Instruction& instruction : file_.meta_args) co_await meta_arg(instruction);
  for (std::size_t i = 0; i <= last_stage_; ++i) {
    const Stage& stage = file_.stages[i];
    co_await begin_stage(stage);
    for (const Instruction& instruction : stage.instructions) {
      co_await announce(instruction);
      co_await step(instruction);
    }
    done_.push_back(state_.config);
  }
  co_return done_.back();
}

asio::awaitable<void> Job::announce(const Instruction& instruction) {
  ++step_;
  const std::size_t end = instruction.original.find('\n');
  co_await print("Step " + std::to_string(step_) + "/" + std::to_string(steps_) + " : " + instruction.original.substr(0, end) +
                 "\n");
}

asio::awaitable<void> Job::meta_arg(const Instruction& instruction) {
  co_await announce(instruction);
  StageState scope;
  for (const auto& [name, value] : args_.meta) scope.args[name] = value;
  apply_metadata(instruction, scope, args_, file_.escape);
  for (const auto& [name, value] : scope.args)
    if (value) args_.meta[name] = *value;
  for (const auto& word : instruction.words) asked_args_.insert(word.substr(0, word.find('=')));
}

image::ImageConfig Job::base_config(const std::string& name) {
  if (name == "scratch") {
    image::ImageConfig empty;
    return empty;
  }
  for (std::size_t i = 0; i < done_.size(); ++i)
    if (!file_.stages[i].name.empty() && file_.stages[i].name == name) return done_[i];
  if (const image::ImagePtr image = store_.find(name)) return image->config;
  throw Error(ErrorCode::not_found,
              "No such image: " + image::parse_tagged_reference(name).familiar() +
                  " (images cannot be pulled yet: build it, or import a root filesystem with `stack image import`)");
}

asio::awaitable<void> Job::begin_stage(const Stage& stage) {
  co_await announce(stage.from);
  state_ = StageState{};
  std::string name;
  try {
    const Variables meta = [this](const std::string& key) -> std::optional<std::string> {
      const auto found = args_.meta.find(key);
      return found == args_.meta.end() ? std::nullopt : std::optional(found->second);
    };
    name = expand_word(stage.base, meta, file_.escape);
    if (name.empty()) throw Error(ErrorCode::invalid_argument, "base name (" + stage.base + ") should not be blank");
    if (const auto platform = stage.from.flag("platform")) {
      const std::string wanted = platform->starts_with('$') ? "" : *platform;
      if (!wanted.empty() && wanted != "linux/amd64" && wanted != "linux" && wanted != "amd64")
        throw Error(ErrorCode::invalid_argument, "platform " + wanted + " cannot be built here: linux/amd64 can");
    }
    state_.config = base_config(name);
  } catch (const Error& error) {
    throw Error(error.code(), std::string(error.what()) + " (Dockerfile line " + std::to_string(stage.line) + ")");
  }
  state_.key = name == "scratch" ? "scratch" : id_of(state_.config);
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

asio::awaitable<void> Job::step(const Instruction& instruction) {
  try {
    co_await dispatch(instruction);
  } catch (const Error& error) {
    throw Error(error.code(), std::string(error.what()) + " (Dockerfile line " + std::to_string(instruction.line) + ")");
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
  auto work = [snapshot, path] {
    const RootDir view = image::open_overlay(snapshot.lower_dirs, snapshot.upper, snapshot.work);
    if (view.stat(path)) {
      view.open(path, O_PATH | O_DIRECTORY);  // throws when it is no directory
      return false;
    }
    view.make_directories(path, 0755, {});
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

std::vector<std::string> Job::scoped_args() const {
  std::vector<std::string> scoped;
  for (const auto& [name, value] : state_.args)
    if (value && !get_env(state_.config.config.env, name)) scoped.push_back(name + "=" + *value);
  return scoped;
}

asio::awaitable<void> Job::run(const Instruction& instruction) {
  const std::vector<std::string> args = scoped_args();
  std::vector<std::string> argv = instruction.words;
  if (!instruction.is_json) {
    argv = shell_of(state_.config.config);
    argv.push_back(instruction.heredoc.empty() ? instruction.rest : instruction.heredoc);
  }
  std::string created_by = joined(argv);
  if (!args.empty()) created_by = "|" + std::to_string(args.size()) + " " + joined(args) + " " + created_by;
  const std::string key = next_key("RUN " + instruction.flag("network").value_or("") + " " + created_by);
  if (use_cached(key)) {
    co_await print(" ---> Using cache\n");
    co_await print_id();
    co_return;
  }
  const std::string container_id = random_id();
  co_await print(" ---> Running in " + container_id.substr(0, short_digits) + "\n");
  Rollback remove;
  remove.add([this, container_id] { store_.remove_snapshot(container_id); });
  const int code = co_await run_container(instruction, container_id, argv);
  if (code != 0) {
    exit_code_ = code;
    throw Error(ErrorCode::invalid_argument,
                "The command '" + joined(argv) + "' returned a non-zero code: " + std::to_string(code));
  }
  const image::Layer layer = co_await store_.commit_layer(store_.find_snapshot(container_id)->upper);
  finish(key, created_by, layer);
  if (options_.remove_intermediate)
    co_await print(" ---> Removed intermediate container " + container_id.substr(0, short_digits) + "\n");
  co_await print_id();
}

asio::awaitable<int> Job::run_container(const Instruction& instruction, std::string container_id,
                                        std::vector<std::string> argv) {
  const image::Snapshot snapshot = store_.prepare_snapshot(container_id, state_.config);
  RunRequest request;
  request.container_id = std::move(container_id);
  request.argv = std::move(argv);
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
  RunOutput relay_output = [this](std::string bytes) { return relay(std::move(bytes)); };
  const int code = co_await run_.run(std::move(request), std::move(relay_output));
  if (!cut_.empty()) co_await print(std::exchange(cut_, {}));
  co_return code;
}

asio::awaitable<void> Job::relay(std::string bytes) {
  std::string text = std::exchange(cut_, {}) + bytes;
  const std::size_t tail = unfinished_utf8(text);
  cut_ = text.substr(text.size() - tail);
  text.resize(text.size() - tail);
  if (!text.empty()) co_await print(std::move(text));
}

image::ImageConfig Job::copy_source_config(const std::string& name) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc() && end == name.data() + name.size() && number < done_.size()) return done_[number];
  std::string lower_name = name;
  std::transform(lower_name.begin(), lower_name.end(), lower_name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (std::size_t i = 0; i < done_.size(); ++i)
    if (!file_.stages[i].name.empty() && file_.stages[i].name == lower_name) return done_[i];
  if (const image::ImagePtr image = store_.find(name)) return image->config;
  throw Error(ErrorCode::not_found, "invalid from flag value " + name + ": no stage and no image of that name");
}

std::string Job::destination_of(const Instruction& instruction, const std::vector<std::string>& words,
                                std::size_t sources) const {
  const std::string& written = words.back();
  const bool directory =
      written.ends_with('/') || written == "." || written == ".." || written.ends_with("/.") || written.ends_with("/..");
  if (sources > 1 && !directory)
    throw Error(ErrorCode::invalid_argument,
                "When using " + std::string(keyword(instruction.kind)) +
                    " with more than one source file, the destination must be a directory and end with a /");
  const std::string path = resolve_working_dir(state_.config.config.working_dir, written);
  return directory && path != "/" ? path + "/" : path;
}

asio::awaitable<void> Job::copy(const Instruction& instruction) {
  const std::string name(keyword(instruction.kind));
  const Variables variables = variables_of(state_);
  std::vector<std::string> words;
  for (const auto& word : instruction.words) words.push_back(expand_word(word, variables, file_.escape));
  const std::vector<std::string> patterns(words.begin(), words.end() - 1);
  for (const auto& pattern : patterns) {
    if (instruction.kind == Kind::add &&
        (pattern.starts_with("http://") || pattern.starts_with("https://") || pattern.starts_with("git@")))
      throw Error(ErrorCode::not_implemented,
                  "ADD failed: fetching " + pattern + " is not supported yet: RUN a download instead");
  }
  CopyTask task;
  if (const auto chown = instruction.flag("chown")) task.chown = expand_word(*chown, variables, file_.escape);
  if (const auto chmod = instruction.flag("chmod")) {
    const std::string text = expand_word(*chmod, variables, file_.escape);
    unsigned mode = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    if (error != std::errc() || end != text.data() + text.size() || mode > 07777)
      throw Error(ErrorCode::invalid_argument,
                  "invalid chmod parameter: '" + text + "'. it should be octal string and between 0 and 07777");
    task.mode = static_cast<mode_t>(mode);
  }
  task.extract_archives = instruction.kind == Kind::add;
  const auto from = instruction.flag("from");
  std::vector<std::string> source_dirs;
  std::string coarse_key;
  if (from) {
    const image::ImageConfig source = copy_source_config(expand_word(*from, variables, file_.escape));
    pin(source);
    source_dirs = store_.content_dirs(source);
    if (source_dirs.empty()) throw Error(ErrorCode::invalid_argument, name + " failed: " + *from + " is empty");
    // the same layers hold the same files: no need to read them to know
    coarse_key = next_key(name + " from " + joined(source.diff_ids) + " " + joined(words) + " " + task.chown.value_or("") +
                          " " + instruction.flag("chmod").value_or(""));
    if (use_cached(coarse_key)) {
      co_await print(" ---> Using cache\n");
      co_await print_id();
      co_return;
    }
  }
  auto look = [context = context_, source_dirs, patterns, name] {
    std::vector<CopySource> sources;
    std::string digests;
    if (source_dirs.empty()) {
      sources = find_sources(context->root(), patterns, name);
      for (const auto& source : sources) digests += source.name + ":" + context->digest(source.path) + "\n";
    } else {
      const RootDir view = image::open_overlay(source_dirs);
      sources = find_sources(view, patterns, name);
      for (const auto& source : sources) digests += source.name + ":" + digest_of(view, source.path) + "\n";
    }
    return std::pair(sources, digests);
  };
  const auto [sources, digests] = co_await run_in_pool(pool_, std::move(look));
  task.sources = sources;
  task.destination = destination_of(instruction, words, sources.size());
  std::string text = name;
  for (const auto& [flag, value] : instruction.flags)
    if (flag != "from" && flag != "link") text += " --" + flag + "=" + expand_word(value, variables, file_.escape);
  text += (sources.size() == 1 ? " file:" : " multi:") + sha256_hex(digests) + " in " + task.destination + " ";
  const std::string key = next_key(text + (from ? " from" : ""));
  if (use_cached(key)) {
    if (from) cache_.put_alias(coarse_key, key);
    co_await print(" ---> Using cache\n");
    co_await print_id();
    co_return;
  }
  const std::string step_name = step_snapshot();
  const image::Snapshot snapshot = store_.prepare_snapshot(step_name, state_.config);
  Rollback remove;
  remove.add([this, step_name] { store_.remove_snapshot(step_name); });
  auto work = [context = context_, source_dirs, snapshot, task] {
    const RootDir target = image::open_overlay(snapshot.lower_dirs, snapshot.upper, snapshot.work);
    if (source_dirs.empty())
      copy_into(target, context->root(), task);
    else
      copy_into(target, image::open_overlay(source_dirs), task);
  };
  co_await run_in_pool(pool_, std::move(work));
  const image::Layer layer = co_await store_.commit_layer(snapshot.upper);
  finish(key, nop(text), layer);
  if (from) cache_.put_alias(coarse_key, key);
  co_await print_id();
}

}  // namespace stack::engine::build
