#include "base/process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/error.hpp"

namespace stack {

namespace {

struct ChildPlan {
  const SpawnOptions* options;
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::vector<std::pair<int, int>> descriptors;  // sorted by target, sources moved above every target
  int highest_target = 2;
  int* error;  // written by the child
};

#ifdef __SANITIZE_THREAD__
// The child would run as the thread that made it, and with CLONE_VM the sanitizer takes its steps for that thread's: it then
// reports races with what a joined thread did before.
constexpr int clone_flags = CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
#else
constexpr int clone_flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;  // until exec: no page table is copied
#endif

// Runs in the child on the parent's memory: system calls only, no allocation.
int child_main(void* argument) {
  auto* plan = static_cast<ChildPlan*>(argument);
  const SpawnOptions& options = *plan->options;
  sigset_t none;
  ::sigemptyset(&none);
  struct sigaction normal {};
  normal.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &normal, nullptr);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (options.new_session) ::setsid();
  for (auto& [source, target] : plan->descriptors) {
    // a source below the highest target could be overwritten before its turn
    if (source <= plan->highest_target) {
      source = ::fcntl(source, F_DUPFD_CLOEXEC, plan->highest_target + 1);
      if (source < 0) {
        *plan->error = errno;
        ::_exit(127);
      }
    }
  }
  int exec_fd = options.exec_fd;
  if (exec_fd >= 0) exec_fd = ::fcntl(exec_fd, F_DUPFD_CLOEXEC, plan->highest_target + 1);
  int next = 0;
  for (const auto& [source, target] : plan->descriptors) {
    for (; next < target && next <= 2; ++next) {
      const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
      if (null != next)
        ::dup2(null, next);
      else
        ::fcntl(next, F_SETFD, 0);
    }
    if (::dup2(source, target) < 0) {
      *plan->error = errno;
      ::_exit(127);
    }
    next = target + 1;
  }
  for (; next <= 2; ++next) {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null != next)
      ::dup2(null, next);
    else
      ::fcntl(next, F_SETFD, 0);
  }
  // close whatever lies between and above the targets (at exec: exec_fd must stay until then)
  int from = 3;
  for (const auto& [source, target] : plan->descriptors) {
    if (target < from) continue;
    if (target > from) ::close_range(from, target - 1, CLOSE_RANGE_CLOEXEC);
    from = target + 1;
  }
  ::close_range(from, ~0U, CLOSE_RANGE_CLOEXEC);
  if (exec_fd >= 0) {
    ::syscall(SYS_execveat, exec_fd, "", plan->argv.data(), plan->environment.data(), AT_EMPTY_PATH);
  } else {
    const std::string& path = options.path.empty() ? options.argv.front() : options.path;
    ::execve(path.c_str(), plan->argv.data(), plan->environment.data());
  }
  *plan->error = errno;
  ::_exit(127);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

}  // namespace

Child spawn(const SpawnOptions& options) {
  if (options.argv.empty()) throw Error(ErrorCode::internal, "spawn: empty argv");
  ChildPlan plan{&options, pointers(options.argv), pointers(options.environment), options.descriptors, 2, nullptr};
  std::sort(plan.descriptors.begin(), plan.descriptors.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  for (const auto& descriptor : plan.descriptors) plan.highest_target = std::max(plan.highest_target, descriptor.second);

  constexpr std::size_t stack_size = 64 * 1024;
  void* stack = ::mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (stack == MAP_FAILED) throw errno_error("mmap");
  plan.error = static_cast<int*>(stack);  // at the far end of the child's stack
  // No signal handler may run in the child while it shares our memory.
  sigset_t all;
  sigset_t old;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &old);
  int pidfd = -1;
  const pid_t pid = ::clone(child_main, static_cast<char*>(stack) + stack_size, clone_flags, &plan, &pidfd);
  const int clone_error = errno;
  const int exec_error = *plan.error;
  ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
  ::munmap(stack, stack_size);
  if (pid < 0) throw errno_error("clone", clone_error);
  Child child{pid, UniqueFd(pidfd)};
  if (exec_error != 0) {
    wait_for(child);
    throw errno_error("exec " + (options.path.empty() ? options.argv.front() : options.path), exec_error);
  }
  return child;
}

int wait_for(const Child& child) {
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0) {
    if (errno != EINTR) throw errno_error("waitpid");
  }
  return status;
}

}  // namespace stack
