#pragma once
// Terminals and descriptors that are handed out, and standing between a terminal and a process in the foreground.
#include <sys/types.h>

#include <string>

#include "base/unique_fd.hpp"

namespace stack::engine::shim::oci {

/// Sends a descriptor to whoever listens at the socket `path`, with `name` as the data. Throws.
void send_over_socket(const std::string& path, int fd, const std::string& name);

/// Before a process is let go that wait_in_foreground() is to wait for: no signal meant for it may end us instead.
void hold_signals();

/// Waits for our child `pid` and gives its exit code, 128+n for a signal. Meanwhile signals that reach us are passed on to it,
/// and with a pty `master` our standard streams are connected to it.
int wait_in_foreground(pid_t pid, int master);

}  // namespace stack::engine::shim::oci
