// The parts of Request, Query, BodyReader and ResponseWriter that do not depend on the parser.
#include <strings.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.hpp"
#include "engine/http/router.hpp"

namespace stack::engine::http {

namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

/// Is `token` one of the comma-separated words of `list`?
bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    std::string_view word = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
    while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
    if (equal_ignoring_case(word, token)) return true;
  }
  return false;
}

}  // namespace

Query Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (pair.empty()) continue;
    const auto equal = pair.find('=');
    query.values_.emplace_back(percent_decode(pair.substr(0, equal), true),
                               equal == std::string_view::npos ? std::string{} : percent_decode(pair.substr(equal + 1), true));
  }
  return query;
}

std::optional<std::string_view> Query::find(std::string_view name) const {
  for (const auto& [key, value] : values_)
    if (key == name) return value;
  return std::nullopt;
}

std::string Query::get(std::string_view name, std::string_view otherwise) const {
  return std::string(find(name).value_or(otherwise));
}

std::vector<std::string> Query::all(std::string_view name) const {
  std::vector<std::string> found;
  for (const auto& [key, value] : values_)
    if (key == name) found.push_back(value);
  return found;
}

bool Query::flag(std::string_view name, bool otherwise) const {
  const auto value = find(name);
  if (!value) return otherwise;
  for (const std::string_view no : {"", "0", "no", "false", "none"})
    if (equal_ignoring_case(*value, no)) return false;
  return true;
}

std::optional<std::int64_t> Query::integer(std::string_view name) const {
  const auto value = find(name);
  if (!value || value->empty()) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error != std::errc{} || end != value->data() + value->size())
    throw Error(ErrorCode::invalid_argument,
                "invalid value \"" + std::string(*value) + "\" for " + std::string(name) + ": a whole number is expected");
  return number;
}

asio::awaitable<std::string> BodyReader::read_all(std::size_t limit) {
  std::string body;
  constexpr std::size_t step = 16 * 1024;
  for (;;) {
    const std::size_t old_size = body.size();
    body.resize(old_size + step);
    const std::size_t count = co_await read_some(std::span(body.data() + old_size, step));
    body.resize(old_size + count);
    if (count == 0) co_return body;
    if (body.size() > limit)
      throw Error(ErrorCode::invalid_argument, "request body is longer than " + std::to_string(limit) + " bytes");
  }
}

const std::string& Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters)
    if (key == name) return value;
  throw std::out_of_range("no path parameter " + std::string(name));
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (equal_ignoring_case(key, name)) return value;
  return {};
}

bool Request::wants_upgrade() const { return has_token(header("Connection"), "upgrade") && !header("Upgrade").empty(); }

namespace {

/// "application/json; charset=utf-8" and no type at all are fine.
void check_is_json(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (type.empty() || equal_ignoring_case(type, "application/json")) return;
  throw Error(ErrorCode::invalid_argument,
              "unsupported Content-Type header (" + std::string(content_type) + "): must be 'application/json'");
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

nlohmann::json parse(const std::string& text) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::invalid_argument, std::string("invalid JSON: ") + error.what());
  }
}

}  // namespace

asio::awaitable<nlohmann::json> Request::json_body(std::size_t limit) {
  const std::string text = co_await body->read_all(limit);
  if (is_blank(text)) co_return nlohmann::json::object();
  check_is_json(header("Content-Type"));
  co_return parse(text);
}

asio::awaitable<nlohmann::json> Request::required_json_body(std::size_t limit) {
  const std::string text = co_await body->read_all(limit);
  if (is_blank(text)) throw Error(ErrorCode::invalid_argument, "invalid JSON: got EOF while reading request body");
  check_is_json(header("Content-Type"));
  co_return parse(text);
}

asio::awaitable<void> ResponseWriter::json(int status, const nlohmann::json& body) {
  // Names and log texts come from outside: bytes that are no UTF-8 must not fail the answer.
  std::string text = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text += '\n';
  co_await send(status, "application/json", std::move(text));
}

asio::awaitable<void> ResponseWriter::text(int status, std::string body) {
  co_await send(status, "text/plain; charset=utf-8", std::move(body));
}

asio::awaitable<void> ResponseWriter::empty(int status) { co_await send(status, {}, {}); }

}  // namespace stack::engine::http
