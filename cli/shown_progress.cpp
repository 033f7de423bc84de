#include "cli/shown_progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/output.hpp"
#include "cli/render/human.hpp"

namespace stack::cli {

namespace {

render::Phase phase_of(scheduler::Progress::Phase phase) {
  using Phase = scheduler::Progress::Phase;
  switch (phase) {
    case Phase::working: return render::Phase::working;
    case Phase::done: return render::Phase::done;
    case Phase::failed: return render::Phase::error;
    case Phase::warning:
    case Phase::skipped: break;
  }
  return render::Phase::warning;
}

}  // namespace

ShownProgress::ShownProgress(const GlobalOptions& global, const Options& options)
    : options_(options), color_(render::use_color(global.ansi, STDERR_FILENO)) {
  render::ProgressOptions rendering{.mode = global.progress,
                                    .cursor = render::use_cursor(global.ansi, STDERR_FILENO),
                                    .color = color_,
                                    .fd = STDERR_FILENO,
                                    .title = options.title};
  if (options.quiet) rendering.mode = render::ProgressMode::quiet;
  renderer_ = render::make_progress(rendering);
}

void ShownProgress::operation(const scheduler::Operation& operation, Phase phase, std::string_view status) {
  render::ProgressLine line{.id = operation.subject, .status = std::string(status), .detail = {}, .phase = phase_of(phase)};
  renderer_->update(line, render::Progress::Clock::now());
  if (phase == Phase::done || phase == Phase::failed) {
    if (const auto rest = partial_.find(operation.id); rest != partial_.end()) build_output(operation, "\n");
  }
}

void ShownProgress::build_output(const scheduler::Operation& operation, std::string_view text) {
  if (options_.quiet_build) return;
  std::string& partial = partial_[operation.id];
  for (std::size_t newline = 0; (newline = text.find('\n')) != std::string_view::npos; text.remove_prefix(newline + 1)) {
    partial += text.substr(0, newline);
    if (!partial.empty()) renderer_->message(fmt::format("{} | {}", operation.service, partial));
    partial.clear();
  }
  partial += text;
  if (partial.empty()) partial_.erase(operation.id);
}

void ShownProgress::pull_status(const scheduler::Operation& operation, std::string_view layer, std::string_view status,
                                std::int64_t current, std::int64_t total) {
  if (options_.quiet_pull) return;
  std::string detail = fmt::format("{} {}", layer, status);
  if (total > 0) detail += fmt::format(" {}/{}", render::human_size(current), render::human_size(total));
  renderer_->update(
      {.id = operation.subject, .status = "Pulling", .detail = std::move(detail), .phase = render::Phase::working},
      render::Progress::Clock::now());
}

void ShownProgress::warning(std::string_view text) {
  const std::string line = fmt::format("{} {}", render::paint(color_, render::yellow, "WARNING:"), text);
  if (options_.quiet)
    write_all(STDERR_FILENO, line + "\n");
  else
    renderer_->message(line);
}

void ShownProgress::unchanged(const std::vector<std::string>& subjects) {
  for (const std::string& subject : subjects) {
    if (!subject.starts_with("Container ")) continue;  // docker compose does not mention networks and volumes that are there
    renderer_->update({.id = subject, .status = "Running", .detail = {}, .phase = render::Phase::done},
                      render::Progress::Clock::now());
  }
}

void ShownProgress::finish() { renderer_->finish(render::Progress::Clock::now()); }

}  // namespace stack::cli
