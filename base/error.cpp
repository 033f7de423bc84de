#include "base/error.hpp"

#include <cerrno>
#include <cstring>

namespace stack {

namespace {

ErrorCode code_of(int errno_value) {
  switch (errno_value) {
    case ENOENT: return ErrorCode::not_found;
    case EACCES:
    case EPERM: return ErrorCode::forbidden;
    case EEXIST:
    case EBUSY: return ErrorCode::conflict;
    case EINVAL: return ErrorCode::invalid_argument;
    case ECONNREFUSED:
    case EAGAIN: return ErrorCode::unavailable;
    default: return ErrorCode::internal;
  }
}

}  // namespace

Error errno_error(const std::string& what, int errno_value) {
  return Error(code_of(errno_value), what + ": " + ::strerror(errno_value));
}

Error errno_error(const std::string& what) { return errno_error(what, errno); }

}  // namespace stack
