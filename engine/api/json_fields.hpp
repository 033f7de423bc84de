#pragma once
// How a struct's fields are named in JSON is written once, in a template `fields(visitor, struct)` beside its resource
// (*_json.cpp); Reader and Writer below are the two visitors. For engine/api and for the scheduler's plans.
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "engine/api/types.hpp"

namespace stack::engine::api::detail {

using Json = nlohmann::json;

/// Where in a body we are, for error messages: "HostConfig.Binds[2]".
struct Path {
  const Path* parent = nullptr;
  std::string_view key;
  std::size_t index = 0;
  std::string text() const;
};

[[noreturn]] void wrong_type(const Path& path, std::string_view expected, const Json& found);

/// What an empty string, list, map or optional, a zero or a false becomes.
enum class Empty {
  null,  ///< lists, maps and optionals: null; other values are written as they are
  omit,  ///< the key is left out (Go's omitempty)
  keep,  ///< [] or {}
};

template <class T>
struct StructCodec {
  static void read(const Json& from, T& to, const Path& path);
  static void write(Json& to, const T& from);
};

void read_value(const Json& from, std::string& to, const Path& path);
void read_value(const Json& from, bool& to, const Path& path);
void read_value(const Json& from, std::set<std::string>& to, const Path& path);  ///< {"a": {}, ...}
void read_value(const Json& from, std::chrono::nanoseconds& to, const Path& path);
void read_value(const Json& from, std::chrono::seconds& to, const Path& path);
void read_value(const Json& from, std::optional<Timestamp>& to, const Path& path);
void read_value(const Json& from, std::optional<std::vector<std::string>>& to, const Path& path);  ///< also one string
std::int64_t read_signed(const Json& from, const Path& path, std::int64_t low, std::int64_t high);
std::uint64_t read_unsigned(const Json& from, const Path& path, std::uint64_t high);
void require_object(const Json& from, const Path& path);
void require_array(const Json& from, const Path& path);

template <class T>
requires std::is_integral_v<T>
void read_value(const Json& from, T& to, const Path& path) {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_signed_v<T>)
    to = static_cast<T>(read_signed(from, path, Limits::min(), Limits::max()));
  else
    to = static_cast<T>(read_unsigned(from, path, Limits::max()));
}

template <class T>
requires std::is_class_v<T>
void read_value(const Json& from, T& to, const Path& path) { StructCodec<T>::read(from, to, path); }

template <class T>
void read_value(const Json& from, std::optional<T>& to, const Path& path);
template <class T>
void read_value(const Json& from, std::map<std::string, T>& to, const Path& path);

template <class T>
void read_value(const Json& from, std::vector<T>& to, const Path& path) {
  require_array(from, path);
  to.clear();
  to.reserve(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    to.emplace_back();
    if (!from[i].is_null()) read_value(from[i], to.back(), Path{&path, {}, i});
  }
}

template <class T>
void read_value(const Json& from, std::optional<T>& to, const Path& path) {
  to.reset();
  if (!from.is_null()) read_value(from, to.emplace(), path);
}

template <class T>
void read_value(const Json& from, std::map<std::string, T>& to, const Path& path) {
  require_object(from, path);
  to.clear();
  for (auto item = from.begin(); item != from.end(); ++item) {
    T& value = to[item.key()];
    if (!item.value().is_null()) read_value(item.value(), value, Path{&path, item.key()});
  }
}

inline void write_value(Json& to, const std::string& from, Empty) { to = from; }
inline void write_value(Json& to, bool from, Empty) { to = from; }
inline void write_value(Json& to, std::chrono::nanoseconds from, Empty) { to = from.count(); }
inline void write_value(Json& to, std::chrono::seconds from, Empty) { to = from.count(); }
inline void write_value(Json& to, const std::optional<Timestamp>& from, Empty) { to = format_timestamp(from); }
void write_value(Json& to, const std::set<std::string>& from, Empty empty);

template <class T>
requires std::is_integral_v<T>
void write_value(Json& to, T from, Empty) { to = from; }

template <class T>
requires std::is_class_v<T>
void write_value(Json& to, const T& from, Empty) { StructCodec<T>::write(to, from); }

