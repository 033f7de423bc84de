#include "engine/image/credentials.hpp"

#include <cctype>

#include "base/base64.hpp"
#include "base/json.hpp"

namespace stack::engine::image {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

Credentials read_credentials(const nlohmann::json& value, const std::string& where) {
  Credentials credentials;
  json::read(value, "username", credentials.username, where);
  json::read(value, "password", credentials.password, where);
  json::read(value, "identitytoken", credentials.identity_token, where);
  json::read(value, "registrytoken", credentials.registry_token, where);
  std::string both;
  json::read(value, "auth", both, where);
  if (!both.empty() && credentials.username.empty()) {
    both = base64_decode(both);
    const std::size_t colon = both.find(':');
    if (colon == std::string::npos) throw Error(ErrorCode::invalid_argument, where + ".auth: no user:password");
    credentials.username = both.substr(0, colon);
    credentials.password = both.substr(colon + 1);
  }
  return credentials;
}

/// RFC 9110: a token's characters.
bool is_token_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

class ChallengeReader {
public:
  explicit ChallengeReader(std::string_view text) : rest_(text) {}

  std::vector<Challenge> run() {
    std::vector<Challenge> found;
    for (;;) {
      skip(" \t,");
      const std::string word(token());
      if (word.empty()) return found;
      skip(" \t");
      if (!found.empty() && take('=')) {  // a parameter of the scheme before
        skip(" \t");
        if (!value(found.back().parameters[lower(word)])) return found;
        continue;
      }
      found.push_back({lower(word), {}});
    }
  }

private:
  void skip(std::string_view characters) {
    const std::size_t count = rest_.find_first_not_of(characters);
    rest_.remove_prefix(count == std::string_view::npos ? rest_.size() : count);
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view token() {
    std::size_t length = 0;
    while (length < rest_.size() && is_token_char(rest_[length])) ++length;
    const std::string_view found = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return found;
  }
  bool value(std::string& into) {
    into.clear();
    if (!take('"')) {  // a token; some servers leave the quotes away around other things too
      const std::size_t end = std::min(rest_.find_first_of(" \t,"), rest_.size());
      into = rest_.substr(0, end);
      rest_.remove_prefix(end);
      return !into.empty();
    }
    while (!rest_.empty()) {
      if (take('"')) return true;
      take('\\');
      if (rest_.empty()) return false;
      into += rest_.front();
      rest_.remove_prefix(1);
    }
    return false;
  }

  std::string_view rest_;
};

}  // namespace

Credentials parse_registry_auth(std::string_view header) {
  if (header.empty()) return {};
  constexpr const char* where = "X-Registry-Auth";
  std::string text;
  try {
    text = base64_decode(header);
  } catch (const Error&) {
    throw Error(ErrorCode::invalid_argument, std::string(where) + ": not base64");
  }
  if (text.empty() || text == "null") return {};
  return read_credentials(json::parse_object(text, where), where);
}

std::map<std::string, Credentials> parse_registry_config(std::string_view header) {
  std::map<std::string, Credentials> found;
  if (header.empty()) return found;
  const std::string where = "X-Registry-Config";
  const std::string text = base64_decode(header);
  if (text.empty() || text == "null") return found;
  const nlohmann::json value = json::parse_object(text, where);
  for (const auto& [host, entry] : value.items()) {
    if (!entry.is_object()) throw Error(ErrorCode::invalid_argument, where + "." + host + ": must be an object");
    found[host] = read_credentials(entry, where + "." + host);
  }
  return found;
}

std::vector<Challenge> parse_challenges(std::string_view header) { return ChallengeReader(header).run(); }

std::string parse_token_answer(const std::string& body) {
  try {
    const nlohmann::json value = json::parse_object(body, "the token server's answer");
    std::string token;
    json::read(value, "token", token, "token server");
    if (token.empty()) json::read(value, "access_token", token, "token server");
    if (!token.empty()) return token;
  } catch (const Error& error) {
    throw Error(ErrorCode::unavailable, error.what());
  }
  throw Error(ErrorCode::unavailable, "the token server's answer has no token");
}

}  // namespace stack::engine::image
