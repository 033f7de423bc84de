#include "cli/render/progress.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "cli/output.hpp"
#include "cli/render/terminal_progress.hpp"

namespace stack::cli::render {
namespace {

class QuietProgress : public Progress {
public:
  void update(const ProgressLine&, Clock::time_point) override {}
  void message(std::string_view) override {}
};

class PlainProgress : public Progress {
public:
  explicit PlainProgress(int fd) : fd_(fd) {}
  void update(const ProgressLine& line, Clock::time_point) override {
    write_all(fd_, fmt::format(" {}  {}{}{}\n", line.id, line.status, line.detail.empty() ? "" : " ", line.detail));
  }
  void message(std::string_view text) override { write_all(fd_, fmt::format("{}\n", text)); }

private:
  int fd_;
};

class JsonProgress : public Progress {
public:
  explicit JsonProgress(int fd) : fd_(fd) {}
  void update(const ProgressLine& line, Clock::time_point) override {
    nlohmann::ordered_json object{{"id", line.id}, {"status", line.status}};
    if (!line.detail.empty()) object["text"] = line.detail;
    if (line.phase == Phase::error) object["error"] = true;
    write(object);
  }
  void message(std::string_view text) override { write({{"text", text}}); }

private:
  void write(const nlohmann::ordered_json& object) {
    write_all(fd_, object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  }
  int fd_;
};

}  // namespace

bool Progress::output(int fd, std::string_view lines) { return write_all(fd, lines); }

ProgressMode parse_progress_mode(std::string_view text) {
  if (text == "auto" || text.empty()) return ProgressMode::automatic;
  if (text == "tty") return ProgressMode::tty;
  if (text == "plain") return ProgressMode::plain;
  if (text == "json") return ProgressMode::json;
  if (text == "quiet") return ProgressMode::quiet;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("unsupported --progress value \"{}\": auto, tty, plain, json or quiet", text));
}

std::unique_ptr<Progress> make_progress(const ProgressOptions& options) {
  switch (options.mode) {
    case ProgressMode::quiet: return std::make_unique<QuietProgress>();
    case ProgressMode::json: return std::make_unique<JsonProgress>(options.fd);
    case ProgressMode::tty: return std::make_unique<TerminalProgress>(options);
    case ProgressMode::plain: return std::make_unique<PlainProgress>(options.fd);
    case ProgressMode::automatic: break;
  }
  if (options.cursor) return std::make_unique<TerminalProgress>(options);
  return std::make_unique<PlainProgress>(options.fd);
}

}  // namespace stack::cli::render
