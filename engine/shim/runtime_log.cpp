#include "engine/shim/runtime_log.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

namespace stack::engine::shim {

std::string last_message(std::string_view log) {
  const auto before = log.rfind("\n{");
  const std::string_view entry = before == std::string_view::npos ? log : log.substr(before + 1);
  const nlohmann::json line = nlohmann::json::parse(entry, nullptr, false);
  if (!line.is_object() || !line.contains("msg") || !line["msg"].is_string()) return "it gave no reason";
  return line["msg"].get<std::string>();
}

int exit_code_of(std::string_view message, int other) {
  std::string words(message);
  std::transform(words.begin(), words.end(), words.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto has = [&](const char* text) { return words.find(text) != std::string::npos; };
  if (has("executable file not found") || has("no such file or directory")) return 127;
  if (has("permission denied") || has("is a directory") || has("is not executable") || has("is not a regular file")) return 126;
  return other;
}

}  // namespace stack::engine::shim
