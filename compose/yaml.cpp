#include "compose/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <istream>
#include <optional>
#include <streambuf>
#include <unordered_map>
#include <unordered_set>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "compose/mistakes.hpp"
#include "compose/source_text.hpp"

namespace stack::compose {
namespace {

[[noreturn]] void refuse(const Location& where, std::string_view text) {
  throw Error(ErrorCode::invalid_argument, fmt::format("{}: {}", to_string(where), text));
}

/// Where the byte at an offset is.
Location location_of(const std::shared_ptr<const SourceFile>& file, std::size_t at) {
  const std::string_view before = std::string_view(file->text).substr(0, at);
  const auto line = static_cast<int>(1 + std::count(before.begin(), before.end(), '\n'));
  return {file, line, static_cast<int>(at - (before.rfind('\n') + 1)) + 1};  // npos + 1 is 0
}

void check_characters(const std::shared_ptr<const SourceFile>& file) {
  if (const auto bad = bad_character(file->text)) refuse(location_of(file, bad->offset), bad->why);
}

/// A syntax error in the reader's words.
[[noreturn]] void refuse_syntax(const Location& where, const std::string& message) {
  const std::string_view line = source_line(where);
  const std::string_view margin = line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
  if (const std::size_t tab = margin.find('\t'); tab != std::string_view::npos && margin.size() < line.size())
    refuse({where.file, where.line, static_cast<int>(tab) + 1}, "a tab in the indentation; YAML takes spaces only");
  struct Words {
    std::string_view message, shown;
  };
  static const std::array table{
      Words{YAML::ErrorMsg::TAB_IN_INDENTATION, "a tab in the indentation; YAML takes spaces only"},
      Words{YAML::ErrorMsg::END_OF_MAP, "this line is indented otherwise than the keys it belongs to, or its ':' is missing"},
      Words{YAML::ErrorMsg::END_OF_SEQ, "this line is indented otherwise than the list it belongs to, or its '-' is missing"},
      Words{YAML::ErrorMsg::END_OF_MAP_FLOW, "this mapping has no closing }, or a ',' is missing before here"},
      Words{YAML::ErrorMsg::END_OF_SEQ_FLOW, "this list has no closing ], or a ',' is missing before here"},
      Words{YAML::ErrorMsg::MAP_VALUE,
            "a ':' cannot stand here: put quotes around a text with ': ' in it, or check the indentation"},
      Words{YAML::ErrorMsg::MAP_KEY, "a key cannot stand here: check the indentation"},
      Words{YAML::ErrorMsg::BLOCK_ENTRY, "a '- ' cannot stand here: check the indentation"},
      Words{YAML::ErrorMsg::FLOW_END, "this bracket closes nothing"},
      Words{YAML::ErrorMsg::UNKNOWN_TOKEN, "a value cannot start with this character; put quotes around it"},
      Words{YAML::ErrorMsg::UNKNOWN_ANCHOR, "this alias names an anchor that is not defined before it"},
      Words{YAML::ErrorMsg::ALIAS_NOT_FOUND, "a name must follow '*'; put quotes around the value if no alias is meant"},
      Words{YAML::ErrorMsg::ANCHOR_NOT_FOUND, "a name must follow '&'; put quotes around the value if no anchor is meant"},
      Words{YAML::ErrorMsg::EOF_IN_SCALAR, "this string does not end"},
  };
  for (const Words& words : table)
    if (message.starts_with(words.message)) refuse(where, words.shown);
  refuse(where, message);
}

class ViewBuffer : public std::streambuf {
public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

/// Builds nodes from the parser's events.
class Builder : public YAML::EventHandler {
public:
  explicit Builder(std::shared_ptr<const SourceFile> file) : text_(file->text), file_(std::move(file)) {}

  std::optional<Node> take() { return std::exchange(document_, std::nullopt); }

