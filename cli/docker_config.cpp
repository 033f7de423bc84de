#include "cli/docker_config.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "base/base64.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "cli/output.hpp"

extern char** environ;

namespace stack::cli {

namespace {

constexpr const char* docker_hub_server = "https://index.docker.io/v1/";  // what docker calls its hub in files and to helpers
constexpr std::size_t answer_limit = 1 << 20;
constexpr std::chrono::seconds helper_time{30};

constexpr std::array<std::pair<const char*, const char*>, 5> proxy_keys{{{"httpProxy", "HTTP_PROXY"},
                                                                         {"httpsProxy", "HTTPS_PROXY"},
                                                                         {"noProxy", "NO_PROXY"},
                                                                         {"ftpProxy", "FTP_PROXY"},
                                                                         {"allProxy", "ALL_PROXY"}}};
constexpr std::array format_keys{"imagesFormat", "networksFormat", "psFormat", "statsFormat", "volumesFormat"};

RegistryLogin read_login(const nlohmann::json& value, const std::string& where) {
  if (!value.is_object()) throw Error(ErrorCode::invalid_argument, where + ": must be an object");
  RegistryLogin login;
  json::read(value, "username", login.username, where);
  json::read(value, "password", login.password, where);
  json::read(value, "identitytoken", login.identity_token, where);
  json::read(value, "registrytoken", login.registry_token, where);
  std::string both;
  json::read(value, "auth", both, where);
  if (both.empty()) return login;
  try {
    both = base64_decode(both);
  } catch (const Error& error) {
    throw Error(ErrorCode::invalid_argument, where + ".auth: " + error.what());
  }
  const std::size_t colon = both.find(':');
  if (colon == std::string::npos) throw Error(ErrorCode::invalid_argument, where + ".auth: not user:password in base64");
  login.username = both.substr(0, colon);
  login.password = both.substr(colon + 1);
  while (login.password.ends_with('\0')) login.password.pop_back();
  return login;
}

nlohmann::json to_json(const RegistryLogin& login, const std::string& server) {
  nlohmann::json value{{"serveraddress", server}};
  if (!login.username.empty()) value["username"] = login.username;
  if (!login.password.empty()) value["password"] = login.password;
  if (!login.identity_token.empty()) value["identitytoken"] = login.identity_token;
  if (!login.registry_token.empty()) value["registrytoken"] = login.registry_token;
  return value;
}

std::string server_of(const std::string& key) { return key == "docker.io" ? docker_hub_server : key; }

std::string find_program(const std::string& name) {
  const char* value = std::getenv("PATH");
  for (std::string_view rest = value == nullptr ? "/usr/local/bin:/usr/bin:/bin" : value; !rest.empty();) {
    const std::size_t colon = rest.find(':');
    const std::string file = std::string(rest.substr(0, colon)) + "/" + name;
    if (::access(file.c_str(), X_OK) == 0) return file;
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
  }
  throw Error(ErrorCode::not_found, name + " is not in $PATH");
}

struct Pipe {
  UniqueFd out, in;  ///< read from, write to
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw errno_error("pipe");
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
};

/// All of what comes until its end, for as long as `end`.
std::string read_until_end(int fd, std::chrono::steady_clock::time_point end) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    pollfd watched{fd, POLLIN, 0};
    const int ready = ::poll(&watched, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) throw Error(ErrorCode::unavailable, "it does not answer");
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno != EINTR) throw errno_error("read");
    if (got == 0) return text;
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > answer_limit) throw Error(ErrorCode::unavailable, "its answer is too long");
  }
}

/// Runs `docker-credential-<helper> get` for a server; its output. Throws when it fails.
std::string run_helper(const std::string& program, const std::string& server) {
  Pipe input, output;
  SpawnOptions spawning;
  spawning.path = find_program(program);
  spawning.argv = {program, "get"};
  for (char** entry = environ; entry && *entry; ++entry) spawning.environment.emplace_back(*entry);
  spawning.descriptors = {{input.out.get(), 0}, {output.in.get(), 1}, {STDERR_FILENO, 2}};
  spawning.new_session = false;
  // it fits the pipe; written before there is a reader that could go away
  if (::write(input.in.get(), server.data(), server.size()) < 0) throw errno_error("write");
  input.in.reset();
  const Child child = spawn(spawning);
  input.out.reset();
  output.in.reset();
  std::string answer;
  try {
    answer = read_until_end(output.out.get(), std::chrono::steady_clock::now() + helper_time);
  } catch (...) {
    ::kill(child.pid, SIGKILL);
    wait_for(child);
    throw;
  }
  if (wait_for(child) != 0) throw Error(ErrorCode::not_found, answer.substr(0, answer.find('\n')));
  return answer;
}

}  // namespace

std::string registry_key(std::string_view server) {
  for (const std::string_view prefix : {"https://", "http://"})
    if (server.starts_with(prefix)) server.remove_prefix(prefix.size());
  server = server.substr(0, server.find('/'));
  if (server == "index.docker.io" || server == "registry-1.docker.io" || server == "registry.hub.docker.com")
    return "docker.io";
  return std::string(server);
}

