#pragma once
// ~/.docker/config.json: who this user is to which registry, and how docker's commands look. Read as docker reads it; never
// written.
#include <map>
#include <string>
#include <string_view>

namespace stack::cli {

/// What a request to a registry says about its sender.
struct RegistryLogin {
  std::string username, password, identity_token, registry_token;
  bool empty() const { return username.empty() && identity_token.empty() && registry_token.empty(); }
};

struct DockerConfig {
  std::map<std::string, RegistryLogin> logins;  ///< "auths", by registry_key(); may be empty ones (a helper has them)
  std::map<std::string, std::string> helpers;   ///< "credHelpers": registry_key() → suffix of docker-credential-…
  std::string store;                            ///< "credsStore": the same for all others
  std::map<std::string, std::string> formats;   ///< "psFormat", "imagesFormat" and the like: what a list looks like
  std::string detach_keys;                      ///< "detachKeys"
  /// "proxies": engine's address, or "default" for all others → "httpProxy" and the like → what containers and builds are to
  /// use
  std::map<std::string, std::map<std::string, std::string>> proxies;
};

/// $DOCKER_CONFIG/config.json, else ~/.docker/config.json; empty when neither variable is set.
std::string docker_config_file();
/// What `file` says; nothing when it is not there. Throws invalid_argument.
DockerConfig read_docker_config(const std::string& file = docker_config_file());

/// Throws invalid_argument "<file>: …" naming the field.
DockerConfig parse_docker_config(const std::string& text, const std::string& file);

/// The variables by which programs in containers and builds of `engine` (DOCKER_HOST; may be empty) find their proxies:
/// HTTP_PROXY, http_proxy and so on.
std::map<std::string, std::string> proxy_variables(const DockerConfig& config, const std::string& engine);

/// "https://index.docker.io/v1/" and "docker.io" → "docker.io"; "https://host:5000/v1/" → "host:5000".
std::string registry_key(std::string_view server);
/// The registry an image's name leads to: "docker.io", "localhost:5000".
std::string registry_of_image(std::string_view image);
/// What a credential helper's `get` printed. Throws invalid_argument.
RegistryLogin parse_helper_answer(const std::string& text);

/// Looks logins up when they are needed, each once. A file that is missing means nobody is logged in.
class RegistryLogins {
public:
  RegistryLogins();  ///< those of docker_config_file()
  explicit RegistryLogins(std::string file);

  /// The header X-Registry-Auth for an image; empty: nobody is logged in at its registry. May run a credential helper, which is
  /// given half a minute; a helper that fails is a warning on stderr, and nobody is logged in.
  std::string header_for_image(const std::string& image);
  /// The header X-Registry-Config: every registry the file names.
  std::string header_for_builds();

private:
  void read();
  RegistryLogin find(const std::string& key);
  RegistryLogin ask_helper(const std::string& helper, const std::string& key) const;

  std::string file_;
  bool read_ = false;
  DockerConfig config_;
  std::map<std::string, RegistryLogin> found_;
};

}  // namespace stack::cli
