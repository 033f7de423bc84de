#include "engine/api/json_fields.hpp"

namespace stack::engine::api {

using detail::Empty;

template <class V>
void fields(V& v, ExecCreateRequest& x) {
  v("User", x.user);
  v("Privileged", x.privileged);
  v("Tty", x.tty);
  v("ConsoleSize", x.console_size, Empty::omit);
  v("AttachStdin", x.attach_stdin);
  v("AttachStderr", x.attach_stderr);
  v("AttachStdout", x.attach_stdout);
  v("DetachKeys", x.detach_keys);
  v("Env", x.env);
  v("WorkingDir", x.working_dir);
  v("Cmd", x.cmd);
}

template <class V>
void fields(V& v, ExecStartRequest& x) {
  v("Detach", x.detach);
  v("Tty", x.tty);
  v("ConsoleSize", x.console_size, Empty::omit);
}

template <class V>
void fields(V& v, ExecInspect::ProcessConfig& x) {
  v("tty", x.tty);
  v("entrypoint", x.entrypoint);
  v("arguments", x.arguments, Empty::keep);
  v("privileged", x.privileged, Empty::omit);
  v("user", x.user, Empty::omit);
}

template <class V>
void fields(V& v, ExecInspect& x) {
  v("ID", x.id);
  v("Running", x.running);
  v("ExitCode", x.exit_code);
  v("ProcessConfig", x.process_config);
  v("OpenStdin", x.open_stdin);
  v("OpenStderr", x.open_stderr);
  v("OpenStdout", x.open_stdout);
  v("CanRemove", x.can_remove);
  v("ContainerID", x.container_id);
  v("DetachKeys", x.detach_keys);
  v("Pid", x.pid);
}

STACK_API_JSON(ExecCreateRequest)
STACK_API_JSON(ExecStartRequest)
STACK_API_JSON(ExecInspect)

}  // namespace stack::engine::api
