// The runc command line: `stack-shim oci …`, or the program under the name stack-oci. No engine is involved.
#include <fcntl.h>
#include <linux/close_range.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "engine/runtime/launch.hpp"
#include "engine/runtime/syscalls.hpp"
#include "engine/shim/oci/commands.hpp"
#include "engine/shim/oci/container.hpp"
#include "engine/shim/oci/log.hpp"
#include "engine/shim/roles.hpp"

namespace stack::engine::shim {

namespace {

using namespace oci;

constexpr std::array commands{&create_command,     &start_command,  &run_command,    &state_command, &kill_command,
                              &delete_command,     &exec_command,   &list_command,   &ps_command,    &pause_command,
                              &resume_command,     &update_command, &events_command, &spec_command,  &features_command,
                              &checkpoint_command, &restore_command};
constexpr std::array global_flags{
    Flag{"root", 0, true},   Flag{"log", 0, true},      Flag{"log-format", 0, true}, Flag{"systemd-cgroup", 0, false},
    Flag{"debug", 0, false}, Flag{"rootless", 0, true}, Flag{"version", 'v', false}, Flag{"help", 'h', false}};

void print_help() {
  std::printf(
      "stack-oci runs containers from bundles of the OCI runtime specification\n\n"
      "USAGE: stack-oci [--root DIR] [--log FILE] [--log-format text|json] COMMAND [flags] ...\n\nCOMMANDS:\n");
  for (const Command* command : commands) std::printf("  %-10s %s\n", command->name, command->about);
}

const Command& find_command(const std::string& name) {
  for (const Command* command : commands)
    if (name == command->name) return *command;
  throw Error(ErrorCode::invalid_argument, "unknown command \"" + name + "\" (see stack-oci --help)");
}

/// What runs inside a container must not lead back to the program's file: it is a sealed copy in memory that runs.
void run_from_memory(char** argv, char** environment) {
  const UniqueFd self(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  if (self && (::fcntl(self.get(), F_GET_SEALS) & F_SEAL_WRITE) != 0 && ::fcntl(self.get(), F_GET_SEALS) > 0) return;
  const runtime::ShimBinary copy("/proc/self/exe");
  runtime::sys::execveat(copy.fd(), argv, environment);
  throw errno_error("execute a copy of this program");
}

void prepare_descriptors(const Arguments& arguments) {
  for (int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC); fd >= 0; fd = ::open("/dev/null", O_RDWR | O_CLOEXEC)) {
    if (fd > 2) {
      ::close(fd);
      break;
    }
    ::fcntl(fd, F_SETFD, 0);  // one of the standard streams was closed
  }
  const std::int64_t preserved = parse_number(arguments.get("preserve-fds", "0"), "--preserve-fds");
  ::close_range(static_cast<unsigned>(3 + preserved + listen_fds()), ~0U, CLOSE_RANGE_CLOEXEC);
}

int run_command_line(const Arguments& globals, char** argv, char** environment) {
  const Command& command = find_command(globals.words.front());
  const Arguments arguments = parse_arguments(std::span(globals.words).subspan(1), command.flags);
  if (arguments.words.size() < command.least_words || arguments.words.size() > command.most_words)
    throw Error(ErrorCode::invalid_argument, std::string("usage: stack-oci ") + command.name + " " + command.usage);
  if (globals.has("systemd-cgroup"))
    throw Error(ErrorCode::not_implemented, "--systemd-cgroup is not supported: use cgroups by path (cgroupfs)");
  if (command.run == create_command.run || command.run == run_command.run || command.run == exec_command.run) {
    run_from_memory(argv, environment);
    prepare_descriptors(arguments);
  }
  try {
    return command.run(StateRoot(std::filesystem::absolute(globals.get("root", default_state_root()))), arguments);
  } catch (const ExecError&) {
    throw;
  } catch (const Error& error) {
    const bool makes = command.run == create_command.run || command.run == run_command.run;
    throw Error(error.code(), (makes ? std::string(command.name) + " failed: " : std::string()) + error.what());
  }
}

}  // namespace

bool is_oci_command_line(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "oci") return true;
  return argc > 0 && std::filesystem::path(argv[0]).filename() == "stack-oci";
}

int run_oci(int argc, char** argv, char** environment) {
  const bool by_name = argc > 1 && std::string_view(argv[1]) == "oci";
  const std::vector<std::string> words(argv + (by_name ? 2 : 1), argv + argc);
  Arguments globals;
  constexpr int failed = 1, exec_failed = 255;
  try {
    globals = parse_arguments(words, global_flags);
    open_log(globals.get("log"), globals.get("log-format") == "json");
    if (globals.has("version")) {
      std::printf("stack-oci version %s\nspec: %s\n", STACK_VERSION, oci_version);
      return 0;
    }
    if (globals.has("help") || globals.words.empty()) {
      print_help();
      return 0;
    }
    return run_command_line(globals, argv, environment);
  } catch (const ExecError& error) {
    log_error(error.what());
    return exec_failed;
  } catch (const std::exception& error) {
    log_error(error.what());
    return failed;
  }
}

}  // namespace stack::engine::shim
