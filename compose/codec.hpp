#pragma once
// Values between nodes and the Project's members, chosen by the member's C++ type; rows of the key table are made with key<>().
// read() trusts its node: canonicalize() has checked it. write() says whether there is anything to print.
#include <fmt/format.h>

#include <type_traits>

#include "compose/key_order.hpp"
#include "compose/keys.hpp"

namespace stack::compose {

nlohmann::json to_json(const Node& node);
Node from_json(const nlohmann::json& value);

template <class T>
concept Structure = requires {
  keys_of<T>();
}
&&std::is_class_v<T> && !std::is_same_v<T, std::string>;

inline void read(const Node& node, std::string& out) { out = node.text(); }
inline bool write(const std::string& value, Node& out, bool) {
  out = Node::string(value);
  return !value.empty();
}

inline void read(const Node& node, bool& out) { out = node.is_boolean() && node.as_boolean(); }
inline bool write(bool value, Node& out, bool) {
  out = Node::boolean(value);
  return value;
}

template <class T>
requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) void read(const Node& node, T& out) {
  out = node.is_floating() ? static_cast<T>(node.as_floating()) : static_cast<T>(node.as_integer());
}
template <class T>
requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) bool write(T value, Node& out, bool) {
  out = Node::integer(static_cast<std::int64_t>(value));
  return value != 0;
}

inline void read(const Node& node, double& out) {
  out = node.is_integer() ? static_cast<double>(node.as_integer()) : node.as_floating();
}
inline bool write(double value, Node& out, bool) {
  out = Node::floating(value);
  return value != 0;
}

inline void read(const Node& node, Duration& out) { out = Duration(node.as_integer()); }
bool write(Duration value, Node& out, bool json);

void read(const Node& node, DependencyCondition& out);
bool write(DependencyCondition value, Node& out, bool json);

void read(const Node& node, Ulimit& out);
bool write(const Ulimit& value, Node& out, bool json);

template <Structure T>
void read(const Node& node, T& out);
template <Structure T>
bool write(const T& value, Node& out, bool json);
template <class T>
void read(const Node& node, std::optional<T>& out);
template <class T>
bool write(const std::optional<T>& value, Node& out, bool json);
template <class T>
void read(const Node& node, std::vector<T>& out);
template <class T>
bool write(const std::vector<T>& value, Node& out, bool json);
template <class T>
void read(const Node& node, std::map<std::string, T>& out);
template <class T>
bool write(const std::map<std::string, T>& value, Node& out, bool json);

/// The rows of a structure, then its x- keys.
void read_structure(const Node& node, std::span<const Key> keys, void* owner, Extensions* extensions);
void write_structure(std::span<const Key> keys, const void* owner, const Extensions* extensions, Node& out, bool json);

/// What a top-level object or a service keeps about where it was written.
void note_location(const Node::Member& member, Service& out);
template <class T>
void note_location(const Node::Member& member, T& out) {
  if constexpr (requires { out.location; }) out.location = member.key_location;
}

template <Structure T>
void read(const Node& node, T& out) {
  Extensions* extensions = nullptr;
  if constexpr (requires { out.extensions; }) extensions = &out.extensions;
  read_structure(node, keys_of<T>(), &out, extensions);
}
template <Structure T>
bool write(const T& value, Node& out, bool json) {
  const Extensions* extensions = nullptr;
  if constexpr (requires { value.extensions; }) extensions = &value.extensions;
  out = Node::mapping();
  write_structure(keys_of<T>(), &value, extensions, out, json);
  return true;
}

template <class T>
void read(const Node& node, std::optional<T>& out) {
  out.reset();
  if (!node.is_null()) read(node, out.emplace());
}
template <class T>
bool write(const std::optional<T>& value, Node& out, bool json) {
  if (!value) {
    out = Node();
    return false;
  }
  write(*value, out, json);
  return true;
}

template <class T>
void read(const Node& node, std::vector<T>& out) {
  out.clear();
  for (const Node& item : node.items()) read(item, out.emplace_back());
}
template <class T>
bool write(const std::vector<T>& value, Node& out, bool json) {
  out = Node::sequence();
  for (const T& item : value) {
    Node written;
    write(item, written, json);
    out.append(std::move(written));
  }
  return !value.empty();
}

template <class T>
void read(const Node& node, std::map<std::string, T>& out) {
  out.clear();
  for (const Node::Member& member : node.members()) {
    T& value = out[member.key];
    if constexpr (std::is_class_v<T>) note_location(member, value);
    read(member.value, value);
  }
}
template <class T>
bool write(const std::map<std::string, T>& value, Node& out, bool json) {
  out = Node::mapping();
  for (const auto& [name, item] : value) {
    Node written;
    write(item, written, json);
    out.members().push_back({name, std::move(written), {}});
  }
  if (!json) sort_yaml_keys(out);
  return !value.empty();
}

// ---- rows ----------------------------------------------------------------------------------------------------------------

template <class T>
struct MemberOf;
template <class Owner, class Value>
struct MemberOf<Value Owner::*> {
  using owner = Owner;
};

