#pragma once
// Who a request to a registry is from, and what a registry asks for.
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stack::engine::image {

struct Credentials {
  std::string username, password;
  std::string identity_token;  ///< a refresh token, in place of the password
  std::string registry_token;  ///< a bearer token that is sent as it is

  bool empty() const { return username.empty() && identity_token.empty() && registry_token.empty(); }
};

/// The header X-Registry-Auth: JSON {"username", "password", "auth", "identitytoken", "registrytoken"} in base64, with the URL
/// alphabet or not, padded or not. Empty text, "{}" and "null" mean nobody. Throws invalid_argument.
Credentials parse_registry_auth(std::string_view header);
/// X-Registry-Config of builds: base64 of {"host": {"username", ...}}, keyed by registry as ~/.docker/config.json is.
std::map<std::string, Credentials> parse_registry_config(std::string_view header);

/// One of the ways a WWW-Authenticate header (RFC 9110, 11.6.1) offers.
struct Challenge {
  std::string scheme;                             ///< lower case: "bearer", "basic"
  std::map<std::string, std::string> parameters;  ///< names in lower case
};
/// What is malformed ends the list; a header without a scheme gives an empty one.
std::vector<Challenge> parse_challenges(std::string_view header);

/// The token of a token server's JSON answer ("token", else "access_token"). Throws unavailable.
std::string parse_token_answer(const std::string& body);

}  // namespace stack::engine::image
