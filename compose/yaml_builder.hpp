#pragma once
// Nodes out of YAML events. What is wrong with a single key or value is noted, and the rest read on.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compose/node.hpp"
#include "compose/yaml_events.hpp"

namespace stack::compose {

struct YamlMistake {
  Location where;
  std::string text;  ///< with the attribute's path
};

class YamlBuilder : public YamlReceiver {
public:
  YamlBuilder(std::shared_ptr<const SourceFile> file, std::vector<YamlMistake>& mistakes);

  /// Throws invalid_argument when a limit of yaml.hpp is reached.
  void take(const YamlEvent& event) override;
  /// Of all documents that are not empty.
  std::vector<Node> documents() { return std::move(documents_); }
  /// Of the attribute that is being read: "services.web.ports[1]".
  std::string path() const;

private:
  /// A node, and how many it is of.
  struct Sized {
    Node node;
    std::size_t size;
  };
  /// A list or mapping that is not complete.
  struct Open {
    Node node;
    std::size_t anchor = 0;
    std::size_t size = 1;
    bool flow = false;
    bool is_key = false;  ///< where a key should be: dropped with its value
    // mappings
    std::optional<std::string> key;  ///< that waits for its value
    Location key_location;
    bool merge_key = false;  ///< the key is `<<`
    bool drop = false;       ///< the key is a mistake: so is not its value
    std::optional<Node> merged;
  };

  Location at(std::size_t offset);
  char character(std::size_t offset) const;
  bool awaits_key() const;
  void complain(const Location& where, std::string_view text);
  [[noreturn]] void refuse(const Location& where, std::string_view text) const;
  void count(std::size_t nodes, const Location& where);

  void scalar(const YamlEvent& event);
  void alias(const YamlEvent& event);
  void begin(Node node, const YamlEvent& event);
  void end();
  void add(Node node, std::size_t size, bool may_merge);
  void take_key(Open& parent, Node node, bool may_merge);
  void merge(Node& mapping, const Node& source);

  Node scalar_node(const YamlEvent& event, const Location& where);
  Node plain(const YamlEvent& event, const Location& where);
  Node typed(std::string_view type, const YamlEvent& event, const Location& where);
  bool in_extension() const;

  std::shared_ptr<const SourceFile> file_;
  std::vector<YamlMistake>& mistakes_;
  std::vector<Open> open_;
  std::unordered_map<std::size_t, Sized> anchors_;
  std::vector<Node> documents_;
  std::size_t total_ = 0;
  // the line reached: events come in order
  std::size_t line_start_ = 0, line_end_;
  int line_ = 1;
};

}  // namespace stack::compose
