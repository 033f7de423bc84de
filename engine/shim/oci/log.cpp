#include "engine/shim/oci/log.hpp"

#include <fcntl.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/runtime/syscalls.hpp"
#include "engine/shim/json_log.hpp"

namespace stack::engine::shim::oci {

namespace {

struct Destination {
  std::string path;  ///< absolute
  bool as_json = false;
};

/// Not made before main(), which the monitor would pay for.
Destination& destination() {
  static Destination one;
  return one;
}

std::string current_time() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return json_log_time(std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec);
}

/// One line as runc writes it, which other programs read.
std::string line_of(const char* level, const std::string& message) {
  const nlohmann::json quoted = message;
  const std::string text = quoted.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (destination().as_json)
    return R"({"level":")" + std::string(level) + R"(","msg":)" + text + R"(,"time":")" + current_time() + "\"}\n";
  return "time=\"" + current_time() + "\" level=" + level + " msg=" + text + "\n";
}

void write_line(const std::string& line) {
  if (destination().path.empty())
    std::fputs(line.c_str(), stderr);
  else
    runtime::sys::write_file(AT_FDCWD, destination().path.c_str(), line, O_CREAT | O_APPEND);
}

}  // namespace

void open_log(const std::string& path, bool as_json) {
  destination().path = path.empty() ? path : std::filesystem::absolute(path).string();
  destination().as_json = as_json;
}

void log_error(const std::string& message) {
  write_line(line_of("error", message));
  if (!destination().path.empty()) std::fprintf(stderr, "%s\n", message.c_str());
}

void log_warning(const std::string& message) { write_line(line_of("warning", message)); }

}  // namespace stack::engine::shim::oci
