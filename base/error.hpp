#pragma once
// The one exception type. HTTP status and exit status are each derived from the code in one place
// (engine/http/status.cpp, cli/main.cpp).
#include <stdexcept>
#include <string>

namespace stack {

enum class ErrorCode {
  invalid_argument,  ///< the caller's input is wrong; the message says what and where
  unauthorized,
  forbidden,
  not_found,
  conflict,      ///< the object's state does not allow it
  not_modified,  ///< nothing to do; no error to a user
  unavailable,   ///< a peer or resource does not answer; trying again may help
  not_implemented,
  internal,
};

class Error : public std::runtime_error {
public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

private:
  ErrorCode code_;
};

/// An Error from errno: "open /x: No such file or directory"; the code is chosen from the errno
/// (ENOENT not_found, EACCES and EPERM forbidden, EEXIST and EBUSY conflict, EINVAL invalid_argument, else internal).
Error errno_error(const std::string& what, int errno_value);
Error errno_error(const std::string& what);  ///< with the current errno

}  // namespace stack