template <class T>
void write_value(Json& to, const std::optional<T>& from, Empty empty);
template <class T>
void write_value(Json& to, const std::map<std::string, T>& from, Empty empty);

template <class T>
void write_value(Json& to, const std::vector<T>& from, Empty empty) {
  if (from.empty() && empty == Empty::null) return;  // `to` starts as null
  to = Json::array();
  for (const T& item : from) write_value(to.emplace_back(), item, empty);
}

template <class T>
void write_value(Json& to, const std::optional<T>& from, Empty) {
  if (from) write_value(to, *from, Empty::keep);
}

template <class T>
void write_value(Json& to, const std::map<std::string, T>& from, Empty empty) {
  if (from.empty() && empty == Empty::null) return;
  to = Json::object();
  for (const auto& [key, value] : from) write_value(to[key], value, empty);
}

template <class T>
bool is_empty(const T& value) {
  if constexpr (requires { value.has_value(); })
    return !value.has_value();
  else if constexpr (requires { value.empty(); })
    return value.empty();
  else if constexpr (std::is_arithmetic_v<T>)
    return value == T{};
  else if constexpr (std::is_same_v<T, std::chrono::nanoseconds>)
    return value.count() == 0;
  else
    return false;
}

class Reader {
public:
  Reader(const Json& from, const Path& path) : from_(from), path_(path) {}
  static constexpr bool reading = true;

  template <class T>
  void operator()(std::string_view key, T& to, Empty = Empty::null) {
    const auto found = from_.find(key);
    if (found != from_.end() && !found->is_null()) read_value(*found, to, Path{&path_, key});
  }

  /// The value as it is; unchanged when absent.
  void raw(std::string_view key, Json& to) {
    const auto found = from_.find(key);
    if (found != from_.end()) to = *found;
  }

  /// A nested object whose keys live in the same struct.
  template <class Nested>
  void object(std::string_view key, Nested nested) {
    const auto found = from_.find(key);
    if (found == from_.end() || found->is_null()) return;
    const Path path{&path_, key};
    require_object(*found, path);
    Reader reader(*found, path);
    nested(reader);
  }

  template <class T>
  void constant(std::string_view, const T&) {}

private:
  const Json& from_;
  const Path& path_;
};

class Writer {
public:
  explicit Writer(Json& to) : to_(to) {}
  static constexpr bool reading = false;

  template <class T>
  void operator()(std::string_view key, const T& from, Empty empty = Empty::null) {
    if (empty == Empty::omit && is_empty(from)) return;
    write_value(to_[std::string(key)], from, empty);
  }

  template <class Nested>
  void object(std::string_view key, Nested nested) {
    Json& to = to_[std::string(key)];
    to = Json::object();
    Writer writer(to);
    nested(writer);
  }

  /// A key that old clients expect and that never changes here.
  template <class T>
  void constant(std::string_view key, const T& value) {
    to_[std::string(key)] = value;
  }

private:
  Json& to_;
};

template <class T>
void StructCodec<T>::read(const Json& from, T& to, const Path& path) {
  require_object(from, path);
  Reader reader(from, path);
  fields(reader, to);
}

template <class T>
void StructCodec<T>::write(Json& to, const T& from) {
  if (!to.is_object()) to = Json::object();
  Writer writer(to);
  fields(writer, const_cast<T&>(from));  // fields() takes one reference for both directions; the Writer only reads
}

// Used by more than one resource, defined in one.
extern template struct StructCodec<HealthConfig>;
extern template struct StructCodec<RestartPolicy>;
extern template struct StructCodec<Ulimit>;
extern template struct StructCodec<ContainerConfig>;
extern template struct StructCodec<HostConfig>;
extern template struct StructCodec<PortBinding>;
extern template struct StructCodec<EndpointSettings>;
extern template struct StructCodec<MountPoint>;
extern template struct StructCodec<GraphDriver>;

}  // namespace stack::engine::api::detail

/// Defines to_json and from_json of a struct that has fields().
#define STACK_API_JSON(Type)                                                                         \
  void to_json(nlohmann::json& to, const Type& from) { detail::StructCodec<Type>::write(to, from); } \
  void from_json(const nlohmann::json& from, Type& to) {                                             \
    to = {};                                                                                         \
    detail::StructCodec<Type>::read(from, to, detail::Path{});                                       \
  }
