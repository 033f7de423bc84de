#pragma once
// The value tree between the YAML parser and the Project. Every node knows where it was written.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
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

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_boolean() const { return kind_ == Kind::boolean; }
  bool is_integer() const { return kind_ == Kind::integer; }
  bool is_floating() const { return kind_ == Kind::floating; }
  bool is_string() const { return kind_ == Kind::string; }
  bool is_sequence() const { return kind_ == Kind::sequence; }
  bool is_mapping() const { return kind_ == Kind::mapping; }
  bool is_scalar() const { return kind_ < Kind::sequence; }

  // Each may be asked of its own kind only.
  bool as_boolean() const { return number_.integer != 0; }
  std::int64_t as_integer() const { return number_.integer; }
  double as_floating() const { return number_.floating; }
  const std::string& as_string() const { return text_; }
  std::string& as_string() { return text_; }

  /// Sequence items.
  const std::vector<Node>& items() const { return items_; }
  std::vector<Node>& items() { return items_; }
  void append(Node item) { items_.push_back(std::move(item)); }

  /// Mapping members, in the order written; keys are unique.
  const std::vector<Member>& members() const { return members_; }
  std::vector<Member>& members() { return members_; }
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  const Member* find_member(std::string_view key) const;
  /// Adds the member, or replaces the value of the one there is.
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

  std::size_t position(std::string_view key) const;

  Kind kind_ = Kind::null;
  union {
    std::int64_t integer = 0;
    double floating;
  } number_;
  std::string text_;
  std::vector<Node> items_;
  std::vector<Member> members_;
  mutable Index index_;
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

/// As Go's fmt and YAML print a float: shortest digits, "1e+08", "+Inf". `single` rounds to 32 bits first.
std::string format_float(double value, bool single = false);

}  // namespace stack::compose
