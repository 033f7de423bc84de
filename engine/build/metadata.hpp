#pragma once
// Instructions that change only the image's configuration. Pure: no files, no clock.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/build/parser.hpp"
#include "engine/build/shell_words.hpp"
#include "engine/image/config.hpp"

namespace stack::engine::build {

/// A stage while it is built.
struct StageState {
  image::ImageConfig config;
  std::string key;                                         ///< identifies all steps so far to the cache
  std::map<std::string, std::optional<std::string>> args;  ///< declared in this stage; empty: no value
  bool cmd_set = false;                                    ///< by this stage: a later ENTRYPOINT keeps it
};

/// Values that an ARG may take from outside.
struct ArgValues {
  std::map<std::string, std::string> given;  ///< --build-arg
  std::map<std::string, std::string> meta;   ///< ARG before FROM, for those that ask for them
};

/// HTTP_PROXY and the like: given to every RUN without an ARG.
bool is_proxy_arg(const std::string& name);
/// TARGETPLATFORM and the like: for FROM, and for stages whose ARG asks for them.
std::map<std::string, std::string> platform_args();

/// ENV before ARG, as an instruction sees them.
Variables variables_of(const StageState& state);

/// Applies one (not FROM, RUN, COPY, ADD, WORKDIR). Returns what the history says: "ENV A=b". Throws invalid_argument.
std::string apply_metadata(const Instruction& instruction, StageState& state, const ArgValues& values, char escape);

/// Sets or replaces K of an environment.
void set_env(std::vector<std::string>& env, const std::string& key, const std::string& value);
std::optional<std::string> get_env(const std::vector<std::string>& env, const std::string& key);

/// "WORKDIR b" after "WORKDIR /a" is /a/b.
std::string resolve_working_dir(const std::string& current, const std::string& path);

/// {"/bin/sh", "-c"} unless SHELL said otherwise.
std::vector<std::string> shell_of(const image::RunConfig& config);

/// The changes= of import and commit: "CMD x", "ENV a=b" … one instruction each. Throws invalid_argument naming the change.
void apply_changes(image::RunConfig& config, const std::vector<std::string>& changes);

}  // namespace stack::engine::build
