// `init: true`: the process that reaps and forwards signals.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "engine/runtime/init.hpp"
#include "engine/runtime/program.hpp"

namespace stack::engine::runtime {

namespace {

constexpr int signalled = 128;

std::vector<std::string> texts(char** list) {
  std::vector<std::string> result;
  for (; *list != nullptr; ++list) result.emplace_back(*list);
  return result;
}

[[noreturn]] void start_command(int sync_fd, char** argv, char** environment, const sigset_t& mask) {
  ::setpgid(0, 0);
  // a terminal's signals go to the command; SIGTTOU is blocked here, else this call would stop us
  if (::isatty(0) == 1) ::tcsetpgrp(0, ::getpgrp());
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  const Program program = find_program(texts(argv), texts(environment));  // it was there a moment ago
  send_descriptor(sync_fd, 'R', -1);
  ::execve(program.path.c_str(), argv, environment);
  const int error = errno;
  report_failure(sync_fd, {error == ENOENT ? 127 : 126, error, "exec " + program.path + ": " + describe_exec_error(error)});
  ::_exit(error == ENOENT ? 127 : 126);
}

/// Reaps what is dead. The command's exit code once it is among them, else -1.
int reap(pid_t command) {
  int result = -1;
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return result;
    if (pid == command) result = WIFSIGNALED(status) ? signalled + WTERMSIG(status) : WEXITSTATUS(status);
  }
}

}  // namespace

int run_as_pid1(int sync_fd, char** argv, char** environment) {
  ::fcntl(sync_fd, F_SETFD, FD_CLOEXEC);
  ::prctl(PR_SET_NAME, "docker-init", 0, 0, 0);  // else the name of the memfd it was executed from
  sigset_t all;
  sigset_t old;
  ::sigfillset(&all);
  for (const int fault : {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS}) ::sigdelset(&all, fault);
  ::sigprocmask(SIG_SETMASK, &all, &old);
  const pid_t command = ::fork();
  if (command == 0) start_command(sync_fd, argv, environment, old);
  if (command < 0) {
    report_failure(sync_fd, {125, errno, "fork"});
    return 125;
  }
  ::close(sync_fd);
  for (;;) {
    int signal = 0;
    if (::sigwait(&all, &signal) != 0) continue;
    if (signal != SIGCHLD) {
      ::kill(command, signal);
      continue;
    }
    const int code = reap(command);
    if (code >= 0) return code;
  }
}

}  // namespace stack::engine::runtime
