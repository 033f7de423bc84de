#pragma once
// Error → HTTP, in one place.
#include <exception>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace stack::engine::http {

int status_of(ErrorCode code);

/// "Not Found" for 404.
std::string_view reason_phrase(int status);

struct ErrorResponse {
  int status = 500;
  std::string message;
};

/// What an exception out of a handler becomes. Error keeps its message; anything unknown is 500 with what() text.
ErrorResponse to_response(const std::exception& error);

/// {"message":"..."}, the body of every error.
std::string error_body(std::string_view message);

}  // namespace stack::engine::http
