#include "engine/container/security_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/error.hpp"

namespace stack::engine::container {

namespace {

std::optional<bool> parse_boolean(std::string_view text) {
  constexpr std::array<std::string_view, 6> yes{"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::array<std::string_view, 6> no{"0", "f", "F", "FALSE", "false", "False"};
  if (std::find(yes.begin(), yes.end(), text) != yes.end()) return true;
  if (std::find(no.begin(), no.end(), text) != no.end()) return false;
  return std::nullopt;
}

/// Docker's texts tell what has no value from what has a strange one.
[[noreturn]] void refuse(const std::string& option) {
  const int kind = option.find_first_of("=:") == std::string::npos ? 1 : 2;
  throw Error(ErrorCode::invalid_argument, fmt::format("invalid --security-opt {}: \"{}\"", kind, option));
}

bool boolean(const std::string& option, std::string_view value) {
  const auto parsed = parse_boolean(value);
  if (!parsed) refuse(option);
  return *parsed;
}

void set_seccomp(SecurityOptions& result, const std::string& value) {
  result.seccomp_unconfined = value == "unconfined";
  result.seccomp_profile = value == "unconfined" || value == "builtin" || value == "default" ? "" : value;
}

void apply(const std::string& option, SecurityOptions& result) {
  if (option == "no-new-privileges") {
    result.no_new_privileges = true;
    return;
  }
  if (option == "disable") return;                    // an old way to write label=disable
  const auto separator = option.find_first_of("=:");  // ':' is the old form
  const std::string key = option.substr(0, separator);
  if (separator == std::string::npos) refuse(option);
  const std::string value = option.substr(separator + 1);
  if (key == "no-new-privileges")
    result.no_new_privileges = boolean(option, value);
  else if (key == "writable-cgroups")
    result.writable_cgroups = boolean(option, value);
  else if (key == "seccomp")
    set_seccomp(result, value);
  else if (key == "apparmor")
    result.apparmor_profile = value;
  else if (option == "systempaths=unconfined")
    result.paths_unmasked = true;
  else if (key != "label")
    refuse(option);
}

}  // namespace

SecurityOptions parse_security_options(const std::vector<std::string>& options) {
  SecurityOptions result;
  for (const std::string& option : options) apply(option, result);
  return result;
}

SeccompChoice seccomp_choice(const api::HostConfig& host) {
  SecurityOptions options = parse_security_options(host.security_opt);
  const bool unconfined = options.seccomp_unconfined || (host.privileged && options.seccomp_profile.empty());
  return {unconfined, std::move(options.seccomp_profile)};
}

}  // namespace stack::engine::container
