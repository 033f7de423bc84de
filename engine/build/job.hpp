#pragma once
// One build in progress: goes through the stages and steps. Loop thread; lives in the frame of Builder::build().
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "engine/build/builder.hpp"
#include "engine/build/cache.hpp"
#include "engine/build/cache_mounts.hpp"
#include "engine/build/context.hpp"
#include "engine/build/copy.hpp"
#include "engine/build/metadata.hpp"
#include "engine/build/parser.hpp"
#include "engine/build/step_mounts.hpp"

namespace stack::engine::build {

/// What a build works with; all outlive it.
struct JobServices {
  image::Store& store;
  Cache& cache;
  CacheMounts& cache_mounts;
  RunStep& run;
  asio::thread_pool& pool;
  const std::string& secrets_directory;  ///< for files that hold a secret while a RUN sees it
};

class Job {
public:
  Job(const JobServices& services, const BuildOptions& options, const Output& output)
      : services_(services),
        store_(services.store),
        cache_(services.cache),
        run_(services.run),
        pool_(services.pool),
        options_(options),
        output_(output) {}
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  /// Which stages to build; throws invalid_argument when the target is none of them.
  void plan(Dockerfile file);
  /// Builds them all; the configuration of the last one.
  asio::awaitable<image::ImageConfig> execute(std::shared_ptr<const Context> context);
  /// Build arguments that no ARG asked for.
  std::vector<std::string> unused_args() const;
  /// Of the RUN that failed.
  std::optional<int> exit_code() const { return exit_code_; }

  asio::awaitable<void> print(std::string text);

private:
  /// ARGs before FROM get their values, the stages' bases too, and it is known which stages are needed.
  void choose_stages();
  asio::awaitable<void> begin_stage(std::size_t index);
  asio::awaitable<void> announce(const Instruction& instruction);
  asio::awaitable<void> step(const Instruction& instruction);
  asio::awaitable<void> dispatch(const Instruction& instruction);
  asio::awaitable<void> metadata(const Instruction& instruction);
  asio::awaitable<void> working_dir(const Instruction& instruction);

  /// The same error naming the Dockerfile and the line.
  Error placed(const Error& error, int line) const;
  template <class F>
  void at_line(int line, F function) const {
    try {
      function();
    } catch (const Error& error) {
      throw placed(error, line);
    }
  }

  // job_copy.cpp
  struct FoundSources {
    std::vector<CopySource> sources;
    std::string digests;  ///< a line each
  };
  asio::awaitable<void> copy(const Instruction& instruction);
  CopyTask copy_task(const Instruction& instruction) const;  ///< all but sources and destination
  std::string copy_flags_text(const Instruction& instruction) const;
  std::vector<HereDocument> expanded_documents(const Instruction& instruction) const;
  asio::awaitable<FoundSources> look_for_sources(std::vector<std::string> patterns, SourceOptions options,
                                                 std::vector<std::string> source_dirs);
  asio::awaitable<image::Layer> copied_layer(CopyTask task, std::vector<std::string> source_dirs,
                                             std::vector<HereDocument> documents);
  std::string destination_of(const Instruction& instruction, const std::string& written, std::size_t sources) const;

  // job_run.cpp
  asio::awaitable<void> run(const Instruction& instruction);
  std::vector<std::string> run_argv(const Instruction& instruction) const;
  std::vector<PlannedMount> plan_mounts(const Instruction& instruction);
  /// What of the mounts decides whether the command would do the same.
  std::string mounts_key(const Instruction& instruction, const std::vector<PlannedMount>& mounts) const;
  RunRequest run_request(const Instruction& instruction, const image::Snapshot& snapshot) const;
  asio::awaitable<std::vector<RunRequest::Mount>> make_mounts(const Instruction& instruction, std::vector<PlannedMount> planned,
                                                              Staging staging);
  asio::awaitable<int> run_container(const Instruction& instruction, std::string container_id,
                                     std::vector<PlannedMount> planned);
  asio::awaitable<void> relay(std::string bytes);

  /// Pulls an image that is no stage (of the first `stages`), when it is not there or a newer one is wanted.
  asio::awaitable<void> fetch(std::string name, std::size_t stages, bool look_for_newer);
  asio::awaitable<void> fetch_mount_sources(const Instruction& instruction);
  /// What a stage begins with.
  StageState base_state(const std::string& name, std::size_t stage);
  image::ImageConfig copy_source_config(const std::string& name);
  std::vector<std::string> scoped_args() const;
  /// A name for the writable layer of a step that is no container.
  static std::string step_snapshot();
  std::string nop(const std::string& text) const;

  /// Looks the step up; on a hit the state becomes that after the step.
  bool use_cached(const std::string& key);
  std::string next_key(const std::string& text) const;
  /// Closes a step that was done: history, cache, state.
  void finish(const std::string& key, const std::string& created_by, const std::optional<image::Layer>& layer);
  void pin(const image::ImageConfig& config);
  asio::awaitable<void> print_id();

  const JobServices services_;
  image::Store& store_;
  Cache& cache_;
  RunStep& run_;
  asio::thread_pool& pool_;
  const BuildOptions& options_;
  const Output& output_;

  Dockerfile file_;
  std::size_t last_stage_ = 0;
  std::size_t steps_ = 0;
  std::size_t step_ = 0;
  std::shared_ptr<const Context> context_;
  ArgValues args_;
  std::set<std::string> asked_args_;
  StageState state_;
  std::vector<std::string> bases_;  // of each stage, variables replaced
  std::vector<bool> needed_;
  struct BuiltStage {
    image::ImageConfig config;
    std::map<std::string, std::optional<std::string>> args;  ///< a stage FROM this one has them too
  };
  std::vector<std::optional<BuiltStage>> done_;  // stages so far; empty: not needed
  std::vector<std::string> pinned_;              // layers retained until the build ends
  std::optional<int> exit_code_;
  std::string cut_;  // begin of a UTF-8 character whose rest has not come yet
};

}  // namespace stack::engine::build