  void OnDocumentStart(const YAML::Mark&) override {
    document_.reset();
    anchors_.clear();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!open_.empty() && open_.back().node.is_sequence() && open_.back().flow && char_at(mark) == ',')
      fail(where(mark), "an item is missing before ',' in this list");
    // For a value that is not there the mark is at whatever comes next, maybe lines below: then it is where its key is.
    Location here = where(mark);
    if (!open_.empty() && open_.back().key &&
        (open_.back().key_location.line != here.line || std::string_view(",}]").find(char_at(mark)) != std::string_view::npos))
      here = open_.back().key_location;
    place(Node(std::move(here)), anchor, false);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(where(mark), "this alias refers to the node that contains it");
    count(found->second.size, where(mark));
    const bool key = awaits_key();
    Node copy = found->second.node;
    if (key && !copy.is_scalar()) fail(where(mark), "only a scalar can be a key");
    add(std::move(copy), found->second.size, false);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    const bool quoted = check_quotes(mark);
    Location here = where(mark);
    Node node = scalar(tag, quoted, bad_character(value) ? with_whole_characters(value) : value, here);
    apply_tag(node, tag);
    place(std::move(node), anchor, tag == "?");
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    begin(Node::sequence(where(mark)), mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    begin(Node::mapping(where(mark)), mark, tag, anchor, style);
  }
  void OnMapEnd() override { end(); }

  Location where(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

private:
  /// Names the attribute that is being read.
  [[noreturn]] void fail(const Location& here, std::string_view text) const {
    std::string path;
    for (const Open& open : open_) {
      if (open.node.is_sequence())
        path = join_path(path, open.node.items().size());
      else if (open.key)
        path = join_path(path, *open.key);
    }
    refuse(here, path.empty() ? std::string(text) : fmt::format("{}: {}", path, text));
  }

  struct Anchored {
    Node node;
    std::size_t size;
  };
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    bool flow = false;
    std::size_t size = 1;
    // mappings: the key that waits for its value
    std::optional<std::string> key;
    Location key_location;
    bool merge_key = false;
    std::optional<Node> merged;  ///< value of `<<`
  };

  char char_at(const YAML::Mark& mark) const {
    const auto at = static_cast<std::size_t>(mark.pos);
    return mark.pos >= 0 && at < text_.size() ? text_[at] : '\0';
  }

  bool awaits_key() const {
    return !open_.empty() && open_.back().node.is_mapping() && !open_.back().key && !open_.back().merge_key;
  }

  void count(std::size_t nodes, const Location& here) {
    total_ += nodes;
    if (total_ > max_yaml_nodes) fail(here, fmt::format("the file expands to more than {} nodes", max_yaml_nodes));
  }

  /// Whether the scalar is text whatever it looks like: in quotes, or a block. The parser takes the end of the file for a
  /// closing one.
  bool check_quotes(const YAML::Mark& mark) {
    std::size_t at = static_cast<std::size_t>(mark.pos);
    const auto skip_blanks = [&] {
      while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t' || text_[at] == '\n' || text_[at] == '\r')) ++at;
    };
    while (at < text_.size() && (text_[at] == '!' || text_[at] == '&')) {
      while (at < text_.size() && static_cast<unsigned char>(text_[at]) > ' ') ++at;
      skip_blanks();
    }
    if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\''))
      return at < text_.size() && (text_[at] == '|' || text_[at] == '>');
    const char quote = text_[at];
    for (++at; at < text_.size(); ++at) {
      if (quote == '"' && text_[at] == '\\') {
        ++at;
      } else if (text_[at] == quote) {
        if (quote == '\'' && at + 1 < text_.size() && text_[at + 1] == '\'') {
          ++at;
        } else {
          return true;
        }
      }
    }
    fail(where(mark), fmt::format("this string has no closing {}", quote));
  }

  static constexpr std::string_view core = "tag:yaml.org,2002:";

