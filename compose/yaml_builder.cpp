#include "compose/yaml_builder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "compose/mistakes.hpp"
#include "compose/yaml.hpp"

namespace stack::compose {
namespace {

constexpr std::size_t most_mistakes = 200;  ///< that are kept of a file
constexpr std::size_t usual_members = 4;    ///< of a mapping: room for so many is made at once
constexpr std::string_view core = "tag:yaml.org,2002:";

MergeTag merge_tag(std::string_view tag) {
  return tag == "!reset" ? MergeTag::reset : tag == "!override" ? MergeTag::replace : MergeTag::none;
}

/// YYYY-M-D with an optional time: YAML's timestamp type, which no Compose attribute takes.
bool is_date(std::string_view text) {
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

}  // namespace

YamlBuilder::YamlBuilder(std::shared_ptr<const SourceFile> file, std::vector<YamlMistake>& mistakes)
    : file_(std::move(file)), mistakes_(mistakes), line_end_(file_->text.find('\n')) {}

void YamlBuilder::take(const YamlEvent& event) {
  switch (event.kind) {
    case YamlEvent::Kind::document_start: anchors_.clear(); return;
    case YamlEvent::Kind::alias: return alias(event);
    case YamlEvent::Kind::scalar: return scalar(event);
    case YamlEvent::Kind::sequence_start: return begin(Node::sequence(at(event.offset)), event);
    case YamlEvent::Kind::mapping_start: return begin(Node::mapping(at(event.offset)), event);
    case YamlEvent::Kind::sequence_end:
    case YamlEvent::Kind::mapping_end: return end();
  }
}

// ---- places and mistakes -------------------------------------------------------------------------------------------------

Location YamlBuilder::at(std::size_t offset) {
  const std::string_view text = file_->text;
  if (offset < line_start_) {
    line_start_ = 0;
    line_ = 1;
    line_end_ = text.find('\n');
  }
  while (line_end_ < offset) {
    line_start_ = line_end_ + 1;
    ++line_;
    line_end_ = text.find('\n', line_start_);
  }
  return {file_, line_, static_cast<int>(offset - line_start_) + 1};
}

char YamlBuilder::character(std::size_t offset) const { return offset < file_->text.size() ? file_->text[offset] : '\0'; }

std::string YamlBuilder::path() const {
  std::string path;
  for (const Open& open : open_) {
    if (open.node.is_sequence())
      path = join_path(path, open.node.items().size());
    else if (open.key)
      path = join_path(path, *open.key);
  }
  return path;
}

void YamlBuilder::complain(const Location& where, std::string_view text) {
  if (mistakes_.size() >= most_mistakes) return;
  const std::string attribute = path();
  mistakes_.push_back({where, attribute.empty() ? std::string(text) : fmt::format("{}: {}", attribute, text)});
}

void YamlBuilder::refuse(const Location& where, std::string_view text) const {
  const std::string attribute = path();
  throw Error(ErrorCode::invalid_argument,
              fmt::format("{}: {}{}{}", to_string(where), attribute, attribute.empty() ? "" : ": ", text));
}

void YamlBuilder::count(std::size_t nodes, const Location& where) {
  total_ += nodes;
  if (total_ > max_yaml_nodes) refuse(where, fmt::format("the file expands to more than {} nodes", max_yaml_nodes));
}

// ---- structure -----------------------------------------------------------------------------------------------------------

bool YamlBuilder::awaits_key() const {
  return !open_.empty() && open_.back().node.is_mapping() && !open_.back().key && !open_.back().merge_key && !open_.back().drop;
}

void YamlBuilder::begin(Node node, const YamlEvent& event) {
  const bool is_key = awaits_key();
  if (is_key && event.flow && event.offset > 0 && character(event.offset) == '{' && character(event.offset - 1) == '{')
    complain(node.location, "'{{' is of a template language: render the file first, or put quotes around the value");
  else if (is_key)
    complain(node.location, "only a scalar can be a key");
  if (open_.size() >= static_cast<std::size_t>(max_yaml_depth)) refuse(node.location, "nested too deeply");
  count(1, node.location);
  node.merge_tag = merge_tag(event.tag);
  if (node.is_mapping()) node.members().reserve(usual_members);
  Open& open = open_.emplace_back();
  open.node = std::move(node);
  open.is_key = is_key;
  open.flow = event.flow;
  open.anchor = event.anchor;
}

void YamlBuilder::end() {
  Open& done = open_.back();
  if (done.merged) merge(done.node, *done.merged);
  if (done.anchor != 0) anchors_.insert_or_assign(done.anchor, Sized{done.node, done.size});
  Node node = std::move(done.node);
  const std::size_t size = done.size;
  const bool is_key = done.is_key;
  open_.pop_back();
  if (is_key)
    open_.back().drop = true;
  else
    add(std::move(node), size, false);
}

void YamlBuilder::add(Node node, std::size_t size, bool may_merge) {
  if (open_.empty()) {
    if (!node.is_null()) documents_.push_back(std::move(node));
    return;
  }
  Open& parent = open_.back();
  parent.size += size;
  if (parent.node.is_sequence()) {
    parent.node.append(std::move(node));
  } else if (parent.drop) {
    parent.drop = false;
  } else if (parent.merge_key) {
    parent.merge_key = false;
    parent.merged = std::move(node);
  } else if (parent.key) {
    parent.node.set(std::move(*parent.key), std::move(node), std::move(parent.key_location));
    parent.key.reset();
  } else {
    take_key(parent, std::move(node), may_merge);
  }
}

void YamlBuilder::take_key(Open& parent, Node node, bool may_merge) {
  if (node.is_null()) {
    complain(node.location, "a key is missing before ':'");
    parent.drop = true;
    return;
  }
  if (!node.is_string()) {
    complain(node.location, fmt::format("the key {} is {}, not a string; put quotes around it", node.text(), node.kind_name()));
    node = Node::string(node.text(), std::move(node.location));
  }
  const bool merge_key = may_merge && node.as_string() == "<<";
  const Node::Member* earlier = parent.node.find_member(node.as_string());
  if (earlier != nullptr || (merge_key && parent.merged)) {
    complain(node.location, fmt::format("key '{}' is already defined at line {}", node.as_string(),
                                        earlier != nullptr ? earlier->key_location.line : parent.merged->location.line));
    parent.drop = true;
  } else if (merge_key) {
    parent.merge_key = true;
  } else {
    parent.key_location = std::move(node.location);
    parent.key = std::move(node.as_string());
  }
}

/// What the mapping has itself wins, then the earlier of the merged ones.
void YamlBuilder::merge(Node& mapping, const Node& source) {
  if (source.is_sequence()) {
    for (const Node& item : source.items()) {
      if (item.is_mapping())
        merge(mapping, item);
      else
        complain(item.location, "'<<' takes a mapping or a list of mappings");
    }
    return;
  }
  if (!source.is_mapping()) return complain(source.location, "'<<' takes a mapping or a list of mappings");
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

void YamlBuilder::alias(const YamlEvent& event) {
  const Location here = at(event.offset);
  const auto found = anchors_.find(event.anchor);
  if (found == anchors_.end()) {
    complain(here, "this alias refers to the node that contains it");
    return add(awaits_key() ? Node::string("*", here) : Node(here), 1, false);
  }
  count(found->second.size, here);
  Node copy = found->second.node;
  if (awaits_key() && !copy.is_scalar()) {
    complain(here, "only a scalar can be a key");
    open_.back().drop = true;
    return;
  }
  if (!open_.empty() && open_.back().merge_key) copy.location = here;  // of what is wrong with it
  add(std::move(copy), found->second.size, false);
}

// ---- scalars -------------------------------------------------------------------------------------------------------------

void YamlBuilder::scalar(const YamlEvent& event) {
  Location here = at(event.offset);
  const bool nothing = event.plain && event.value.empty() && event.tag.empty();
  if (nothing && !open_.empty()) {
    const Open& parent = open_.back();
    if (parent.flow && parent.node.is_sequence() && character(event.offset) == ',')
      complain(here, "an item is missing before ',' in this list");
    // For a value that is not there the place is that of whatever comes next, maybe lines below: then it is where its key is.
    if (parent.key && (parent.key_location.line != here.line || character(event.offset) == ',' ||
                       character(event.offset) == '}' || character(event.offset) == ']'))
      here = parent.key_location;
  }
  Node node = scalar_node(event, here);
  node.merge_tag = merge_tag(event.tag);
  count(1, node.location);
  if (event.anchor != 0) anchors_.insert_or_assign(event.anchor, Sized{node, 1});
  add(std::move(node), 1, event.plain && (event.tag.empty() || event.tag == "tag:yaml.org,2002:merge"));
}

Node YamlBuilder::scalar_node(const YamlEvent& event, const Location& where) {
  if (event.tag.starts_with(core)) return typed(event.tag.substr(core.size()), event, where);
  // A tag of others leaves text in quotes what it is.
  return event.plain ? plain(event, where) : Node::string(std::string(event.value), where);
}

Node YamlBuilder::plain(const YamlEvent& event, const Location& where) {
  if (is_date(event.value)) {
    if (!in_extension()) complain(where, fmt::format("'{}' is a date to YAML; put quotes around it", event.value));
    return Node::string(std::string(event.value), where);
  }
  return resolve_plain_scalar(event.value, where);
}

/// `!!type`
Node YamlBuilder::typed(std::string_view type, const YamlEvent& event, const Location& where) {
  if (type == "timestamp") return plain(event, where);
  if (type == "binary") {
    try {
      return Node::string(base64_decode(event.value), where);
    } catch (const Error& error) {
      complain(where, fmt::format("!!binary: {}", error.what()));
      return Node::string("", where);
    }
  }
  if (type != "int" && type != "float" && type != "bool" && type != "null")
    return Node::string(std::string(event.value), where);
  Node node = resolve_plain_scalar(event.value, where);
  if (type == "float" && node.is_integer()) node = Node::floating(static_cast<double>(node.as_integer()), where);
  const bool fits = (type == "int" && node.is_integer()) || (type == "float" && node.is_floating()) ||
                    (type == "bool" && node.is_boolean()) || (type == "null" && node.is_null());
  if (!fits) complain(where, fmt::format("'{}' cannot be read as !!{}", event.value, type));
  return node;
}

bool YamlBuilder::in_extension() const {
  return std::any_of(open_.begin(), open_.end(), [](const Open& open) { return open.key && open.key->starts_with("x-"); });
}

}  // namespace stack::compose