std::string registry_of_image(std::string_view image) {
  const std::size_t slash = image.find('/');
  const std::string_view first = image.substr(0, slash);
  const bool is_host =
      slash != std::string_view::npos && (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
  return is_host ? registry_key(first) : "docker.io";
}

std::string docker_config_file() {
  if (const char* directory = std::getenv("DOCKER_CONFIG"); directory != nullptr && *directory != '\0')
    return std::string(directory) + "/config.json";
  const char* home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? "" : std::string(home) + "/.docker/config.json";
}

DockerConfig parse_docker_config(const std::string& text, const std::string& file) {
  const nlohmann::json value = json::parse_object(text, file);
  DockerConfig config;
  json::read(value, "credsStore", config.store, file);
  json::read(value, "detachKeys", config.detach_keys, file);
  json::read(value, "proxies", config.proxies, file);
  for (const char* key : format_keys) json::read(value, key, config.formats[key], file);
  std::map<std::string, std::string> helpers;
  json::read(value, "credHelpers", helpers, file);
  for (const auto& [server, helper] : helpers) config.helpers[registry_key(server)] = helper;
  const auto auths = value.find("auths");
  if (auths == value.end() || auths->is_null()) return config;
  if (!auths->is_object()) throw Error(ErrorCode::invalid_argument, file + ".auths: must be an object");
  for (const auto& [server, entry] : auths->items())
    config.logins[registry_key(server)] = read_login(entry, file + ".auths." + server);
  return config;
}

RegistryLogin parse_helper_answer(const std::string& text) {
  const nlohmann::json value = json::parse_object(text, "its answer");
  RegistryLogin login;
  std::string secret;
  json::read(value, "Username", login.username, "its answer");
  json::read(value, "Secret", secret, "its answer");
  if (login.username == "<token>") {
    login.username.clear();
    login.identity_token = secret;
  } else {
    login.password = secret;
  }
  return login;
}

std::map<std::string, std::string> proxy_variables(const DockerConfig& config, const std::string& engine) {
  auto found = config.proxies.find(engine);
  if (found == config.proxies.end()) found = config.proxies.find("default");
  std::map<std::string, std::string> variables;
  if (found == config.proxies.end()) return variables;
  for (const auto& [key, variable] : proxy_keys) {
    const auto proxy = found->second.find(key);
    if (proxy == found->second.end() || proxy->second.empty()) continue;
    std::string lower = variable;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    variables[variable] = variables[lower] = proxy->second;
  }
  return variables;
}

DockerConfig read_docker_config(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) return {};
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return {};
  return parse_docker_config(text, file);
}

RegistryLogins::RegistryLogins() : RegistryLogins(docker_config_file()) {}
RegistryLogins::RegistryLogins(std::string file) : file_(std::move(file)) {}

void RegistryLogins::read() {
  if (!std::exchange(read_, true)) config_ = read_docker_config(file_);
}

RegistryLogin RegistryLogins::ask_helper(const std::string& helper, const std::string& key) const {
  const std::string program = "docker-credential-" + helper;
  if (helper.find('/') != std::string::npos)
    throw Error(ErrorCode::invalid_argument, file_ + ": \"" + helper + "\" is no name of a credential helper");
  try {
    return parse_helper_answer(run_helper(program, server_of(key)));
  } catch (const Error& error) {
    const std::string why = error.what();
    if (why.find("credentials not found") == std::string::npos)
      write_all(STDERR_FILENO, fmt::format("WARNING: {} ({}): {}; going on without a login at {}\n", program, file_, why, key));
    return {};
  }
}

RegistryLogin RegistryLogins::find(const std::string& key) {
  read();
  if (const auto known = found_.find(key); known != found_.end()) return known->second;
  RegistryLogin login;
  if (const auto helper = config_.helpers.find(key); helper != config_.helpers.end()) {
    login = ask_helper(helper->second, key);
  } else {
    if (!config_.store.empty()) login = ask_helper(config_.store, key);
    if (const auto stored = config_.logins.find(key); login.empty() && stored != config_.logins.end()) login = stored->second;
  }
  return found_[key] = login;
}

std::string RegistryLogins::header_for_image(const std::string& image) {
  const std::string key = registry_of_image(image);
  const RegistryLogin login = find(key);
  return login.empty() ? "" : base64_encode(to_json(login, server_of(key)).dump(), true);
}

std::string RegistryLogins::header_for_builds() {
  read();
  std::set<std::string> keys;
  for (const auto& [key, login] : config_.logins) keys.insert(key);
  for (const auto& [key, helper] : config_.helpers) keys.insert(key);
  nlohmann::json all = nlohmann::json::object();
  for (const std::string& key : keys)
    if (const RegistryLogin login = find(key); !login.empty()) all[server_of(key)] = to_json(login, server_of(key));
  return all.empty() ? "" : base64_encode(all.dump(), true);
}

}  // namespace stack::cli
