#include "engine/image/reference.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <vector>

#include "base/error.hpp"

namespace stack::engine::image {

namespace {

constexpr std::string_view default_domain = "docker.io";
constexpr std::string_view official_prefix = "library/";
constexpr std::size_t max_name_length = 255;  // of domain/path, as the distribution specification's implementations have it
constexpr std::size_t max_tag_length = 128;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
bool is_word(char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '_'; }

[[noreturn]] void invalid(const std::string& detail = {}) {
  throw Error(ErrorCode::invalid_argument, "invalid reference format" + (detail.empty() ? "" : ": " + detail));
}

/// Lower-case words joined by '.', '_', '__' or any number of '-'.
bool valid_path_component(std::string_view text) {
  if (text.empty()) return false;
  for (std::size_t at = 0;;) {
    const std::size_t start = at;
    while (at < text.size() && (is_lower(text[at]) || is_digit(text[at]))) ++at;
    if (at == start) return false;
    if (at == text.size()) return true;
    const char separator = text[at];
    const std::size_t first = at;
    while (at < text.size() && text[at] == separator) ++at;
    const std::size_t count = at - first;
    if (separator == '-') continue;
    if (!(separator == '.' && count == 1) && !(separator == '_' && count <= 2)) return false;
  }
}

bool valid_domain(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view host = text;
  if (colon != std::string_view::npos && text.back() != ']') {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || !std::all_of(port.begin(), port.end(), is_digit)) return false;
    host = text.substr(0, colon);
  }
  if (host.starts_with("[") && host.ends_with("]")) {
    const std::string_view address = host.substr(1, host.size() - 2);
    return !address.empty() && address.find_first_not_of("0123456789abcdefABCDEF:") == std::string_view::npos;
  }
  while (true) {
    const std::size_t dot = host.find('.');
    const std::string_view label = host.substr(0, dot);
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return (is_word(c) && c != '_') || c == '-'; })) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

bool valid_tag(std::string_view text) {
  return !text.empty() && text.size() <= max_tag_length && is_word(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

void check_digest(std::string_view digest) {
  const std::size_t colon = digest.find(':');
  if (colon == std::string_view::npos || colon == 0) invalid();
  const std::string_view hex = digest.substr(colon + 1);
  if (!std::all_of(hex.begin(), hex.end(), is_hex) || hex.size() < 32) invalid();
  if (digest.substr(0, colon) != "sha256") throw Error(ErrorCode::invalid_argument, "unsupported digest algorithm");
  if (hex.size() != 64) throw Error(ErrorCode::invalid_argument, "invalid checksum digest length");
}

/// "host/path" when the first part can only be a host, else Docker Hub.
void split_domain(std::string_view name, Reference& reference) {
  const std::size_t slash = name.find('/');
  const std::string_view first = name.substr(0, slash);
  const bool is_host =
      slash != std::string_view::npos && (first.find_first_of(".:") != std::string_view::npos || first == "localhost" ||
                                          std::any_of(first.begin(), first.end(), is_upper));
  reference.domain = is_host ? first : default_domain;
  reference.path = is_host ? name.substr(slash + 1) : name;
  if (reference.domain == "index.docker.io") reference.domain = default_domain;
  if (reference.domain == default_domain && reference.path.find('/') == std::string::npos)
    reference.path.insert(0, official_prefix);
}

void check_path(const std::string& path) {
  if (std::any_of(path.begin(), path.end(), is_upper)) invalid("repository name (" + path + ") must be lowercase");
  for (std::string_view rest = path;;) {
    const std::size_t slash = rest.find('/');
    if (!valid_path_component(rest.substr(0, slash))) invalid();
    if (slash == std::string_view::npos) return;
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace

std::string Reference::repository() const { return domain + "/" + path; }

std::string Reference::familiar_repository() const {
  if (domain != default_domain) return repository();
  if (path.starts_with(official_prefix) && path.find('/', official_prefix.size()) == std::string::npos)
    return path.substr(official_prefix.size());
  return path;
}

std::string Reference::familiar() const {
  return familiar_repository() + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

std::string Reference::full() const {
  return repository() + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

Reference parse_reference(std::string_view text) {
  if (text.empty()) invalid();
  if (text.size() == 64 && std::all_of(text.begin(), text.end(), is_hex))
    throw Error(ErrorCode::invalid_argument,
                "invalid repository name (" + std::string(text) + "), cannot specify 64-byte hexadecimal strings");
  Reference reference;
  std::string_view name = text;
  if (const std::size_t at = name.find('@'); at != std::string_view::npos) {
    check_digest(name.substr(at + 1));
    reference.digest = name.substr(at + 1);
    name = name.substr(0, at);
  }
  const std::size_t colon = name.rfind(':');
  if (colon != std::string_view::npos && name.find('/', colon) == std::string_view::npos) {
    if (!valid_tag(name.substr(colon + 1))) invalid();
    reference.tag = name.substr(colon + 1);
    name = name.substr(0, colon);
  }
  split_domain(name, reference);
  check_path(reference.path);
  if (!valid_domain(reference.domain)) invalid();
  if (reference.repository().size() > max_name_length)
    throw Error(ErrorCode::invalid_argument, "repository name must not be more than 255 characters");
  return reference;
}

Reference parse_tagged_reference(std::string_view text) {
  Reference reference = parse_reference(text);
  if (reference.tag.empty() && reference.digest.empty()) reference.tag = "latest";
  return reference;
}

Reference parse_repo_and_tag(std::string_view repo, std::string_view tag) {
  if (tag.empty()) return parse_tagged_reference(repo);
  const std::string separator = tag.find(':') == std::string_view::npos ? ":" : "@";
  Reference plain = parse_reference(repo);
  if (!plain.tag.empty() && separator == ":") repo = repo.substr(0, repo.rfind(':'));
  return parse_reference(std::string(repo) + separator + std::string(tag));
}

bool matches_pattern(const Reference& reference, std::string_view pattern) {
  const std::string text(pattern);
  return ::fnmatch(text.c_str(), reference.familiar().c_str(), FNM_PATHNAME) == 0 ||
         ::fnmatch(text.c_str(), reference.familiar_repository().c_str(), FNM_PATHNAME) == 0;
}

}  // namespace stack::engine::image
