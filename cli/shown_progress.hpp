#pragma once
// Joins what the scheduler tells about its work with what shows it.
#include <map>
#include <memory>
#include <string>

#include "cli/global_options.hpp"
#include "cli/render/progress.hpp"
#include "scheduler/progress.hpp"

namespace stack::cli {

class ShownProgress : public scheduler::Progress {
public:
  struct Options {
    std::string title = "Running";
    bool quiet_pull = false, quiet_build = false;
    bool quiet = false;  ///< show nothing but warnings
  };
  ShownProgress(const GlobalOptions& global, const Options& options);

  void operation(const scheduler::Operation& operation, Phase phase, std::string_view status) override;
  void build_output(const scheduler::Operation& operation, std::string_view text) override;
  void pull_status(const scheduler::Operation& operation, std::string_view layer, std::string_view status, std::int64_t current,
                   std::int64_t total) override;
  void warning(std::string_view text) override;

  /// What the plan leaves as it is: "Container p-db-1  Running".
  void unchanged(const std::vector<std::string>& subjects);
  /// What is drawn is complete and stays as it is; what comes next is written, or drawn, below it.
  void finish();
  render::Progress& renderer() { return *renderer_; }

private:
  Options options_;
  bool color_;
  std::unique_ptr<render::Progress> renderer_;
  std::map<int, std::string> partial_;  ///< unfinished line of a build's output, by operation
};

}  // namespace stack::cli
