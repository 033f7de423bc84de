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

/// Where a hook's streams lead: files, so that none waits for a reader.
struct Streams {
  UniqueFd in, out, err;
  UniqueFd failed_exec;  ///< gets the errno when the program cannot be executed; closed by executing it
};

[[noreturn]] void execute(const Hook& hook, const Streams& streams, const std::vector<std::string>* environment) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGPIPE, SIGHUP, SIGINT, SIGTERM}) ::signal(signal, SIG_DFL);
  const std::vector<std::string> named = hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args;
  const std::vector<char*> arguments = pointers(named);
  const std::vector<char*> own = pointers(hook.env.empty() && environment != nullptr ? *environment : hook.env);
  ::dup2(streams.in.get(), 0);
  ::dup2(streams.out.get(), 1);
  ::dup2(streams.err.get(), 2);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execve(hook.path.c_str(), arguments.data(), hook.env.empty() && environment == nullptr ? ::environ : own.data());
  const int error = errno;
  [[maybe_unused]] const ssize_t told = ::write(streams.failed_exec.get(), &error, sizeof error);
  ::_exit(127);
}

std::string text_of(const UniqueFd& file) {
  ::lseek(file.get(), 0, SEEK_SET);
  return sys::read_fd(file.get(), most_output);
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

std::string run(const Hook& hook, std::string_view state, const std::vector<std::string>* environment) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::string("pipe: ") + ::strerror(errno);
  const UniqueFd failed_exec(ends[0]);
  Streams streams{memory_with(state), memory_with(""), memory_with(""), UniqueFd(ends[1])};
  if (!streams.in || !streams.out || !streams.err) return std::string("memfd: ") + ::strerror(errno);
  const pid_t pid = ::fork();
  if (pid == 0) execute(hook, streams, environment);
  if (pid < 0) return std::string("fork: ") + ::strerror(errno);
  streams.failed_exec.reset();
  const bool in_time = wait_for_end(pid, hook.timeout);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return "hook ran past specified timeout of " + std::to_string(*hook.timeout) + ".0s";
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  int error = 0;
  if (::read(failed_exec.get(), &error, sizeof error) == sizeof error) return "exec " + hook.path + ": " + ::strerror(error);
  const std::string how = WIFSIGNALED(status) ? std::string("signal: ") + ::strsignal(WTERMSIG(status))
                                              : "exit status " + std::to_string(WEXITSTATUS(status));
  return how + ", stdout: " + text_of(streams.out) + ", stderr: " + text_of(streams.err);
}

}  // namespace

std::string run_hooks(const std::vector<Hook>& hooks, std::string_view kind, std::string_view state,
                      const std::vector<std::string>* environment) {
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    const std::string failure = run(hooks[i], state, environment);
    if (!failure.empty()) return "error running " + std::string(kind) + " hook #" + std::to_string(i) + ": " + failure;
  }
  return {};
}

}  // namespace stack::engine::runtime
