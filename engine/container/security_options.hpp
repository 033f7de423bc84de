#pragma once
// HostConfig.SecurityOpt, understood. Pure.
#include <string>
#include <vector>

#include "engine/api/types.hpp"

namespace stack::engine::container {

struct SecurityOptions {
  bool no_new_privileges = false;
  bool writable_cgroups = false;
  bool paths_unmasked = false;
  std::string apparmor_profile;  ///< empty: the kernel's default; has an effect only where the kernel has AppArmor
  std::string seccomp_profile;   ///< JSON; empty: the default profile, or none when privileged
  bool seccomp_unconfined = false;
};

/// Throws invalid_argument with Docker's texts for options that nobody knows. SELinux labels are taken without effect, as on
/// any host without SELinux.
SecurityOptions parse_security_options(const std::vector<std::string>& options);

/// The filter of a container's processes.
struct SeccompChoice {
  bool unconfined = false;
  std::string profile;  ///< JSON; empty: the default profile
};
SeccompChoice seccomp_choice(const api::HostConfig& host);

}  // namespace stack::engine::container
