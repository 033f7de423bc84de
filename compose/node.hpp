#pragma once
// The value tree between the YAML parser and the Project. Every node knows where it was written.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "compose/location.hpp"

namespace stack::compose {

/// What a `!reset` or `!override` tag asks of the merge.
enum class MergeTag : std::uint8_t { none, reset, replace };

class Node {
public:
  enum class Kind : std::uint8_t { null, boolean, integer, floating, string, sequence, mapping };
  struct Member;

  Node();
  explicit Node(Location where);
  Node(const Node& other);
  Node(Node&& other) noexcept;
  Node& operator=(const Node& other);
  Node& operator=(Node&& other) noexcept;
  ~Node();
  static Node boolean(bool value, Location where = {});
  static Node integer(std::int64_t value, Location where = {});
  static Node floating(double value, Location where = {});
  static Node string(std::string value, Location where = {});
  static Node sequence(Location where = {});
  static Node mapping(Location where = {});

  Kind kind() const { return static_cast<Kind>(content_.index()); }
  bool is_null() const { return kind() == Kind::null; }
  bool is_boolean() const { return kind() == Kind::boolean; }
  bool is_integer() const { return kind() == Kind::integer; }
  bool is_floating() const { return kind() == Kind::floating; }
  bool is_string() const { return kind() == Kind::string; }
  bool is_sequence() const { return kind() == Kind::sequence; }
  bool is_mapping() const { return kind() == Kind::mapping; }
  bool is_scalar() const { return kind() < Kind::sequence; }

  // Of another kind: false, 0, "", no items, no members, which stay none.
  bool as_boolean() const { return get<bool>(); }
  std::int64_t as_integer() const { return get<std::int64_t>(); }
  double as_floating() const { return get<double>(); }
  const std::string& as_string() const { return get<std::string>(); }
  std::string& as_string() { return get<std::string>(); }

  /// Sequence items.
  const std::vector<Node>& items() const { return get<std::vector<Node>>(); }
  std::vector<Node>& items() { return get<std::vector<Node>>(); }
  void append(Node item);

  /// Mapping members, in the order written; keys are unique.
  const std::vector<Member>& members() const { return get<Mapping>().members; }
  std::vector<Member>& members() { return get<Mapping>().members; }
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  const Member* find_member(std::string_view key) const;
  /// Adds the member, or replaces the value of the one there is. What is no mapping becomes one.
  Node& set(std::string key, Node value, Location key_location = {});
  void erase(std::string_view key);

  /// A scalar as the text it stands for: "true", "15", "1e+08"; null is "".
  std::string text() const;
  /// "a string", "a list", … for messages.
  std::string_view kind_name() const;

  Location location;
  MergeTag merge_tag = MergeTag::none;
  std::shared_ptr<const Node> replaced;  ///< the value of an earlier layer that this one was merged over, if any

private:
  /// Where the keys of a large mapping are; made when first asked for. A copy starts without.
  class Index {
  public:
    using Map = std::unordered_map<std::string, std::size_t>;
    Index() = default;
    Index(const Index&) {}
    Index(Index&&) noexcept = default;
    Index& operator=(const Index&) {
      map_.reset();
      return *this;
    }
    Index& operator=(Index&&) noexcept = default;
    ~Index() = default;
    bool empty() const { return map_ == nullptr; }
    void clear() { map_.reset(); }
    Map& map() {
      if (!map_) map_ = std::make_unique<Map>();
      return *map_;
    }

  private:
    std::unique_ptr<Map> map_;  ///< most nodes have none: a pointer is all it costs them
  };

  struct Mapping {
    std::vector<Member> members;
    mutable Index index;
  };
  using Content = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<Node>, Mapping>;

  template <class T>
  const T& get() const;
  template <class T>
  T& get();
  std::size_t position(std::string_view key) const;

  Content content_;  ///< its alternatives are in the order of Kind
};

struct Node::Member {
  std::string key;
  Node value;
  Location key_location;
};

// Here, because a member has to be complete for them.
inline Node::Node() = default;
inline Node::Node(Location where) : location(std::move(where)) {}
inline Node::Node(const Node& other) = default;
inline Node::Node(Node&& other) noexcept = default;
inline Node& Node::operator=(const Node& other) = default;
inline Node& Node::operator=(Node&& other) noexcept = default;
inline Node::~Node() = default;

template <class T>
const T& Node::get() const {
  static const T nothing{};
  const T* content = std::get_if<T>(&content_);
  return content == nullptr ? nothing : *content;
}

template <class T>
T& Node::get() {
  if (T* content = std::get_if<T>(&content_)) return *content;
  static thread_local T nothing;
  return nothing = T{};
}

inline void Node::append(Node item) { items().push_back(std::move(item)); }

/// As Go's fmt and YAML print a float: shortest digits, "1e+08", "+Inf". `single` rounds to 32 bits first.
std::string format_float(double value, bool single = false);

}  // namespace stack::compose