/// How a member is printed when not as its type suggests.
struct Plain {
  template <class T>
  static bool put(const T& value, Node& out, bool json) {
    return write(value, out, json);
  }
};
struct AsText {  ///< byte sizes: "536870912"
  static bool put(std::int64_t value, Node& out, bool) {
    out = Node::string(std::to_string(value));
    return value != 0;
  }
  static bool put(const std::optional<std::int64_t>& value, Node& out, bool json) { return value && put(*value, out, json); }
};
struct AlwaysAsText {
  static bool put(std::int64_t value, Node& out, bool json) {
    AsText::put(value, out, json);
    return true;
  }
};
struct AsMode {  ///< file modes: "0440"
  static bool put(const std::optional<std::uint32_t>& value, Node& out, bool) {
    if (value) out = Node::string(fmt::format("0{:o}", *value));
    return value.has_value();
  }
};
struct AsEnvFiles {  ///< a file that is required is just its path
  static bool put(const std::vector<EnvFile>& value, Node& out, bool json) {
    out = Node::sequence();
    for (const EnvFile& file : value) {
      Node entry = Node::string(file.path);
      if (!file.required) write(file, entry, json);
      out.append(std::move(entry));
    }
    return !value.empty();
  }
};
struct AsHosts {  ///< extra_hosts: "host=address"
  static bool put(const std::map<std::string, std::vector<std::string>>& value, Node& out, bool) {
    out = Node::sequence();
    for (const auto& [host, addresses] : value)
      for (const std::string& address : addresses) out.append(Node::string(host + '=' + address));
    return !out.items().empty();
  }
};
struct NotZero {
  static bool put(Duration value, Node& out, bool json) { return write(value, out, json) && value.count() != 0; }
};
struct NotEmpty {  ///< a structure; in JSON always there
  template <class T>
  static bool put(const T& value, Node& out, bool json) {
    write(value, out, json);
    return json || !out.members().empty();
  }
};
struct Always {
  template <class T>
  static bool put(const T& value, Node& out, bool json) {
    write(value, out, json);
    return true;
  }
};
struct AlwaysInJson {  ///< null or {} in JSON when there is nothing
  template <class T>
  static bool put(const T& value, Node& out, bool json) {
    return write(value, out, json) || json;
  }
};

struct KeyOptions {
  Merge merge = Merge::deep;
  std::string (*identity)(const Node& item) = nullptr;
};

/// Nothing that would be printed.
template <class T>
bool is_nothing(const T& value) {
  if constexpr (requires { value.has_value(); })
    return !value.has_value();
  else if constexpr (requires { value.empty(); })
    return value.empty();
  else
    return false;
}

template <auto Member, class Codec = Plain>
constexpr Key key(std::string_view name, const Type& type, std::string_view doc, KeyOptions options = {}) {
  using Owner = typename MemberOf<decltype(Member)>::owner;
  Key row;
  row.name = name;
  row.type = &type;
  row.doc = doc;
  row.merge = options.merge;
  row.identity = options.identity;
  row.read = [](const Node& node, void* owner) { read(node, static_cast<Owner*>(owner)->*Member); };
  row.write = [](const void* owner, std::string_view name, Node& out, bool json) {
    const auto& member = static_cast<const Owner*>(owner)->*Member;
    if (std::is_same_v<Codec, Plain> && is_nothing(member)) return;  // as most are
    Node value;
    if (Codec::put(member, value, json)) out.members().push_back({std::string(name), std::move(value), {}});
  };
  return row;
}

/// The same, with a capital letter where JSON is printed.
template <auto Member, class Codec = Plain>
constexpr Key capital_in_json(std::string_view name, const Type& type, std::string_view doc) {
  Key row = key<Member, Codec>(name, type, doc);
  row.write = [](const void* owner, std::string_view name, Node& out, bool json) {
    using Owner = typename MemberOf<decltype(Member)>::owner;
    Node value;
    if (!Codec::put(static_cast<const Owner*>(owner)->*Member, value, json)) return;
    std::string shown(name);
    if (json) shown.front() = static_cast<char>(shown.front() - 'a' + 'A');
    out.members().push_back({std::move(shown), std::move(value), {}});
  };
  return row;
}

/// A key with fixed keys below it.
template <class T>
constexpr Type structure(std::string_view expected = "a mapping") {
  return {expected, allow_mapping, nullptr, nullptr, nullptr, &keys_of<T>};
}

/// A row that is read and written in its own way.
constexpr Key custom_row(std::string_view name, const Type& type, std::string_view doc, decltype(Key::read) read,
                         decltype(Key::write) write) {
  Key row;
  row.name = name;
  row.type = &type;
  row.doc = doc;
  row.read = read;
  row.write = write;
  return row;
}

/// A row without a member of its own.
constexpr Key plain_row(std::string_view name, const Type& type, std::string_view doc) {
  Key row;
  row.name = name;
  row.type = &type;
  row.doc = doc;
  return row;
}

}  // namespace stack::compose
