#include "engine/build/metadata.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.hpp"
#include "base/safe_path.hpp"
#include "base/units.hpp"
#include "engine/build/text.hpp"

namespace stack::engine::build {

namespace {

using Kind = Instruction::Kind;

[[noreturn]] void invalid(const std::string& message) { throw Error(ErrorCode::invalid_argument, message); }

/// ["a" "b"], as Docker's history prints an argv.
std::string quoted_list(const std::vector<std::string>& words) {
  std::string text = "[";
  for (const auto& word : words) text += (text.size() > 1 ? " \"" : "\"") + word + "\"";
  return text + "]";
}

std::vector<std::string> command_of(const Instruction& instruction, const image::RunConfig& config) {
  if (instruction.is_json) return instruction.words;
  if (instruction.rest.empty()) return {};
  std::vector<std::string> argv = shell_of(config);
  argv.push_back(instruction.rest);
  return argv;
}

std::string env_step(const Instruction& instruction, StageState& state, char escape) {
  // all values are expanded with what held before the instruction
  const StageState before = state;
  const Variables variables = variables_of(before);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i + 1 < instruction.words.size(); i += 2) {
    const std::string key = expand_word(instruction.words[i], variables, escape);
    const std::string value = expand_word(instruction.words[i + 1], variables, escape);
    if (key.empty()) invalid("ENV names can not be blank");
    set_env(state.config.config.env, key, value);
    texts.push_back(key + "=" + value);
  }
  return "ENV " + joined(texts);
}

std::string label_step(const Instruction& instruction, StageState& state, char escape) {
  const Variables variables = variables_of(state);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i + 1 < instruction.words.size(); i += 2) {
    const std::string key = expand_word(instruction.words[i], variables, escape);
    const std::string value = expand_word(instruction.words[i + 1], variables, escape);
    if (key.empty()) invalid("LABEL names can not be blank");
    state.config.config.labels[key] = value;
    texts.push_back(key + "=" + value);
  }
  return "LABEL " + joined(texts);
}

std::string arg_step(const Instruction& instruction, StageState& state, const ArgValues& values, char escape) {
  std::vector<std::string> texts;
  for (const std::string& word : instruction.words) {
    const Variables variables = variables_of(state);
    const std::size_t equals = word.find('=');
    const std::string name = expand_word(word.substr(0, equals), variables, escape);
    std::optional<std::string> value;
    if (equals != std::string::npos)
      value = expand_word(word.substr(equals + 1), variables, escape);
    else if (const auto meta = values.meta.find(name); meta != values.meta.end())
      value = meta->second;
    texts.push_back(name + (equals == std::string::npos ? "" : "=" + *value));
    if (const auto given = values.given.find(name); given != values.given.end()) value = given->second;
    state.args[name] = value;
  }
  return "ARG " + joined(texts);
}

unsigned port_number(const std::string& text, const std::string& whole) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port > 65535) invalid("Invalid containerPort: " + whole);
  return port;
}

std::string expose_step(const Instruction& instruction, StageState& state, char escape) {
  for (const std::string& text : expand_words(instruction.rest, variables_of(state), escape)) {
    const std::size_t slash = text.find('/');
    const std::string protocol = slash == std::string::npos ? "tcp" : text.substr(slash + 1);
    if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") invalid("Invalid proto: " + protocol);
    const std::string range = text.substr(0, slash);
    const std::size_t dash = range.find('-');
    const unsigned first = port_number(range.substr(0, dash), range);
    const unsigned last = dash == std::string::npos ? first : port_number(range.substr(dash + 1), range);
    if (last < first) invalid("Invalid range specified for the Container Port: " + range);
    for (unsigned port = first; port <= last; ++port)
      state.config.config.exposed_ports.insert(std::to_string(port) + "/" + protocol);
  }
  return "EXPOSE " + instruction.rest;
}

std::string volume_step(const Instruction& instruction, StageState& state, char escape) {
  std::vector<std::string> paths;
  for (const std::string& word : instruction.words) {
    const std::string path = expand_word(word, variables_of(state), escape);
    if (path.empty()) invalid("VOLUME specified can not be an empty string");
    state.config.config.volumes.insert(path);
    paths.push_back(path);
  }
  return "VOLUME [" + joined(paths) + "]";
}

std::string stop_signal_step(const Instruction& instruction, StageState& state, char escape) {
  const std::string signal = expand_word(instruction.rest, variables_of(state), escape);
  constexpr std::array<std::string_view, 31> names{"HUP",  "INT",    "QUIT", "ILL",   "TRAP", "ABRT", "BUS",  "FPE",
                                                   "KILL", "USR1",   "SEGV", "USR2",  "PIPE", "ALRM", "TERM", "STKFLT",
                                                   "CHLD", "CONT",   "STOP", "TSTP",  "TTIN", "TTOU", "URG",  "XCPU",
                                                   "XFSZ", "VTALRM", "PROF", "WINCH", "IO",   "PWR",  "SYS"};
  const std::string_view bare = signal.starts_with("SIG") ? std::string_view(signal).substr(3) : std::string_view(signal);
  int number = 0;
  const auto [end, error] = std::from_chars(bare.data(), bare.data() + bare.size(), number);
  const bool is_number = error == std::errc() && end == bare.data() + bare.size() && number > 0 && number <= 64;
  if (!is_number && std::find(names.begin(), names.end(), bare) == names.end() && !bare.starts_with("RTMIN") &&
      !bare.starts_with("RTMAX"))
    invalid("invalid signal: " + signal);
  state.config.config.stop_signal = signal;
  return "STOPSIGNAL " + signal;
}

