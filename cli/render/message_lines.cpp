#include "cli/render/message_lines.hpp"

#include <fmt/format.h>

#include "cli/render/human.hpp"

namespace stack::cli::render {

namespace {

/// "[=====>    ]  1.5MB/3MB"
std::string bar(const engine::api::ProgressMessage::Detail& detail) {
  constexpr std::int64_t width = 50;
  const std::string current = finer_size(detail.current);
  if (detail.total <= 0) return current;
  const auto filled = static_cast<std::size_t>(std::min(detail.current, detail.total) * width / detail.total);
  const std::string drawn =
      filled == width ? std::string(width, '=') : std::string(filled, '=') + ">" + std::string(width - filled - 1, ' ');
  return fmt::format("[{}]  {}/{}", drawn, current, finer_size(detail.total));
}

}  // namespace

std::string MessageLines::add(const engine::api::ProgressMessage& message) {
  if (!message.stream.empty()) return message.stream;
  if (message.status.empty()) return "";
  const bool moves = message.progress_detail && message.progress_detail->current > 0;
  if (!terminal_ && moves) return "";
  const std::string text = message.id.empty() ? message.status : message.id + ": " + message.status;
  if (!terminal_ || message.id.empty()) {
    lines_.clear();
    return text + "\n";
  }
  const std::string drawn = moves ? text + " " + bar(*message.progress_detail) : text;
  const auto [line, is_new] = lines_.try_emplace(message.id, lines_.size());
  if (is_new) return drawn + "\n";
  const std::size_t up = lines_.size() - line->second;
  return fmt::format("\x1b[{}A\x1b[2K\r{}\x1b[{}B\r", up, drawn, up);
}

}  // namespace stack::cli::render
