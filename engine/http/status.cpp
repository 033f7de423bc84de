#include "engine/http/status.hpp"

#include <nlohmann/json.hpp>

namespace stack::engine::http {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return 400;
    case ErrorCode::unauthorized: return 401;
    case ErrorCode::forbidden: return 403;
    case ErrorCode::not_found: return 404;
    case ErrorCode::conflict: return 409;
    case ErrorCode::not_modified: return 304;
    case ErrorCode::unavailable: return 503;
    case ErrorCode::not_implemented: return 501;
    case ErrorCode::internal: return 500;
  }
  return 500;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "UPGRADED";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Request Entity Too Large";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    default: return "Unknown";
  }
}

ErrorResponse to_response(const std::exception& error) {
  if (const auto* own = dynamic_cast<const Error*>(&error)) return {status_of(own->code()), own->what()};
  // A field of the wrong type in a request's body, met by a handler that trusted it.
  if (dynamic_cast<const nlohmann::json::exception*>(&error) != nullptr)
    return {400, std::string("invalid JSON: ") + error.what()};
  return {500, error.what()};
}

std::string error_body(std::string_view message) {
  return nlohmann::json{{"message", message}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace stack::engine::http
