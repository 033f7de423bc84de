#include "cli/render/info_text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/render/human.hpp"

namespace stack::cli::render {

using nlohmann::ordered_json;

namespace {

class InfoText {
public:
  explicit InfoText(const ordered_json& info) : info_(info) {}

  /// A line, if the engine says anything about it.
  void line(const char* title, const char* field) {
    const auto found = info_.find(field);
    if (found == info_.end() || found->is_null()) return;
    text(title, found->is_string() ? found->get<std::string>() : found->dump());
  }
  void text(const char* title, const std::string& value) {
    if (!value.empty()) out_ += fmt::format(" {}: {}\n", title, value);
  }
  void pairs(const char* field) {
    const auto found = info_.find(field);
    if (found == info_.end() || !found->is_array()) return;
    for (const ordered_json& pair : *found)
      if (pair.is_array() && pair.size() == 2) out_ += fmt::format("  {}: {}\n", text_of(pair[0]), text_of(pair[1]));
  }
  void list(const char* title, const ordered_json& values) {
    std::string joined;
    if (values.is_array())
      for (const ordered_json& value : values) joined += (joined.empty() ? "" : " ") + text_of(value);
    if (values.is_object())
      for (const auto& [name, _] : values.items()) joined += (joined.empty() ? "" : " ") + name;
    text(title, joined);
  }
  const ordered_json& get(const char* field) const {
    static const ordered_json nothing;
    const auto found = info_.find(field);
    return found == info_.end() ? nothing : *found;
  }
  std::string take() { return std::move(out_); }

private:
  static std::string text_of(const ordered_json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

  const ordered_json& info_;
  std::string out_ = "Server:\n";
};

void add_warnings(const ordered_json& warnings, std::string& out) {
  if (!warnings.is_array()) return;
  for (const ordered_json& warning : warnings)
    if (warning.is_string()) out += warning.get<std::string>() + "\n";
}

}  // namespace

std::string info_text(const ordered_json& info) {
  InfoText text(info);
  text.line("Containers", "Containers");
  text.line(" Running", "ContainersRunning");
  text.line(" Paused", "ContainersPaused");
  text.line(" Stopped", "ContainersStopped");
  text.line("Images", "Images");
  text.line("Server Version", "ServerVersion");
  text.line("Storage Driver", "Driver");
  text.pairs("DriverStatus");
  text.line("Logging Driver", "LoggingDriver");
  text.line("Cgroup Driver", "CgroupDriver");
  text.line("Cgroup Version", "CgroupVersion");
  if (const ordered_json& plugins = text.get("Plugins"); plugins.is_object()) {
    for (const char* kind : {"Volume", "Network", "Log"})
      if (plugins.contains(kind)) text.list(fmt::format("Plugins, {}", kind).c_str(), plugins.at(kind));
  }
  text.list("Runtimes", text.get("Runtimes"));
  text.line("Default Runtime", "DefaultRuntime");
  text.list("Security Options", text.get("SecurityOptions"));
  text.line("Kernel Version", "KernelVersion");
  text.line("Operating System", "OperatingSystem");
  text.line("OSType", "OSType");
  text.line("Architecture", "Architecture");
  text.line("CPUs", "NCPU");
  if (const ordered_json& memory = text.get("MemTotal"); memory.is_number())
    text.text("Total Memory", human_binary_size(memory.get<std::uint64_t>()));
  text.line("Name", "Name");
  text.line("ID", "ID");
  text.line("Docker Root Dir", "DockerRootDir");
  text.line("Live Restore Enabled", "LiveRestoreEnabled");
  std::string out = text.take();
  add_warnings(text.get("Warnings"), out);
  return out;
}

}  // namespace stack::cli::render
