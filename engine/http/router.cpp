#include "engine/http/router.hpp"

#include <charconv>
#include <stdexcept>

#include "base/error.hpp"

namespace stack::engine::http {

namespace {

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

/// The part up to the next '/', which is removed with it.
std::string_view next_segment(std::string_view& path) {
  const auto slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  return segment;
}

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> segments;
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (!path.empty()) segments.push_back(next_segment(path));
  return segments;
}

}  // namespace

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      decoded += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::pair<int, std::string_view> split_version(std::string_view path) {
  if (!path.starts_with("/v")) return {api_version_max, path};
  const auto end = path.find('/', 1);
  const std::string_view version = path.substr(2, end == std::string_view::npos ? end : end - 2);
  const auto dot = version.find('.');
  if (dot == std::string_view::npos || version.find_first_not_of("0123456789.") != std::string_view::npos)
    return {api_version_max, path};
  int major = 0;
  int minor = 0;
  const auto first = std::from_chars(version.data(), version.data() + dot, major);
  const auto second = std::from_chars(version.data() + dot + 1, version.data() + version.size(), minor);
  if (first.ec != std::errc{} || first.ptr != version.data() + dot || second.ec != std::errc{} ||
      second.ptr != version.data() + version.size())
    return {api_version_max, path};
  if (major > 1 || (major == 1 && minor > api_version_max))
    throw Error(ErrorCode::invalid_argument, "client version " + std::string(version) +
                                                 " is too new. Maximum supported API version is 1." +
                                                 std::to_string(api_version_max));
  if (major < 1 || minor < api_version_min)
    throw Error(ErrorCode::invalid_argument,
                "client version " + std::string(version) + " is too old. Minimum supported API version is 1." +
                    std::to_string(api_version_min) + ", please upgrade your client to a newer version");
  return {minor, end == std::string_view::npos ? std::string_view{"/"} : path.substr(end)};
}

struct Router::Route {
  struct Segment {
    enum class Kind { literal, one, rest } kind;
    std::string text;  ///< the literal, or the parameter's name
  };

  Method method;
  std::string pattern;
  std::vector<Segment> segments;
  std::size_t literals = 0;
  Handler handler;

  bool match(const std::vector<std::string_view>& path, std::vector<std::pair<std::string, std::string>>& parameters) const;
};

Router::Router() = default;
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(Method method, std::string_view pattern, Handler handler) {
  Route route{.method = method, .pattern = std::string(pattern), .segments = {}, .handler = std::move(handler)};
  for (const auto& present : routes_)
    if (present.method == method && present.pattern == pattern) throw std::logic_error("route added twice: " + route.pattern);
  for (std::string_view text : split_path(pattern)) {
    if (!text.starts_with('{')) {
      route.segments.push_back({Route::Segment::Kind::literal, std::string(text)});
      ++route.literals;
      continue;
    }
    text = text.substr(1, text.size() - 2);
    const bool rest = text.ends_with("...");
    if (rest) text.remove_suffix(3);
    route.segments.push_back({rest ? Route::Segment::Kind::rest : Route::Segment::Kind::one, std::string(text)});
  }
  routes_.push_back(std::move(route));
}

/// A pattern has at most one "{name...}": what is left of it is matched from the front, what is right of it from the back.
bool Router::Route::match(const std::vector<std::string_view>& path,
                          std::vector<std::pair<std::string, std::string>>& parameters) const {
  using Kind = Segment::Kind;
  if (path.size() < segments.size()) return false;
  const std::size_t extra = path.size() - segments.size();  // segments that "{name...}" takes beyond one
  std::size_t at = 0;
  for (const auto& segment : segments) {
    if (segment.kind == Kind::literal) {
      if (path[at] != segment.text) return false;
    } else if (segment.kind == Kind::one) {
      if (path[at].empty()) return false;
      parameters.emplace_back(segment.text, percent_decode(path[at]));
    } else {
      const char* begin = path[at].data();
      at += extra;
      parameters.emplace_back(segment.text,
                              percent_decode({begin, static_cast<std::size_t>(path[at].data() + path[at].size() - begin)}));
    }
    ++at;
  }
  return at == path.size();
}

Match Router::find(Method method, std::string_view path) const {
  const auto segments = split_path(path);
  Match best;
  std::size_t best_literals = 0;
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const auto& route : routes_) {
    if (route.method != method || (best.handler != nullptr && route.literals <= best_literals)) continue;
    parameters.clear();
    if (!route.match(segments, parameters)) continue;
    best = {&route.handler, route.pattern, parameters};
    best_literals = route.literals;
  }
  return best;
}

}  // namespace stack::engine::http
