#pragma once
// Builds the query part of a target. Private to engine/api.
#include <string>
#include <string_view>

namespace stack::engine::api {

class Query {
public:
  explicit Query(std::string path) : text_(std::move(path)) {}
  /// Adds name=value, encoded. Nothing for an empty value.
  Query& add(std::string_view name, std::string_view value);
  Query& add_flag(std::string_view name, bool value);    ///< name=1, or nothing
  Query& add_number(std::string_view name, long value);  ///< nothing for 0
  Query& add_encoded(std::string_view name, std::string_view value);
  std::string text() && { return std::move(text_); }

private:
  std::string text_;
  char separator_ = '?';
};

}  // namespace stack::engine::api
