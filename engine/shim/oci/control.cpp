// state, list, kill, pause, resume.
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/runtime/cgroup.hpp"
#include "engine/runtime/users.hpp"
#include "engine/shim/oci/commands.hpp"

namespace stack::engine::shim::oci {

namespace {

constexpr std::array list_flags{Flag{"format", 'f', true}, Flag{"quiet", 'q', false}};
constexpr std::array kill_flags{Flag{"all", 'a', false}};

int state(const StateRoot& root, const Arguments& arguments) {
  std::printf("%s\n", print_state(root, root.load(arguments.words.front()), false).c_str());
  return 0;
}

/// Columns as wide as their longest text, three blanks between them, none narrower than twelve.
void print_table(const std::vector<std::vector<std::string>>& rows) {
  constexpr std::size_t least_width = 12, gap = 3;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      std::size_t width = 0;
      for (const auto& other : rows) width = std::max(width, other[column].size());
      line += row[column];
      if (column + 1 < row.size()) line.append(std::max(least_width, width + gap) - row[column].size(), ' ');
    }
    std::printf("%s\n", line.c_str());
  }
}

int list(const StateRoot& root, const Arguments& arguments) {
  const std::string format = arguments.get("format", "table");
  if (format != "table" && format != "json") throw Error(ErrorCode::invalid_argument, "invalid format option");
  std::vector<std::vector<std::string>> rows{{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  std::string all;
  for (const std::string& id : root.ids()) {
    const std::optional<Record> record = root.find(id);
    if (!record) continue;  // being made or removed
    if (arguments.has("quiet")) {
      std::printf("%s\n", id.c_str());
      continue;
    }
    const std::string text = print_state(root, *record, true);
    all += (all.empty() ? "" : ",") + text;
    const nlohmann::json state = nlohmann::json::parse(text);
    rows.push_back(
        {id, std::to_string(state["pid"].get<pid_t>()), state["status"], record->bundle, record->created, state["owner"]});
  }
  if (arguments.has("quiet")) return 0;
  if (format == "json")
    std::printf("[%s]\n", all.c_str());
  else
    print_table(rows);
  return 0;
}

int kill(const StateRoot& root, const Arguments& arguments) {
  const Record record = root.load(arguments.words.front());
  const int signal = parse_signal(arguments.words.size() > 1 ? arguments.words[1] : "SIGTERM");
  const runtime::Cgroup cgroup = open_group(record);
  const UniqueFd process = open_process(record);
  if (arguments.has("all")) {
    cgroup.signal_all(signal);
    return 0;
  }
  if (!process) throw Error(ErrorCode::conflict, "container not running");
  if (::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) != 0) throw errno_error("unable to signal init");
  if (signal == SIGKILL && cgroup.frozen()) cgroup.thaw();
  return 0;
}

int pause(const StateRoot& root, const Arguments& arguments) {
  const Record record = root.load(arguments.words.front());
  const Status status = status_of(root, record);
  if (status != Status::running && status != Status::created) throw Error(ErrorCode::conflict, "container not running");
  open_group(record).freeze();
  return 0;
}

int resume(const StateRoot& root, const Arguments& arguments) {
  const Record record = root.load(arguments.words.front());
  if (status_of(root, record) != Status::paused) throw Error(ErrorCode::conflict, "container not paused");
  open_group(record).thaw();
  return 0;
}

}  // namespace

const Command state_command{"state", "<container-id>", "output the state of a container", {}, 1, 1, state};
const Command list_command{"list", "[--format json|table] [--quiet]", "list the containers", list_flags, 0, 0, list};
const Command kill_command{"kill", "[--all] <container-id> [signal]", "send a signal, SIGTERM by default", kill_flags, 1, 2,
                           kill};
const Command pause_command{"pause", "<container-id>", "freeze all processes of a container", {}, 1, 1, pause};
const Command resume_command{"resume", "<container-id>", "let a paused container go on", {}, 1, 1, resume};

}  // namespace stack::engine::shim::oci
