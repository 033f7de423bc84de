#include "compose/mistakes.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"

namespace stack::compose {
namespace {

constexpr std::size_t most_shown = 20;  ///< finding a place in its file takes as long as the file is

std::string line(const Location& where, std::string_view path, std::string_view text) {
  std::string out = to_string(where);
  if (!out.empty()) out += ": ";
  out += path;
  if (!path.empty()) out += ": ";
  return out += text;
}

std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

void Mistakes::add(const Location& where, std::string_view path, std::string_view text) {
  errors_.push_back(errors_.size() < most_shown ? line(where, path, text) : std::string());
}

void Mistakes::warn(const Location& where, std::string_view path, std::string_view text) {
  warnings_.push_back(line(where, path, text));
}

void Mistakes::throw_if_any() const {
  if (errors_.empty()) return;
  std::string text;
  for (std::size_t i = 0; i < errors_.size() && i < most_shown; ++i) text += (i == 0 ? "" : "\n") + errors_[i];
  if (errors_.size() > most_shown) text += "\nand " + std::to_string(errors_.size() - most_shown) + " more";
  throw Error(ErrorCode::invalid_argument, text);
}

std::string join_path(std::string_view path, std::string_view key) {
  std::string out(path);
  if (!out.empty()) out += '.';
  return out += key;
}

std::string join_path(std::string_view path, std::size_t index) {
  return std::string(path) + '[' + std::to_string(index) + ']';
}

std::string_view nearest(std::string_view text, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  std::size_t best_edits = 1 + std::max<std::size_t>(1, std::min<std::size_t>(text.size(), 64) / 3);
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > text.size() + best_edits || text.size() > candidate.size() + best_edits) continue;
    if (const std::size_t count = edits(text, candidate); count < best_edits) {
      best = candidate;
      best_edits = count;
    }
  }
  return best;
}

}  // namespace stack::compose
