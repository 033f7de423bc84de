// The processes of a container, as `ps -ef` would show them from the host.
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/error.hpp"
#include "engine/container/manager_impl.hpp"
#include "engine/container/ps_output.hpp"
#include "engine/runtime/cgroup.hpp"

namespace stack::engine::container {

namespace {

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string user_name(uid_t uid) {
  std::vector<char> buffer(4096);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return found ? found->pw_name : std::to_string(uid);
}

double host_uptime() {
  double seconds = 0;
  std::ifstream("/proc/uptime") >> seconds;
  return seconds;
}

std::string clock_text(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm broken{};
  ::localtime_r(&seconds, &broken);
  const bool today = std::chrono::system_clock::now() - time < std::chrono::hours(24);
  char text[16];
  std::strftime(text, sizeof text, today ? "%H:%M" : "%b%d", &broken);
  return text;
}

std::string command_line(pid_t pid, const std::string& name) {
  std::string text = read_all(fmt::format("/proc/{}/cmdline", pid));
  while (!text.empty() && text.back() == '\0') text.pop_back();
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text.empty() ? "[" + name + "]" : text;
}

/// Empty when the process has gone meanwhile.
std::vector<std::string> describe(pid_t pid) {
  const std::string stat = read_all(fmt::format("/proc/{}/stat", pid));
  const auto open = stat.find('(');
  const auto close = stat.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return {};
  const std::string name = stat.substr(open + 1, close - open - 1);
  std::istringstream fields(stat.substr(close + 2));  // from field 3, state
  const std::vector<std::string> values{std::istream_iterator<std::string>(fields), {}};
  if (values.size() < 20) return {};
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const double cpu = (std::stod(values[11]) + std::stod(values[12])) / ticks;
  const double age = host_uptime() - std::stod(values[19]) / ticks;
  const auto started = std::chrono::system_clock::now() - std::chrono::milliseconds(static_cast<long long>(age * 1000));
  const int terminal = std::stoi(values[4]);
  struct stat status {};
  ::stat(fmt::format("/proc/{}", pid).c_str(), &status);
  const int usage = age > 0 ? std::min(99, static_cast<int>(cpu / age * 100)) : 0;
  const auto total = static_cast<long long>(cpu);
  return {user_name(status.st_uid),
          std::to_string(pid),
          values[1],
          std::to_string(usage),
          clock_text(started),
          terminal == 0 ? "?" : fmt::format("pts/{}", terminal & 0xff),
          fmt::format("{:02}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60),
          command_line(pid, name)};
}

/// As `ps -ef`, but without running it.
api::TopResponse describe_all(const std::vector<pid_t>& pids) {
  api::TopResponse response;
  response.titles = {"UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"};
  for (const pid_t pid : pids)
    if (auto line = describe(pid); !line.empty()) response.processes.push_back(std::move(line));
  return response;
}

api::TopResponse list_processes(const std::string& cgroup, const std::string& ps_arguments) {
  std::vector<pid_t> pids = runtime::Cgroup::open(cgroup).processes();
  std::sort(pids.begin(), pids.end());
  if (ps_arguments.empty() || ps_arguments == "-ef") return describe_all(pids);
  return parse_ps_output(run_ps(parse_ps_arguments(ps_arguments)), {pids.begin(), pids.end()});
}

}  // namespace

asio::awaitable<api::TopResponse> Manager::Impl::top(ContainerPtr container, std::string ps_arguments) {
  if (container->record.state == State::restarting)
    throw Error(ErrorCode::conflict,
                fmt::format("Container {} is restarting, wait until the container is running", container->record.id));
  if (!container->run || container->run->ending.is_set())
    throw Error(ErrorCode::conflict, fmt::format("container {} is not running", container->record.id));
  auto work = [path = cgroup(container->record), arguments = std::move(ps_arguments)] {
    return list_processes(path, arguments);
  };
  api::TopResponse response = co_await run_in_pool(services.pool, std::move(work));
  publish(*container, "top");
  co_return response;
}

}  // namespace stack::engine::container
