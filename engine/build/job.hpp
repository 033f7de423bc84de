#pragma once
// One build in progress: goes through the stages and steps. Loop thread; lives in the frame of Builder::build().
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/build/builder.hpp"
#include "engine/build/cache.hpp"
#include "engine/build/context.hpp"
#include "engine/build/metadata.hpp"
#include "engine/build/parser.hpp"

namespace stack::engine::build {

class Job {
public:
  Job(image::Store& store, Cache& cache, RunStep& run, asio::thread_pool& pool, const BuildOptions& options,
      const Output& output)
      : store_(store), cache_(cache), run_(run), pool_(pool), options_(options), output_(output) {}
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
  asio::awaitable<void> meta_arg(const Instruction& instruction);
  asio::awaitable<void> begin_stage(const Stage& stage);
  asio::awaitable<void> announce(const Instruction& instruction);
  asio::awaitable<void> step(const Instruction& instruction);
  asio::awaitable<void> dispatch(const Instruction& instruction);
  asio::awaitable<void> metadata(const Instruction& instruction);
  asio::awaitable<void> working_dir(const Instruction& instruction);
  asio::awaitable<void> copy(const Instruction& instruction);
  asio::awaitable<void> run(const Instruction& instruction);
  asio::awaitable<int> run_container(const Instruction& instruction, std::string container_id, std::vector<std::string> argv);
  asio::awaitable<void> relay(std::string bytes);

  image::ImageConfig base_config(const std::string& name);
  image::ImageConfig copy_source_config(const std::string& name);
  std::string destination_of(const Instruction& instruction, const std::vector<std::string>& words, std::size_t sources) const;
  std::vector<std::string> scoped_args() const;
  std::string nop(const std::string& text) const;

  /// Looks the step up; on a hit the state becomes that after the step.
  bool use_cached(const std::string& key);
  std::string next_key(const std::string& text) const;
  /// Closes a step that was done: history, cache, state.
  void finish(const std::string& key, const std::string& created_by, const std::optional<image::Layer>& layer);
  void pin(const image::ImageConfig& config);
  asio::awaitable<void> print_id();

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
  std::vector<image::ImageConfig> done_;  // stages built so far
  std::vector<std::string> pinned_;       // layers retained until the build ends
  std::optional<int> exit_code_;
  std::string cut_;  // begin of a UTF-8 character whose rest has not come yet
};

}  // namespace stack::engine::build