  Node scalar(const std::string& tag, bool quoted, const std::string& value, const Location& here) {
    if (tag == "?") return plain(value, here);
    if (!tag.starts_with(core)) return quoted ? Node::string(value, here) : plain(value, here);  // "!" and tags of others
    const std::string_view name = std::string_view(tag).substr(core.size());
    if (name == "timestamp") return plain(value, here);
    if (name == "binary") return binary(value, here);
    if (name != "int" && name != "float" && name != "bool" && name != "null") return Node::string(value, here);
    Node node = resolve_plain_scalar(value, here);
    if (name == "float" && node.is_integer()) node = Node::floating(static_cast<double>(node.as_integer()), here);
    const bool fits = (name == "int" && node.is_integer()) || (name == "float" && node.is_floating()) ||
                      (name == "bool" && node.is_boolean()) || (name == "null" && node.is_null());
    if (!fits) fail(here, fmt::format("'{}' cannot be read as !!{}", value, name));
    return node;
  }

  /// The parser gives the escapes \_ and \N as single bytes, which are no UTF-8. What else bad_character() minds is meant: it
  /// was written as an escape.
  static std::string with_whole_characters(std::string_view value) {
    std::string out;
    std::size_t pending = 0;  // bytes that belong to the character begun last
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >> 6 != 2) {
        pending = byte >> 5 == 6 ? 1 : byte >> 4 == 14 ? 2 : byte >> 3 == 30 ? 3 : 0;
      } else if (pending == 0) {
        append_utf8(byte, out);
        continue;
      } else {
        --pending;
      }
      out += c;
    }
    return out;
  }

  Node binary(const std::string& value, const Location& here) const {
    try {
      return Node::string(base64_decode(value), here);
    } catch (const Error& error) {
      fail(here, fmt::format("!!binary: {}", error.what()));
    }
  }

  Node plain(const std::string& value, const Location& here) const {
    if (is_date(value) && !in_extension()) fail(here, fmt::format("'{}' is a date to YAML; put quotes around it", value));
    return resolve_plain_scalar(value, here);
  }

  bool in_extension() const {
    return std::any_of(open_.begin(), open_.end(), [](const Open& open) { return open.key && open.key->starts_with("x-"); });
  }

  /// YYYY-M-D with an optional time: YAML's timestamp type, which no Compose attribute takes.
  static bool is_date(std::string_view text) {
    std::size_t at = 0;
    const auto digits = [&](std::size_t least, std::size_t most) {
      const std::size_t from = at;
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
      return at - from >= least && at - from <= most;
    };
    const auto dash = [&] { return at < text.size() && text[at++] == '-'; };
    if (!digits(4, 4) || !dash() || !digits(1, 2) || !dash() || !digits(1, 2)) return false;
    if (at == text.size()) return true;
    if (text[at] != 'T' && text[at] != 't' && text[at] != ' ') return false;
    ++at;
    const auto colon = [&] { return at < text.size() && text[at++] == ':'; };
    return digits(1, 2) && colon() && digits(1, 2) && colon() && digits(1, 2);
  }

  void apply_tag(Node& node, const std::string& tag) {
    if (tag == "!reset") node.merge_tag = MergeTag::reset;
    if (tag == "!override") node.merge_tag = MergeTag::replace;
  }

  void begin(Node node, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
             YAML::EmitterStyle::value style) {
    if (awaits_key()) fail(where(mark), "only a scalar can be a key");
    if (open_.size() >= static_cast<std::size_t>(max_yaml_depth)) fail(where(mark), "nested too deeply");
    count(1, where(mark));
    apply_tag(node, tag);
    anchors_.erase(anchor);
    Open open;
    open.node = std::move(node);
    open.anchor = anchor;
    open.flow = style == YAML::EmitterStyle::Flow;
    open_.push_back(std::move(open));
  }

  void end() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.merged) merge(done.node, *done.merged);
    if (done.anchor != 0) anchors_.insert_or_assign(done.anchor, Anchored{done.node, done.size});
    add(std::move(done.node), done.size, false);
  }

  void place(Node node, YAML::anchor_t anchor, bool plain) {
    count(1, node.location);
    if (anchor != 0) anchors_.insert_or_assign(anchor, Anchored{node, 1});
    add(std::move(node), 1, plain);
  }

  void add(Node node, std::size_t size, bool plain) {
    if (open_.empty()) {
      document_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    parent.size += size;
    if (parent.node.is_sequence()) {
      parent.node.append(std::move(node));
    } else if (parent.merge_key) {
      parent.merge_key = false;
      parent.merged = std::move(node);
    } else if (parent.key) {
      parent.node.set(std::move(*parent.key), std::move(node), std::move(parent.key_location));
      parent.key.reset();
    } else {
      take_key(parent, std::move(node), plain);
    }
  }

  /// In an unfinished list the parser takes the last item for a key.
  static bool ends_line(const Node& scalar) {
    const std::string_view line = source_line(scalar.location);
    const std::size_t end = static_cast<std::size_t>(scalar.location.column - 1) + scalar.text().size();
    return end <= line.size() && line.find_first_not_of(" \t", end) == std::string_view::npos;
  }

  void take_key(Open& parent, Node node, bool plain) {
    if (!node.is_string()) {
      if (node.is_null()) fail(node.location, "a key is missing before ':'");
      if (ends_line(node)) fail(node.location, "a ',' or a closing ] or } is missing behind this");
      fail(node.location, fmt::format("the key {} is {}, not a string; put quotes around it", node.text(), node.kind_name()));
    }
    const bool merge_key = plain && node.as_string() == "<<";
    const Node::Member* earlier = parent.node.find_member(node.as_string());
    if (earlier != nullptr || (merge_key && parent.merged))
      fail(node.location, fmt::format("key '{}' is already defined at line {}", node.as_string(),
                                      earlier != nullptr ? earlier->key_location.line : parent.merged->location.line));
    if (merge_key) {
      parent.merge_key = true;
      return;
    }
    parent.key_location = node.location;
    parent.key = std::move(node.as_string());
  }

  /// What the mapping has itself wins, then the earlier of the merged ones.
  void merge(Node& mapping, const Node& source) {
    if (source.is_sequence()) {
      for (const Node& item : source.items()) {
        if (!item.is_mapping()) fail(item.location, "'<<' takes a mapping or a list of mappings");
        merge(mapping, item);
      }
      return;
    }
    if (!source.is_mapping()) fail(source.location, "'<<' takes a mapping or a list of mappings");
    for (const Node::Member& member : source.members()) {
      if (member.value.merge_tag == MergeTag::reset) continue;  // it is about the place it is written at
      Node* own = mapping.find(member.key);
      if (own == nullptr) {
        mapping.set(member.key, member.value, member.key_location);
      } else if (own->merge_tag == MergeTag::reset) {  // takes away what earlier files say, not what is merged in here
        *own = member.value;
        own->merge_tag = MergeTag::replace;
      }
    }
  }

  std::string_view text_;
  std::shared_ptr<const SourceFile> file_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::optional<Node> document_;
  std::size_t total_ = 0;
};

}  // namespace

std::vector<Node> parse_yaml(std::string_view text, const std::shared_ptr<const std::string>& name) {
  if (text.size() > max_yaml_bytes) {
    const auto unread = std::make_shared<const SourceFile>(SourceFile{*name, ""});
    refuse({unread, 0, 0}, fmt::format("the file is larger than {} MiB", max_yaml_bytes >> 20));
  }
  const auto file = std::make_shared<const SourceFile>(SourceFile{*name, utf8_text(text)});
  check_characters(file);
  ViewBuffer buffer(file->text);
  std::istream stream(&buffer);
  Builder builder(file);
  std::vector<Node> documents;
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder))
      if (std::optional<Node> document = builder.take(); document && !document->is_null())
        documents.push_back(std::move(*document));
  } catch (const YAML::Exception& error) {
    refuse_syntax(builder.where(error.mark), error.msg);
  }
  return documents;
}

}  // namespace stack::compose
