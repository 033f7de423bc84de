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

constexpr int most_syntax_errors = 10;             ///< of one file: behind each the text is read again
constexpr std::size_t most_read_again = 4U << 20;  ///< bytes

[[noreturn]] void refuse(const Location& where, std::string_view text) {
  throw Error(ErrorCode::invalid_argument, fmt::format("{}: {}", to_string(where), text));
}

/// Where the byte at an offset is.
Location location_of(const std::shared_ptr<const SourceFile>& file, std::size_t at) {
  const std::string_view before = std::string_view(file->text).substr(0, at);
  const auto line = static_cast<int>(1 + std::count(before.begin(), before.end(), '\n'));
  return {file, line, static_cast<int>(at - (before.rfind('\n') + 1)) + 1};  // npos + 1 is 0
}

/// Leaves the lines, so that places stay what they are.
void blank(std::string& text, std::size_t begin, std::size_t end) {
  for (std::size_t at = begin; at < end; ++at)
    if (text[at] != '\n') text[at] = ' ';
}

/// An alias whose anchor is not there: an empty mapping fits wherever one stands for a value, any name where it is a key.
void replace_alias(std::string& text, std::size_t at) {
  const std::size_t end = std::min(text.find_first_of(" \t\r\n,[]{}", at), text.size());
  const std::size_t next = text.find_first_not_of(" \t", end);
  if (next < text.size() && text[next] == ':') {
    text[at] = '_';
  } else {
    blank(text, at, end);
    text.replace(at, 2, "{}");
  }
}

YamlMistake mistake_at(const std::shared_ptr<const SourceFile>& file, const YamlFailure& failure,
                       const std::string& attribute) {
  return {location_of(file, failure.offset), attribute.empty() ? failure.text : fmt::format("{}: {}", attribute, failure.text)};
}

/// Of the mistakes from `known` on, those at or behind a place may be consequences of what is wrong there.
void drop_behind(std::vector<YamlMistake>& mistakes, std::size_t known, const Location& place) {
  const auto behind = [&](const YamlMistake& mistake) {
    return std::tie(mistake.where.line, mistake.where.column) >= std::tie(place.line, place.column);
  };
  mistakes.erase(std::remove_if(mistakes.begin() + static_cast<std::ptrdiff_t>(known), mistakes.end(), behind), mistakes.end());
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
  bool parts_missing = false;
  for (int errors = 0; errors < most_syntax_errors; ++errors) {
    const std::string_view source = errors == 0 ? file->text : remaining;
    const std::size_t known = mistakes.size();
    YamlBuilder builder(file, mistakes);
    const std::optional<YamlFailure> failure = read_yaml(source, builder);
    if (!failure) {
      throw_all(std::move(mistakes));
      return builder.documents();
    }
    if (errors == 0) remaining = file->text;
    if (failure->kind == YamlFailure::Kind::unknown_alias) {
      if (!parts_missing) mistakes.push_back(mistake_at(file, *failure, builder.path()));
      replace_alias(remaining, failure->offset);
    } else {
      const BrokenPart part = broken_part(source, *failure);
      drop_behind(mistakes, known, location_of(file, part.failure.offset));
      mistakes.push_back(mistake_at(file, part.failure, part.failure.offset == failure->end ? builder.path() : ""));
      if (part.end == source.size()) break;  // nothing follows
      blank(remaining, part.begin, part.end);
      parts_missing = true;
    }
    if (static_cast<std::size_t>(errors + 1) * source.size() > most_read_again) break;
  }
  throw_all(std::move(mistakes));
  return {};  // not reached: there is a mistake
}

}  // namespace stack::compose
