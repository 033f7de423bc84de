#pragma once
// What the bodies of several resources share. All structs of engine/api are data only: the names are the API's in snake_case,
// an optional is "null or absent", and to_json/from_json (*_json.cpp) know Docker's spelling and null conventions.
#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace stack::engine::api {

/// The API version both halves speak, and the oldest a client may ask for.
inline constexpr std::string_view api_version = "1.51";
inline constexpr std::string_view min_api_version = "1.24";

using StringMap = std::map<std::string, std::string>;
/// A wall-clock instant. In JSON RFC 3339 with nanoseconds, UTC; an empty optional is Docker's zero time 0001-01-01T00:00:00Z.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

std::string format_timestamp(const std::optional<Timestamp>& time);
/// RFC 3339 with any offset and 0 to 9 decimals. Throws invalid_argument.
std::optional<Timestamp> parse_timestamp(std::string_view text);

/// Bytes that came from outside → JSON. Throws invalid_argument "invalid JSON: ..." with the position.
nlohmann::json parse_body(std::string_view body);
/// JSON → one line of bytes. Never throws for bytes that are no UTF-8: they become U+FFFD.
std::string print_body(const nlohmann::json& body);

struct ErrorBody {
  std::string message;
};

struct IdResponse {
  std::string id;
};

/// POST /containers/create
struct CreateResponse {
  std::string id;
  std::vector<std::string> warnings;  ///< [] when none
};

/// One line of a progress stream (build, pull, import, load).
struct ProgressMessage {
  std::string stream, status, id, progress;
  struct Detail {
    std::int64_t current = 0, total = 0;
  };
  std::optional<Detail> progress_detail;
  std::string aux_id;  ///< {"aux":{"ID": ...}}: the image a build made
  std::string error;   ///< the stream failed, after the 200 was sent
};

void to_json(nlohmann::json&, const ErrorBody&);
void from_json(const nlohmann::json&, ErrorBody&);
void to_json(nlohmann::json&, const IdResponse&);
void from_json(const nlohmann::json&, IdResponse&);
void to_json(nlohmann::json&, const CreateResponse&);
void from_json(const nlohmann::json&, CreateResponse&);
void to_json(nlohmann::json&, const ProgressMessage&);
void from_json(const nlohmann::json&, ProgressMessage&);

}  // namespace stack::engine::api
