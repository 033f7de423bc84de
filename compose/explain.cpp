#include "compose/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "base/error.hpp"
#include "compose/dotenv.hpp"
#include "compose/interpolate.hpp"
#include "compose/node_path.hpp"
#include "compose/print.hpp"
#include "compose/yaml.hpp"

namespace stack::compose {
namespace {

constexpr std::size_t widest_line = 100;  ///< characters shown of a line of a file

std::string_view trimmed(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
}

std::string shortened(std::string_view line) {
  line = trimmed(line);
  return line.size() <= widest_line ? std::string(line) : fmt::format("{}…", line.substr(0, widest_line));
}

/// From there on: before it other values may stand.
std::string_view rest_of_line(const Location& location) {
  const std::string_view line = source_line(location);
  return location.column > 0 ? line.substr(std::min(static_cast<std::size_t>(location.column - 1), line.size())) : line;
}

std::string file_text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return std::move(text).str();
}

std::string line_of(std::string_view text, int number) {
  for (int passed = 1; passed < number && !text.empty(); ++passed)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return std::string(text.substr(0, text.find('\n')));
}

/// One of the places that set something.
struct Layer {
  std::string place, line;
};

std::string layer_lines(const std::vector<Layer>& layers, int indent) {
  std::size_t width = 0;
  for (const Layer& layer : layers) width = std::max(width, layer.place.size());
  std::string out;
  for (const Layer& layer : layers)
    out += fmt::format("{:{}}{:{}}  {}{}\n", "", indent, layer.place, width, layer.line,
                       &layer == layers.data() ? "  <- counts" : "");
  return out;
}

/// Where a dotenv file sets a name; the last counts and comes first.
std::vector<Layer> dotenv_layers(const std::string& path, const std::string& name, const std::string& cwd) {
  const std::string text = file_text(path);
  std::map<std::string, std::string> values;
  std::vector<DotenvEntry> entries;
  const Lookup nothing = [](std::string_view) -> std::optional<std::string> { return std::string(); };
  try {
    parse_dotenv(text, path, nothing, values, &entries);
  } catch (const Error&) {  // the loader has read as much of it
  }
  const std::string below = cwd + '/';
  const std::string shown = path.starts_with(below) ? path.substr(below.size()) : path;
  std::vector<Layer> layers;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
    if (entry->name == name)
      layers.push_back({fmt::format("{}:{}", shown, entry->line), shortened(line_of(text, entry->line))});
  return layers;
}

bool is_variable_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && !(text.front() >= '0' && text.front() <= '9') && std::all_of(text.begin(), text.end(), fits);
}

class Explainer {
public:
  Explainer(const LoadResult& loaded, const LoadOptions& options) : loaded_(loaded), options_(options) {}

  std::string run(const std::string& subject) {
    if (const Node* node = find_path(*loaded_.tree, subject)) {
      explain_node(*node, subject);
    } else if (const std::optional<std::string> implied = implied_value(subject)) {
      explain_implied(subject, *implied);
    } else if (is_variable_name(subject)) {
      explain_variable(subject, 0);
      if (known_variable_ == 0) unknown(subject);
    } else {
      unknown(subject);
    }
    return std::move(out_);
  }

private:
  // ---- keys --------------------------------------------------------------------------------------------------------------

  void explain_node(const Node& node, const std::string& path) {
    if (node.is_mapping() && !node.members().empty()) {
      for (const Node::Member& member : node.members()) explain_node(member.value, join_path(path, member.key));
    } else if (node.is_sequence() && !node.items().empty()) {
      for (std::size_t i = 0; i < node.items().size(); ++i) explain_node(node.items()[i], join_path(path, i));
    } else {
      explain_leaf(node, path);
    }
  }

  void explain_leaf(const Node& leaf, const std::string& path) {
    const std::string value = implied_value(path).value_or(json_text(leaf, false));
    out_ += fmt::format("{} = {}\n", path, value);
    std::vector<Layer> layers;
    for (const Node* node = &leaf; node != nullptr; node = node->replaced.get())
      if (node->location) layers.push_back({to_string(node->location), shortened(source_line(node->location))});
    for (Layer& layer : env_file_layers(path)) layers.push_back(std::move(layer));
    if (layers.empty()) layers.push_back({"by default", "no file says it"});
    out_ += layer_lines(layers, 2);
    for (const VariableUse& use : variables_of(rest_of_line(leaf.location))) explain_variable(use.name, 2);
    if (leaf.is_null() && path.find(".environment.") != std::string::npos)
      explain_variable(path.substr(path.rfind('.') + 1), 2);
  }

  /// As the finished document has it.
  std::optional<std::string> implied_value(const std::string& path) {
    if (!document_)
      document_ = parse_yaml(print_yaml(loaded_.project, Dollars::as_written), std::make_shared<const std::string>("")).at(0);
    const Node* found = find_path(*document_, path);
    if (found == nullptr) return std::nullopt;
    return json_text(*found, false);
  }

