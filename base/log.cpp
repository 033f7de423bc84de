#include "base/log.hpp"

#define SPDLOG_FMT_EXTERNAL
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace stack::log {

namespace {

std::shared_ptr<spdlog::logger> logger;

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

void use(spdlog::sink_ptr sink, Level minimum) {
  auto made = std::make_shared<spdlog::logger>("stack", std::move(sink));
  made->set_level(to_spdlog(minimum));
  made->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%L%$ %v");
  made->flush_on(spdlog::level::info);
  logger = std::move(made);
}

}  // namespace

void to_stderr(Level minimum) { use(std::make_shared<spdlog::sinks::stderr_sink_mt>(), minimum); }

void to_file(const std::string& path, Level minimum) {
  constexpr std::size_t max_bytes = 10 * 1024 * 1024;
  use(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path, max_bytes, 3), minimum);
}

void write(Level level, std::string_view message) {
  if (logger) logger->log(to_spdlog(level), "{}", message);
}

bool enabled(Level level) { return logger && logger->should_log(to_spdlog(level)); }

}  // namespace stack::log
