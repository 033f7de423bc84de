// COPY and ADD.
#include "base/digest.hpp"
#include "base/disk_room.hpp"
#include "base/error.hpp"
#include "base/rollback.hpp"
#include "engine/build/copy.hpp"
#include "engine/build/job.hpp"
#include "engine/build/stage_graph.hpp"
#include "engine/build/text.hpp"
#include "engine/image/overlay_view.hpp"
#include "engine/state/async.hpp"

namespace stack::engine::build {

namespace {

using Kind = Instruction::Kind;

bool is_remote(const std::string& source) {
  return source.starts_with("http://") || source.starts_with("https://") || source.starts_with("git@") ||
         source.starts_with("git://") || source.starts_with("ssh://");
}

std::string line_of(const CopySource& source, const std::string& digest) {
  return (source.parents.empty() ? "" : source.parents + "/") + source.name + ":" + digest + "\n";
}

/// Files of here-documents below a directory of their own.
void write_documents(const std::string& directory, const std::vector<HereDocument>& documents) {
  for (const HereDocument& document : documents) {
    if (document.name.find('/') != std::string::npos)
      throw Error(ErrorCode::invalid_argument, "the name of a here-document cannot hold a /: " + document.name);
    write_file_atomically(directory + "/" + document.name, document.content, 0644);
  }
}

}  // namespace

image::ImageConfig Job::copy_source_config(const std::string& name) {
  const std::optional<std::size_t> stage = find_stage(file_, name, done_.size());
  if (stage && !done_[*stage])
    throw Error(ErrorCode::not_implemented,
                "the stage " + name + " is not built, because only a trigger of the base image uses it");
  if (stage) return done_[*stage]->config;
  if (const image::ImagePtr image = store_.find(name)) return image->config;
  throw Error(ErrorCode::not_found, "invalid from flag value " + name + ": no stage and no image of that name");
}

std::string Job::destination_of(const Instruction& instruction, const std::string& written, std::size_t sources) const {
  const bool directory =
      written.ends_with('/') || written == "." || written == ".." || written.ends_with("/.") || written.ends_with("/..");
  if (sources > 1 && !directory)
    throw Error(ErrorCode::invalid_argument,
                "When using " + std::string(keyword(instruction.kind)) +
                    " with more than one source file, the destination must be a directory and end with a /");
  const std::string path = resolve_working_dir(state_.config.config.working_dir, written);
  return (directory || instruction.is_set("parents")) && path != "/" ? path + "/" : path;
}

CopyTask Job::copy_task(const Instruction& instruction) const {
  const Variables variables = variables_of(state_);
  CopyTask task;
  if (const auto chown = instruction.flag("chown")) task.chown = expand_word(*chown, variables, file_.escape);
  if (const auto chmod = instruction.flag("chmod")) task.mode = FileMode::parse(expand_word(*chmod, variables, file_.escape));
  std::string exclude;
  for (const Instruction::Flag& flag : instruction.flags)
    if (flag.name == "exclude") exclude += expand_word(flag.value, variables, file_.escape) + "\n";
  task.exclude = IgnoreRules::parse(exclude);
  task.extract_archives = instruction.kind == Kind::add;
  return task;
}

std::vector<HereDocument> Job::expanded_documents(const Instruction& instruction) const {
  std::vector<HereDocument> documents = instruction.heredocs;
  for (HereDocument& document : documents)
    if (document.expand) document.content = expand_document(document.content, variables_of(state_), file_.escape);
  return documents;
}

std::string Job::copy_flags_text(const Instruction& instruction) const {
  std::string text;
  for (const Instruction::Flag& flag : instruction.flags)
    if (flag.name != "from" && flag.name != "link")
      text += " --" + flag.name + "=" + expand_word(flag.value, variables_of(state_), file_.escape);
  return text;
}

asio::awaitable<Job::FoundSources> Job::look_for_sources(std::vector<std::string> patterns, SourceOptions options,
                                                         std::vector<std::string> source_dirs) {
  auto look = [context = context_, source_dirs, patterns, options] {
    FoundSources found;
    if (source_dirs.empty()) {
      found.sources = find_sources(context->root(), patterns, options);
      for (const auto& source : found.sources) found.digests += line_of(source, context->digest(source.path));
    } else {
      const RootDir view = image::open_overlay(source_dirs);
      found.sources = find_sources(view, patterns, options);
      for (const auto& source : found.sources) found.digests += line_of(source, digest_of(view, source.path));
    }
    return found;
  };
  co_return co_await run_in_pool(pool_, std::move(look));
}

asio::awaitable<void> Job::copy(const Instruction& instruction) {
  const std::string name(keyword(instruction.kind));
  std::vector<std::string> words;
  for (const auto& word : instruction.words) words.push_back(expand_word(word, variables_of(state_), file_.escape));
  const std::string written = words.back();
  words.pop_back();
  for (const auto& word : words)
    if (instruction.kind == Kind::add && is_remote(word))
      throw Error(ErrorCode::not_implemented, "ADD failed: fetching " + word + " is not supported yet: RUN a download instead");
  CopyTask task = copy_task(instruction);
  std::vector<std::string> source_dirs;
  std::string coarse_key;
  if (const auto from = instruction.flag("from")) {
    const std::string source_name = expand_word(*from, variables_of(state_), file_.escape);
    co_await fetch(source_name, done_.size(), false);
    const image::ImageConfig source = copy_source_config(source_name);
    pin(source);
    source_dirs = store_.content_dirs(source);
    if (source_dirs.empty()) throw Error(ErrorCode::invalid_argument, name + " failed: " + *from + " is empty");
    // the same layers hold the same files: no need to read them to know
    coarse_key = next_key(name + " from " + joined(source.diff_ids) + " " + joined(words) + " " + written +
                          copy_flags_text(instruction));
    if (use_cached(coarse_key)) {
      co_await print(" ---> Using cache\n");
      co_await print_id();
      co_return;
    }
  }
  SourceOptions source_options{name, instruction.is_set("parents")};
  FoundSources found = co_await look_for_sources(std::move(words), std::move(source_options), source_dirs);
  const std::vector<HereDocument> documents = expanded_documents(instruction);
  for (const HereDocument& document : documents) found.digests += document.name + "<<" + document.content;
  task.sources = std::move(found.sources);
  const std::size_t count = task.sources.size() + documents.size();
  task.destination = destination_of(instruction, written, count);
  const std::string text = name + copy_flags_text(instruction) + (count == 1 ? " file:" : " multi:") +
                           sha256_hex(found.digests) + " in " + task.destination + " ";
  const std::string key = next_key(text + (coarse_key.empty() ? "" : " from"));
  if (use_cached(key)) {
    if (!coarse_key.empty()) cache_.put_alias(coarse_key, key);
    co_await print(" ---> Using cache\n");
    co_await print_id();
    co_return;
  }
  const image::Layer layer = co_await copied_layer(std::move(task), std::move(source_dirs), documents);
  finish(key, nop(text), layer);
  if (!coarse_key.empty()) cache_.put_alias(coarse_key, key);
  co_await print_id();
}

asio::awaitable<image::Layer> Job::copied_layer(CopyTask task, std::vector<std::string> source_dirs,
                                                std::vector<HereDocument> documents) {
  const std::string step_name = step_snapshot();
  const image::Snapshot snapshot = store_.prepare_snapshot(step_name, state_.config);
  Rollback remove;
  remove.add([this, step_name] { store_.remove_snapshot(step_name); });
  std::string own_files;
  if (!documents.empty()) {
    own_files = store_.make_temporary("documents");
    remove.add([this, own_files] { store_.discard(own_files); });
  }
  auto write = [context = context_, source_dirs, snapshot, task = std::move(task), documents, own_files]() mutable {
    const RootDir target = image::open_overlay(snapshot.lower_dirs, snapshot.upper, snapshot.work);
    if (source_dirs.empty())
      copy_into(target, context->root(), task);
    else
      copy_into(target, image::open_overlay(source_dirs), task);
    if (documents.empty()) return;
    write_documents(own_files, documents);
    task.sources.clear();
    task.extract_archives = false;
    for (const HereDocument& document : documents) task.sources.push_back({document.name, document.name, ""});
    copy_into(target, RootDir(own_files), task);
  };
  auto work = [write = std::move(write), root = store_.data_root()]() mutable { naming_disk_shortage(root, write); };
  co_await run_in_pool(pool_, std::move(work));
  const std::string upper = snapshot.upper;
  co_return co_await store_.commit_layer(upper);
}

}  // namespace stack::engine::build
