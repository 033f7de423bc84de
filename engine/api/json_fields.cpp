#include "engine/api/json_fields.hpp"

#include "base/error.hpp"

namespace stack::engine::api::detail {

std::string Path::text() const {
  std::string before = parent ? parent->text() : std::string();
  if (key.empty()) return parent ? before + "[" + std::to_string(index) + "]" : before;
  return before.empty() ? std::string(key) : before + "." + std::string(key);
}

void wrong_type(const Path& path, std::string_view expected, const Json& found) {
  const std::string where = path.text();
  throw Error(ErrorCode::invalid_argument, "invalid JSON: " + (where.empty() ? "the body" : where) + " must be " +
                                               std::string(expected) + ", not " +
                                               (found.is_number() ? print_body(found) : std::string(found.type_name())));
}

void require_object(const Json& from, const Path& path) {
  if (!from.is_object()) wrong_type(path, "an object", from);
}

void require_array(const Json& from, const Path& path) {
  if (!from.is_array()) wrong_type(path, "a list", from);
}

void read_value(const Json& from, std::string& to, const Path& path) {
  if (!from.is_string()) wrong_type(path, "a string", from);
  to = from.get_ref<const std::string&>();
}

void read_value(const Json& from, bool& to, const Path& path) {
  if (!from.is_boolean()) wrong_type(path, "a boolean", from);
  to = from.get<bool>();
}

void read_value(const Json& from, std::set<std::string>& to, const Path& path) {
  require_object(from, path);
  to.clear();
  for (auto item = from.begin(); item != from.end(); ++item) to.insert(item.key());
}

std::int64_t read_signed(const Json& from, const Path& path, std::int64_t low, std::int64_t high) {
  if (!from.is_number_integer()) wrong_type(path, "an integer", from);
  if (from.is_number_unsigned() && from.get<std::uint64_t>() > static_cast<std::uint64_t>(high))
    wrong_type(path, "an integer up to " + std::to_string(high), from);
  const std::int64_t value = from.get<std::int64_t>();
  if (value < low || value > high)
    wrong_type(path, "an integer from " + std::to_string(low) + " to " + std::to_string(high), from);
  return value;
}

std::uint64_t read_unsigned(const Json& from, const Path& path, std::uint64_t high) {
  const bool negative = from.is_number_integer() && !from.is_number_unsigned() && from.get<std::int64_t>() < 0;
  if (!from.is_number_integer() || negative) wrong_type(path, "an integer of at least 0", from);
  const std::uint64_t value = from.get<std::uint64_t>();
  if (value > high) wrong_type(path, "an integer up to " + std::to_string(high), from);
  return value;
}

void read_value(const Json& from, std::chrono::nanoseconds& to, const Path& path) {
  to = std::chrono::nanoseconds(
      read_signed(from, path, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()));
}

void read_value(const Json& from, std::chrono::seconds& to, const Path& path) {
  to = std::chrono::seconds(
      read_signed(from, path, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()));
}

void read_value(const Json& from, std::optional<Timestamp>& to, const Path& path) {
  if (!from.is_string()) wrong_type(path, "a time", from);
  try {
    to = parse_timestamp(from.get_ref<const std::string&>());
  } catch (const Error&) {
    throw Error(ErrorCode::invalid_argument, "invalid JSON: " + path.text() + " must be a time as in RFC 3339, not \"" +
                                                 from.get_ref<const std::string&>() + "\"");
  }
}

void read_value(const Json& from, std::optional<std::vector<std::string>>& to, const Path& path) {
  if (from.is_string())
    to = {from.get<std::string>()};
  else
    read_value(from, to.emplace(), path);
}

void write_value(Json& to, const std::set<std::string>& from, Empty empty) {
  if (from.empty() && empty == Empty::null) return;
  to = Json::object();
  for (const std::string& key : from) to[key] = Json::object();
}

}  // namespace stack::engine::api::detail