std::chrono::nanoseconds duration_flag(const Instruction& instruction, const char* name) {
  const auto text = instruction.flag(name);
  if (!text) return {};
  const std::chrono::nanoseconds value = parse_duration(*text);
  if (value < std::chrono::milliseconds(1) && value.count() != 0)
    invalid("HEALTHCHECK --" + std::string(name) + " cannot be less than 1ms");
  return value;
}

std::string healthcheck_step(const Instruction& instruction, StageState& state) {
  image::HealthCheck check;
  check.test = instruction.words;
  check.interval = duration_flag(instruction, "interval");
  check.timeout = duration_flag(instruction, "timeout");
  check.start_period = duration_flag(instruction, "start-period");
  check.start_interval = duration_flag(instruction, "start-interval");
  if (const auto text = instruction.flag("retries")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), check.retries);
    if (error != std::errc() || end != text->data() + text->size() || check.retries < 0)
      invalid("--retries must be a number, not \"" + *text + "\"");
  }
  state.config.config.healthcheck = check;
  std::string flags;
  for (const auto& flag : instruction.flags) flags += "--" + flag.name + "=" + flag.value + " ";
  return "HEALTHCHECK " + flags + quoted_list(check.test);
}

/// Build arguments that every RUN gets without an ARG, and that neither the history nor the cache sees.
constexpr std::array<std::string_view, 10> proxy_args{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY",
                                                      "ftp_proxy",  "NO_PROXY",   "no_proxy",    "ALL_PROXY",   "all_proxy"};

}  // namespace

bool is_proxy_arg(const std::string& name) { return std::find(proxy_args.begin(), proxy_args.end(), name) != proxy_args.end(); }

std::map<std::string, std::string> platform_args() {
  return {{"BUILDPLATFORM", "linux/amd64"},  {"BUILDOS", "linux"},  {"BUILDARCH", "amd64"},  {"BUILDVARIANT", ""},
          {"TARGETPLATFORM", "linux/amd64"}, {"TARGETOS", "linux"}, {"TARGETARCH", "amd64"}, {"TARGETVARIANT", ""}};
}

Variables variables_of(const StageState& state) {
  return [&state](const std::string& name) -> std::optional<std::string> {
    if (auto value = get_env(state.config.config.env, name)) return value;
    const auto found = state.args.find(name);
    return found == state.args.end() ? std::nullopt : found->second;
  };
}

void set_env(std::vector<std::string>& env, const std::string& key, const std::string& value) {
  for (std::string& entry : env) {
    if (!entry.starts_with(key + "=")) continue;
    entry = key + "=" + value;
    return;
  }
  env.push_back(key + "=" + value);
}

std::optional<std::string> get_env(const std::vector<std::string>& env, const std::string& key) {
  for (const std::string& entry : env)
    if (entry.starts_with(key + "=")) return entry.substr(key.size() + 1);
  return std::nullopt;
}

std::string resolve_working_dir(const std::string& current, const std::string& path) {
  return "/" + clean_path(path.starts_with('/') ? path : current + "/" + path);
}

std::vector<std::string> shell_of(const image::RunConfig& config) {
  return config.shell.empty() ? std::vector<std::string>{"/bin/sh", "-c"} : config.shell;
}

std::string apply_metadata(const Instruction& instruction, StageState& state, const ArgValues& values, char escape) {
  image::RunConfig& config = state.config.config;
  switch (instruction.kind) {
    case Kind::env: return env_step(instruction, state, escape);
    case Kind::label: return label_step(instruction, state, escape);
    case Kind::arg: return arg_step(instruction, state, values, escape);
    case Kind::expose: return expose_step(instruction, state, escape);
    case Kind::volume: return volume_step(instruction, state, escape);
    case Kind::stopsignal: return stop_signal_step(instruction, state, escape);
    case Kind::healthcheck: return healthcheck_step(instruction, state);
    case Kind::user: config.user = expand_word(instruction.rest, variables_of(state), escape); return "USER " + config.user;
    case Kind::maintainer: state.config.author = instruction.rest; return "MAINTAINER " + instruction.rest;
    case Kind::shell: config.shell = instruction.words; return "SHELL [" + joined(instruction.words) + "]";
    case Kind::onbuild: config.on_build.push_back(instruction.rest); return "ONBUILD " + instruction.rest;
    case Kind::cmd:
      config.cmd = command_of(instruction, config);
      state.cmd_set = true;
      return "CMD " + quoted_list(config.cmd);
    case Kind::entrypoint:
      config.entrypoint = command_of(instruction, config);
      if (!state.cmd_set) config.cmd.clear();  // the base image's arguments belong to its entry point
      return "ENTRYPOINT " + quoted_list(config.entrypoint);
    default: throw Error(ErrorCode::internal, std::string(keyword(instruction.kind)) + " is more than metadata");
  }
}

void apply_changes(image::RunConfig& config, const std::vector<std::string>& changes) {
  StageState state;
  state.config.config = config;
  for (const std::string& change : changes) {
    const Instruction instruction = parse_instruction(change, 1);
    if (instruction.kind == Kind::workdir) {
      state.config.config.working_dir = resolve_working_dir(state.config.config.working_dir, instruction.rest);
      continue;
    }
    constexpr std::array allowed{Kind::cmd,   Kind::entrypoint, Kind::env,        Kind::expose, Kind::healthcheck,
                                 Kind::label, Kind::onbuild,    Kind::stopsignal, Kind::user,   Kind::volume};
    if (std::find(allowed.begin(), allowed.end(), instruction.kind) == allowed.end())
      invalid(std::string(keyword(instruction.kind)) + " is not a valid change command");
    apply_metadata(instruction, state, {}, '\\');
  }
  config = state.config.config;
}

}  // namespace stack::engine::build
