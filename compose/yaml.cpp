#include "compose/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/error.hpp"
#include "compose/mistakes.hpp"
#include "compose/source_text.hpp"
#include "compose/yaml_builder.hpp"
#include "compose/yaml_recovery.hpp"

namespace stack::compose {
namespace {

constexpr int most_syntax_errors = 10;  ///< of one file: behind each the text is read once more

[[noreturn]] void refuse(const Location& where, std::string_view text) {
  throw Error(ErrorCode::invalid_argument, fmt::format("{}: {}", to_string(where), text));
}

/// Where the byte at an offset is.
Location location_of(const std::shared_ptr<const SourceFile>& file, std::size_t at) {
  const std::string_view before = std::string_view(file->text).substr(0, at);
  const auto line = static_cast<int>(1 + std::count(before.begin(), before.end(), '\n'));
  return {file, line, static_cast<int>(at - (before.rfind('\n') + 1)) + 1};  // npos + 1 is 0
}

std::optional<YamlFailure> build(std::string_view text, YamlBuilder& builder) {
  YamlEvents events(text);
  while (const YamlEvent* event = events.next()) {
    if (event->kind == YamlEvent::Kind::stream_end) return std::nullopt;
    builder.take(*event);
  }
  return events.failure();
}

/// Leaves the lines, so that places stay what they are.
void blank(std::string& text, std::size_t begin, std::size_t end) {
  for (std::size_t at = begin; at < end; ++at)
    if (text[at] != '\n') text[at] = ' ';
}

/// Throws when there are any; each once, in the order of the file.
void throw_all(std::vector<YamlMistake> found) {
  const auto order = [](const YamlMistake& mistake) {
    return std::tie(mistake.where.line, mistake.where.column, mistake.text);
  };
  std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) { return order(a) < order(b); });
  const auto same = [&](const auto& a, const auto& b) { return order(a) == order(b); };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  Mistakes mistakes;
  for (const YamlMistake& mistake : found) mistakes.add(mistake.where, "", mistake.text);
  mistakes.throw_if_any();
}

}  // namespace

std::vector<Node> parse_yaml(std::string_view text, const std::shared_ptr<const std::string>& name) {
  if (text.size() > max_yaml_bytes) {
    const auto unread = std::make_shared<const SourceFile>(SourceFile{*name, ""});
    refuse({unread, 0, 0}, fmt::format("the file is larger than {} MiB", max_yaml_bytes >> 20));
  }
  const auto file = std::make_shared<const SourceFile>(SourceFile{*name, utf8_text(text)});
  if (const auto bad = bad_character(file->text)) refuse(location_of(file, bad->offset), bad->why);

  std::vector<YamlMistake> mistakes;
  std::string remaining;  // the text without what is broken
  for (int errors = 0; errors < most_syntax_errors; ++errors) {
    const std::string_view source = errors == 0 ? file->text : remaining;
    YamlBuilder builder(file, mistakes, errors > 0);
    const std::optional<YamlFailure> failure = build(source, builder);
    if (!failure) {
      throw_all(std::move(mistakes));
      return builder.documents();
    }
    const BrokenPart part = broken_part(source, *failure);
    const std::string attribute = part.failure.offset == failure->offset ? builder.path() : "";
    mistakes.push_back({location_of(file, part.failure.offset),
                        attribute.empty() ? part.failure.text : fmt::format("{}: {}", attribute, part.failure.text)});
    if (part.end == source.size()) break;  // nothing follows
    if (errors == 0) remaining = file->text;
    blank(remaining, part.begin, part.end);
  }
  throw_all(std::move(mistakes));
  return {};  // not reached: there is a mistake
}

}  // namespace stack::compose
