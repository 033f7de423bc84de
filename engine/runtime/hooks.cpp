#include "engine/runtime/hooks.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/unique_fd.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::runtime {

namespace {

constexpr std::size_t most_output = 4096;  ///< of a hook that failed, for the message

UniqueFd memory_with(std::string_view text) {
  UniqueFd file(::memfd_create("hook", MFD_CLOEXEC));
  if (file && ::write(file.get(), text.data(), text.size()) < 0) file.reset();
  if (file) ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

[[noreturn]] void execute(const Hook& hook, int in, int out) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGPIPE, SIGHUP, SIGINT, SIGTERM}) ::signal(signal, SIG_DFL);
  const std::vector<std::string> named = hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args;
  const std::vector<char*> arguments = pointers(named);
  const std::vector<char*> environment = pointers(hook.env);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(out, 2);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execve(hook.path.c_str(), arguments.data(), environment.data());
  const std::string failure = std::string("exec: ") + ::strerror(errno);
  [[maybe_unused]] const ssize_t told = ::write(2, failure.data(), failure.size());
  ::_exit(127);
}

/// True: it ended in time. Its own children are not waited for.
bool wait_for_end(pid_t pid, std::optional<int> seconds) {
  constexpr int ms_per_second = 1000;
  const UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd end{handle.get(), POLLIN, 0};
  int ready = -1;
  do {
    ready = ::poll(&end, 1, seconds ? *seconds * ms_per_second : -1);
  } while (ready < 0 && errno == EINTR);
  if (ready != 0) return true;
  ::kill(pid, SIGKILL);
  return false;
}

std::string run(const Hook& hook, std::string_view state) {
  const UniqueFd in = memory_with(state);
  const UniqueFd out = memory_with("");  // a file, so that no hook waits for a reader
  if (!in || !out) return std::string("memfd: ") + ::strerror(errno);
  const pid_t pid = ::fork();
  if (pid == 0) execute(hook, in.get(), out.get());
  if (pid < 0) return std::string("fork: ") + ::strerror(errno);
  const bool in_time = wait_for_end(pid, hook.timeout);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return "hook ran past specified timeout of " + std::to_string(*hook.timeout) + ".0s";
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  ::lseek(out.get(), 0, SEEK_SET);
  const std::string how = WIFSIGNALED(status) ? std::string("signal: ") + ::strsignal(WTERMSIG(status))
                                              : "exit status " + std::to_string(WEXITSTATUS(status));
  return "error running hook: " + how + ", stdout and stderr: " + sys::read_fd(out.get(), most_output);
}

}  // namespace

std::string run_hooks(const std::vector<Hook>& hooks, std::string_view kind, std::string_view state) {
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    const std::string failure = run(hooks[i], state);
    if (!failure.empty()) return "error running " + std::string(kind) + " hook #" + std::to_string(i) + ": " + failure;
  }
  return {};
}

}  // namespace stack::engine::runtime
