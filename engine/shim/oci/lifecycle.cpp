// create, run, start, delete.
#include <array>
#include <cstdio>
#include <filesystem>

#include "base/error.hpp"
#include "engine/shim/oci/commands.hpp"
#include "engine/shim/oci/console.hpp"
#include "engine/shim/oci/container.hpp"

namespace stack::engine::shim::oci {

namespace {

constexpr std::array create_flags{
    Flag{"bundle", 'b', true},  Flag{"console-socket", 0, true},  Flag{"pidfd-socket", 0, true}, Flag{"pid-file", 0, true},
    Flag{"no-pivot", 0, false}, Flag{"no-new-keyring", 0, false}, Flag{"preserve-fds", 0, true}};
constexpr std::array run_flags{Flag{"bundle", 'b', true},     Flag{"console-socket", 0, true}, Flag{"pidfd-socket", 0, true},
                               Flag{"pid-file", 0, true},     Flag{"no-pivot", 0, false},      Flag{"no-new-keyring", 0, false},
                               Flag{"preserve-fds", 0, true}, Flag{"detach", 'd', false},      Flag{"keep", 0, false},
                               Flag{"no-subreaper", 0, false}};
constexpr std::array delete_flags{Flag{"force", 'f', false}};

/// The bundle becomes the working directory.
std::string absolute(const std::string& path) { return path.empty() ? path : std::filesystem::absolute(path).string(); }

CreateOptions create_options(const Arguments& arguments) {
  CreateOptions options;
  options.bundle = std::filesystem::absolute(arguments.get("bundle", ".")).lexically_normal();
  while (options.bundle.size() > 1 && options.bundle.back() == '/') options.bundle.pop_back();
  options.pid_file = absolute(arguments.get("pid-file"));
  options.console_socket = absolute(arguments.get("console-socket"));
  options.pidfd_socket = absolute(arguments.get("pidfd-socket"));
  options.pivots = !arguments.has("no-pivot");
  options.new_keyring = !arguments.has("no-new-keyring");
  options.preserved_fds = static_cast<int>(parse_number(arguments.get("preserve-fds", "0"), "--preserve-fds"));
  return options;
}

int create(const StateRoot& root, const Arguments& arguments) {
  create_container(root, arguments.words.front(), create_options(arguments));
  return 0;
}

int run(const StateRoot& root, const Arguments& arguments) {
  CreateOptions options = create_options(arguments);
  options.detached = arguments.has("detach");
  if (!options.detached) hold_signals();
  const Created made = create_container(root, arguments.words.front(), options);
  try {
    start_container(root, made.record);
  } catch (const Error&) {
    kill_container(made.record);
    destroy_container(root, made.record);
    throw;
  }
  if (options.detached) return 0;
  const int code = wait_in_foreground(made.record.pid, made.terminal.get());
  if (!arguments.has("keep")) destroy_container(root, made.record);
  return code;
}

int start(const StateRoot& root, const Arguments& arguments) {
  const Record record = root.load(arguments.words.front());
  start_container(root, record);
  return 0;
}

int remove(const StateRoot& root, const Arguments& arguments) {
  const std::string& id = arguments.words.front();
  check_id(id);
  const bool force = arguments.has("force");
  const std::optional<Record> record = root.find(id);
  if (!record) {
    if (!force) throw Error(ErrorCode::not_found, "container does not exist");
    root.remove(id);  // of a creation that was cut off
    return 0;
  }
  const Status status = status_of(root, *record);
  if (!force && status != Status::stopped && status != Status::created)
    throw Error(ErrorCode::conflict, "cannot delete container " + id + " that is not stopped: " + to_string(status));
  kill_container(*record);
  destroy_container(root, *record);
  return 0;
}

}  // namespace

const Command create_command{"create", "[flags] <container-id>", "create a container", create_flags, 1, 1, create};
const Command run_command{"run", "[flags] <container-id>", "create and run a container", run_flags, 1, 1, run};
const Command start_command{"start", "<container-id>", "execute the command of a created container", {}, 1, 1, start};
const Command delete_command{"delete", "[--force] <container-id>", "delete what a container holds", delete_flags, 1, 1, remove};

}  // namespace stack::engine::shim::oci
