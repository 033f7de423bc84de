#include "engine/container/ps_output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

#include "base/error.hpp"
#include "base/process.hpp"

namespace stack::engine::container {

namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \t\r", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(" \t\r", at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

bool lists_pid(const std::string& word, const std::set<pid_t>& pids) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), pid);
  return error == std::errc{} && end == word.data() + word.size() && pids.contains(pid);
}

std::string program_file() {
  for (const char* path : {"/usr/bin/ps", "/bin/ps", "/usr/local/bin/ps", "/run/current-system/sw/bin/ps"})
    if (::access(path, X_OK) == 0) return path;
  throw Error(ErrorCode::unavailable, "listing processes with arguments needs the program ps (Debian package procps)");
}

std::string read_to_end(int fd) {
  std::string text;
  std::array<char, 16384> buffer{};
  for (ssize_t count = 0; (count = ::read(fd, buffer.data(), buffer.size())) != 0;) {
    if (count < 0 && errno != EINTR) throw errno_error("read the output of ps");
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace

std::vector<std::string> parse_ps_arguments(std::string_view text) {
  std::vector<std::string> words = words_of(text);
  for (const std::string& word : words)
    for (std::size_t at = 0; at != std::string::npos; at = word.find(',', at)) {
      if (word[at] == ',') ++at;
      const std::string_view field = std::string_view(word).substr(at, word.find(',', at) - at);
      if (field.starts_with("pid=") || field.starts_with("-opid="))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("the column of process ids must be called PID, not as \"{}\" says", field));
    }
  return words;
}

api::TopResponse parse_ps_output(std::string_view text, const std::set<pid_t>& pids) {
  api::TopResponse top;
  top.titles = words_of(text.substr(0, text.find('\n')));
  const auto pid_column = std::find(top.titles.begin(), top.titles.end(), "PID");
  if (pid_column == top.titles.end())
    throw Error(ErrorCode::invalid_argument, "the listing has no column PID: ask for it in ps_args");
  const auto pid_index = static_cast<std::size_t>(pid_column - top.titles.begin());
  std::size_t at = text.find('\n');
  while (at != std::string_view::npos) {
    const std::size_t end = text.find('\n', at + 1);
    std::vector<std::string> words = words_of(text.substr(at + 1, end == std::string_view::npos ? end : end - at - 1));
    at = end;
    if (words.size() <= pid_index || !lists_pid(words[pid_index], pids)) continue;
    for (std::size_t i = top.titles.size(); i < words.size(); ++i) words[top.titles.size() - 1] += ' ' + words[i];
    words.resize(std::min(words.size(), top.titles.size()));
    top.processes.push_back(std::move(words));
  }
  return top;
}

std::string run_ps(const std::vector<std::string>& arguments) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw errno_error("pipe");
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  SpawnOptions options;
  options.path = program_file();
  options.argv = {"ps"};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "COLUMNS=100000"};
  options.descriptors = {{write_end.get(), STDOUT_FILENO}, {write_end.get(), STDERR_FILENO}};
  const Child child = spawn(options);
  write_end.reset();
  std::string text = read_to_end(read_end.get());
  const int status = wait_for(child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw Error(ErrorCode::invalid_argument, "ps refuses its arguments: " + text.substr(0, text.find('\n', 1)));
  return text;
}

}  // namespace stack::engine::container
