#include "engine/runtime/launch.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/rollback.hpp"
#include "engine/runtime/create_config.hpp"
#include "engine/runtime/syscalls.hpp"

namespace stack::engine::runtime {

namespace {

constexpr const char* socket_name = "shim.sock";

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};
Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw errno_error("pipe");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

UniqueFd memory_file(const char* name, std::string_view content) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC));
  if (!fd) throw errno_error("memfd");
  while (!content.empty()) {
    const ssize_t n = ::write(fd.get(), content.data(), content.size());
    if (n < 0) throw errno_error("memfd");
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

/// Numbers descriptors for the child, one after the other.
class DescriptorPlan {
public:
  explicit DescriptorPlan(std::vector<std::pair<int, int>> fixed) : descriptors_(std::move(fixed)) {}
  int add(int fd) {
    if (fd < 0) return -1;
    descriptors_.emplace_back(fd, next_);
    return next_++;
  }
  std::vector<std::pair<int, int>> take() { return std::move(descriptors_); }

private:
  std::vector<std::pair<int, int>> descriptors_;
  int next_ = first_free_fd;
};

/// A socket listening at <directory>/shim.sock, by way of /proc/self/fd so that the path may be of any length.
UniqueFd listen_in(const std::string& directory) {
  const UniqueFd dir(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!dir) throw errno_error("open " + directory);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw errno_error("socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir.get(), socket_name);
  ::unlinkat(dir.get(), socket_name, 0);  // of a shim that is no more
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw errno_error("bind " + directory + "/" + socket_name);
  constexpr int backlog = 128;
  if (::listen(socket.get(), backlog) != 0) throw errno_error("listen");
  return socket;
}

Child spawn_shim(const ShimBinary& shim, const char* mode, DescriptorPlan& plan) {
  SpawnOptions options;
  options.argv = {"stack-shim", mode};
  options.exec_fd = shim.fd();
  options.descriptors = plan.take();
  return spawn(options);
}

[[noreturn]] void throw_failure(const StatusMessage& status) {
  const ErrorCode code = status.exit_code == 125 && status.step != "user" ? ErrorCode::internal : ErrorCode::invalid_argument;
  throw LaunchError(code, status.error, status.exit_code, status.step);
}

std::vector<std::string> engine_environment(const EngineRestart& engine) {
  if (!engine.environment.empty() || engine.argv.empty()) return engine.environment;
  const char* path = std::getenv("PATH");
  return {std::string("PATH=") + (path != nullptr ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")};
}

CreateConfig make_config(const LaunchRequest& request, DescriptorPlan& plan) {
  CreateConfig config;
  config.id = request.id;
  config.runtime = request.runtime;
  config.init_program = request.init_program;
  config.spec = request.spec;
  config.shim_dir = request.shim_dir;
  config.container_dir = request.container_dir;
  config.log_directory = request.log.directory;
  config.log_max_size = request.log.max_size;
  config.log_max_files = request.log.max_files;
  config.log_file_name = request.log.file_name;
  config.log_format = static_cast<std::uint8_t>(request.log.format);
  config.log_attributes = request.log.attributes;
  config.log_compress = request.log.compress;
  config.log_shipping = request.log.shipping.to_words();
  config.engine_lock = request.engine.lock_path;
  config.engine_argv = request.engine.argv;
  config.engine_environment = engine_environment(request.engine);
  config.stdin_open = request.stdin_open;
  config.stdin_once = request.stdin_once;
  config.netns_fd = plan.add(request.netns_fd);
  for (const HeldSocket& held : request.held) {
    config.held.push_back({held.name, plan.add(held.fd.get()), held.relay_address, held.relay_port, held.relay_from_netns});
  }
  for (const InitialAttach& attached : request.attached)
    config.attached.push_back({plan.add(attached.socket.get()), attached.flags});
  return config;
}

}  // namespace

ShimBinary::ShimBinary(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw errno_error("open " + path);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) throw errno_error("stat " + path);
  fd_.reset(::memfd_create("stack-shim", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd_) throw errno_error("memfd");
  off_t at = 0;
  while (at < info.st_size) {
    const ssize_t n = ::sendfile(fd_.get(), file.get(), &at, static_cast<std::size_t>(info.st_size - at));
    if (n <= 0) throw errno_error("copy " + path);
  }
  if (::fcntl(fd_.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    throw errno_error("seal " + path);
}

std::string shim_path() {
  if (const char* chosen = std::getenv("STACK_SHIM"); chosen != nullptr && *chosen != '\0') return chosen;
  const std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const std::filesystem::path beside = folder / "stack-shim";
  if (::access(beside.c_str(), R_OK) == 0) return beside;
  return (folder / "../libexec/stack/stack-shim").lexically_normal();
}

LaunchResult launch(const ShimBinary& shim, const LaunchRequest& request) {
  Rollback undo;
  std::filesystem::create_directories(std::filesystem::path(request.shim_dir).parent_path());
  if (::mkdir(request.shim_dir.c_str(), 0700) != 0 && errno != EEXIST) throw errno_error("mkdir " + request.shim_dir);
  undo.add([&] { std::filesystem::remove_all(request.shim_dir); });
  const UniqueFd listener = listen_in(request.shim_dir);
  Pipe status = make_pipe();
  UniqueFd filter;
  if (request.seccomp) filter = memory_file("seccomp", *request.seccomp);
  // the configuration names descriptors, so it is written once they are numbered; its own number is fixed
  const UniqueFd placeholder = memory_file("config", "");
  DescriptorPlan plan({{placeholder.get(), config_fd}, {status.write.get(), status_fd}, {listener.get(), listen_fd}});
  CreateConfig config = make_config(request, plan);
  config.seccomp_fd = plan.add(filter.get());
  const std::string text = print(config);
  if (::write(placeholder.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) throw errno_error("memfd");
  ::lseek(placeholder.get(), 0, SEEK_SET);

  LaunchResult result;
  result.shim = spawn_shim(shim, "create", plan);
  status.write.reset();
  const StatusMessage answer = parse_status(sys::read_fd(status.read.get()));
  if (answer.pid <= 0) {
    wait_for(result.shim);
    throw_failure(answer);
  }
  undo.commit();
  result.container_pid = answer.pid;
  result.started_at = answer.started_at;
  result.socket_path = request.shim_dir + "/" + socket_name;
  return result;
}

namespace {

UniqueFd receive_descriptor(int socket) {
  char tag = 0;
  iovec part{&tag, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) <= 0) return UniqueFd();
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return UniqueFd();
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return UniqueFd(fd);
}

}  // namespace

ExecResult launch_exec(const ShimBinary& shim, const ExecRequest& request) {
  Pipe status = make_pipe();
  Pipe exit_status = make_pipe();
  UniqueFd filter;
  if (request.seccomp) filter = memory_file("seccomp", *request.seccomp);
  UniqueFd control_ours;
  UniqueFd control_theirs;
  if (request.process.terminal) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) throw errno_error("socketpair");
    control_ours.reset(pair[0]);
    control_theirs.reset(pair[1]);
  }
  const UniqueFd config_file = memory_file("config", "");
  DescriptorPlan plan({{config_file.get(), config_fd}, {status.write.get(), status_fd}});
  ExecConfig config;
  config.container_pid = request.container_pid;
  config.runtime = request.runtime;
  config.shim_dir = request.shim_dir;
  config.container_id = request.container_id;
  config.process = request.process;
  config.cgroups_path = request.cgroups_path;
  config.seccomp_fd = plan.add(filter.get());
  config.stdio[0] = plan.add(request.stdin_fd);
  config.stdio[1] = plan.add(request.stdout_fd);
  config.stdio[2] = plan.add(request.stderr_fd);
  config.control_fd = plan.add(control_theirs.get());
  config.exit_fd = plan.add(exit_status.write.get());
  const std::string text = print(config);
  if (::write(config_file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) throw errno_error("memfd");
  ::lseek(config_file.get(), 0, SEEK_SET);

  ExecResult result;
  result.shim = spawn_shim(shim, "exec", plan);
  status.write.reset();
  exit_status.write.reset();
  control_theirs.reset();
  const StatusMessage answer = parse_status(sys::read_fd(status.read.get()));
  if (answer.pid <= 0) {
    wait_for(result.shim);
    throw_failure(answer);
  }
  result.pid = answer.pid;
  if (control_ours) result.terminal = receive_descriptor(control_ours.get());
  result.exit_fd = std::move(exit_status.read);
  return result;
}

}  // namespace stack::engine::runtime
