// seccomp_probe PID: prints what the seccomp filter of a running process answers for every system call. The same program
// reads the reference engine's containers (tests/golden/seccomp) and ours.
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>

#include "tests/support/seccomp_verdicts.hpp"

int main(int argc, char** argv) {
  const pid_t pid = argc > 1 ? std::atoi(argv[1]) : 0;
  constexpr int get_filter = 0x420c;  // PTRACE_SECCOMP_GET_FILTER, linux/ptrace.h
  if (pid <= 0 || ::ptrace(PTRACE_ATTACH, pid, nullptr, nullptr) != 0) {
    std::perror("attach");
    return 1;
  }
  ::waitpid(pid, nullptr, __WALL);
  stack::test::BpfProgram program(BPF_MAXINSNS);
  const long length = ::ptrace(static_cast<__ptrace_request>(get_filter), pid, nullptr, program.data());
  if (length < 0) std::perror("get filter");
  ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
  if (length < 0) return 1;
  program.resize(static_cast<std::size_t>(length));
  std::fputs(stack::test::print_verdicts(program).c_str(), stdout);
}