  void explain_implied(const std::string& path, const std::string& value) {
    out_ += fmt::format("{} = {}\n", path, value);
    std::vector<Layer> layers = env_file_layers(path);
    if (layers.empty()) layers.push_back({"by default", "no file says it"});
    out_ += layer_lines(layers, 2);
  }

  /// services.NAME.environment.VARIABLE out of a file that the service's env_file names.
  std::vector<Layer> env_file_layers(const std::string& path) const {
    constexpr std::string_view section = ".environment.";
    const std::size_t at = path.find(section);
    if (at == std::string::npos) return {};
    std::vector<Layer> layers;
    const Node* files = find_path(*loaded_.tree, path.substr(0, at) + ".env_file");
    if (files == nullptr) return {};
    for (auto file = files->items().rbegin(); file != files->items().rend(); ++file)
      if (const Node* name = file->find("path"))
        for (Layer& layer : dotenv_layers(name->text(), path.substr(at + section.size()), options_.cwd))
          layers.push_back(std::move(layer));
    return layers;
  }

  // ---- variables ---------------------------------------------------------------------------------------------------------

  void explain_variable(const std::string& name, int indent) {
    std::vector<Layer> layers;
    if (const auto process = options_.environment.find(name); process != options_.environment.end())
      layers.push_back({"the environment", name + '=' + process->second});
    for (auto file = loaded_.variable_files.rbegin(); file != loaded_.variable_files.rend(); ++file)
      for (Layer& layer : dotenv_layers(*file, name, options_.cwd)) layers.push_back(std::move(layer));
    const auto value = loaded_.project.environment.find(name);
    const bool set = value != loaded_.project.environment.end();
    if (set && layers.empty()) layers.push_back({"the project's name", ""});
    const std::string head =
        set ? fmt::format("{} = {}", name, json_text(Node::string(value->second), false)) : name + " is not set";
    std::vector<Layer> uses;
    if (indent == 0) uses = uses_of(name);
    known_variable_ = layers.size() + uses.size();
    out_ += fmt::format("{:{}}{}\n", "", indent, head) + layer_lines(layers, indent + 2);
    if (!uses.empty()) out_ += "used in\n";
    for (const Layer& use : uses) out_ += fmt::format("  {}  {}\n", use.place, use.line);
  }

  /// In every file that the project was read from, defaults included.
  std::vector<Layer> uses_of(const std::string& name) {
    std::vector<std::shared_ptr<const SourceFile>> files;
    collect_files(*loaded_.tree, files);
    std::vector<Layer> layers;
    for (const auto& file : files)
      for (const Node& root : parse_yaml(file->text, std::make_shared<const std::string>(file->name)))
        collect_uses(root, name, layers);
    return layers;
  }

  static void collect_files(const Node& node, std::vector<std::shared_ptr<const SourceFile>>& files) {
    if (node.location && std::find(files.begin(), files.end(), node.location.file) == files.end())
      files.push_back(node.location.file);
    for (const Node& item : node.items()) collect_files(item, files);
    for (const Node::Member& member : node.members()) collect_files(member.value, files);
  }

  static void collect_uses(const Node& node, const std::string& name, std::vector<Layer>& layers) {
    if (node.is_string() && node.as_string().find('$') != std::string::npos)
      for (const VariableUse& use : variables_of(node.as_string()))
        if (use.name == name) {
          const Location place = place_of('$', use.dollars_before, node.location);
          Layer use{to_string(place), shortened(source_line(place))};
          const bool known =
              std::any_of(layers.begin(), layers.end(), [&](const Layer& other) { return other.place == use.place; });
          if (!known) layers.push_back(std::move(use));  // an alias is the same text again
        }
    for (const Node& item : node.items()) collect_uses(item, name, layers);
    for (const Node::Member& member : node.members()) collect_uses(member.value, name, layers);
  }

  // ---- neither -----------------------------------------------------------------------------------------------------------

  [[noreturn]] void unknown(const std::string& subject) {
    std::vector<std::string> paths;
    collect_paths(*loaded_.tree, "", paths);
    for (const auto& [name, _] : loaded_.project.environment) paths.push_back(name);
    const std::string_view guess = nearest(subject, {paths.begin(), paths.end()});
    throw Error(ErrorCode::not_found, fmt::format("{} is neither a key of the project nor a variable{}", subject,
                                                  guess.empty() ? "" : fmt::format("; did you mean {}?", guess)));
  }

  static void collect_paths(const Node& node, const std::string& path, std::vector<std::string>& paths) {
    if (!path.empty()) paths.push_back(path);
    for (const Node::Member& member : node.members()) collect_paths(member.value, join_path(path, member.key), paths);
    for (std::size_t i = 0; i < node.items().size(); ++i) collect_paths(node.items()[i], join_path(path, i), paths);
  }

  const LoadResult& loaded_;
  const LoadOptions& options_;
  std::optional<Node> document_;
  std::size_t known_variable_ = 0;  ///< places that know the variable explained last
  std::string out_;
};

}  // namespace

std::string explain(const LoadResult& loaded, const LoadOptions& options, const std::string& subject) {
  return Explainer(loaded, options).run(subject);
}

}  // namespace stack::compose
