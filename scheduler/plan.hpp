#pragma once
// What is to be done, as data: operations with their full arguments and what each has to wait for. A plan needs neither the
// Project nor the observed state to be executed, and can be written to JSON and read back.
#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/api/types.hpp"

namespace stack::scheduler {

namespace api = engine::api;

/// Pulls an image.
struct PullImage {
  std::string image, platform;
  bool required = true;  ///< false: a failure is a warning
};

struct BuildImage {
  std::string image;              ///< also the first tag
  std::string context;            ///< absolute path of a directory, or a URL for the engine to fetch
  std::string dockerfile;         ///< relative to the context, or absolute
  std::string dockerfile_inline;  ///< instead of a file
  api::BuildOptions options;      ///< `dockerfile`, `remote` and `secrets` are filled in at execution
  api::StringMap secret_files;    ///< id → file, for RUN --mount=type=secret
  api::StringMap secret_values;   ///< id → content, where it came from no file
};

struct CreateNetwork {
  api::NetworkCreate body;
};

struct RemoveNetwork {
  std::string network;  ///< id
};

struct CreateVolume {
  api::VolumeCreate body;
};

struct RemoveVolume {
  std::string volume;
};

/// A secret or config to be written into a container between its creation and its start.
struct InjectedFile {
  std::string what;    ///< for people: secret "token"
  std::string target;  ///< absolute path in the container
  std::uint32_t uid = 0, gid = 0, mode = 0;
  std::string environment;             ///< the variable it comes from; its value is never written into JSON
  std::optional<std::string> content;  ///< empty: the plan was read back, and `environment` names where to take it from
};

/// What only earlier operations can tell is filled in at execution.
struct CreateContainer {
  std::string name;
  std::string platform;
  api::ContainerCreateRequest
      body;  ///< network, IPC and PID mode may be "container:#3": the one operation 3 makes; volumes-from "#3"
  std::vector<InjectedFile> files;
  int image_operation = 0;  ///< the image label is the result of this operation; 0: it is known
  std::string hashed;       ///< the label config-hash is the SHA-256 of this, ids filled in; empty: it is known
};

/// A lifecycle hook: a command run in a container.
struct HookCommand {
  std::string what;   ///< "post_start[0]"
  std::string where;  ///< file:line:column
  std::vector<std::string> command;
  std::string user;
  bool privileged = false;
  std::string working_dir;
  std::vector<std::string> environment;  ///< "NAME=value", beside the container's own
};

struct StartContainer {
  std::string container;           ///< id or name
  std::vector<HookCommand> after;  ///< run when it was started, not when it ran already
};

struct StopContainer {
  std::string container;
  std::optional<std::chrono::seconds> timeout;
  std::vector<HookCommand> before;  ///< run first if the container runs
};

struct RestartContainer {
  std::string container;
  std::optional<std::chrono::seconds> timeout;
  std::vector<HookCommand> before, after;
};

struct RemoveContainer {
  std::string container;
  bool volumes = false;  ///< its anonymous volumes too
};

struct RenameContainer {
  std::string container, name;
};

struct RemoveImage {
  std::string image;
};

enum class WaitFor {
  healthy,
  completed,           ///< exited with 0
  running_or_healthy,  ///< healthy where there is a health check
  still_up,            ///< running_or_healthy was true, now that the others are up: it may have ended since
};

/// Waits for containers of one service.
struct WaitContainers {
  std::vector<std::string> containers;
  WaitFor condition = WaitFor::healthy;
  bool required = true;                         ///< false: a failure is a warning
  bool dependency = false;                      ///< another service asked for it
  std::chrono::nanoseconds settle{0};           ///< how long a container without a health check has to run to be up
  std::optional<std::chrono::seconds> timeout;  ///< bound; empty: none
};

using Action = std::variant<PullImage, BuildImage, CreateNetwork, RemoveNetwork, CreateVolume, RemoveVolume, CreateContainer,
                            StartContainer, StopContainer, RestartContainer, RemoveContainer, RenameContainer, RemoveImage,
                            WaitContainers>;

/// A key in the files, and the words an engine complains about it with: all of them are in its message.
struct KeyPlace {
  std::string key;    ///< "ports[0]"
  std::string where;  ///< file:line:column
  std::vector<std::string> words;
};

struct Operation {
  int id = 0;              ///< from 1, in an order in which they could be run one after the other
  std::vector<int> after;  ///< operations that have to succeed first
  Action action;
  std::string resource;        ///< "service:web:1", "network:back", "volume:data", "image:app"
  std::string subject;         ///< for people: "Container shop-web-1"
  std::string service;         ///< empty for networks and volumes
  std::string reason;          ///< "missing", "configuration changed", ...
  std::string where;           ///< file:line:column for error messages that are about none of the keys
  std::vector<KeyPlace> keys;  ///< what an error may be about
  bool recreate = false;       ///< part of replacing a container
};

struct Plan {
  std::string project;
  std::vector<Operation> operations;
  std::vector<std::string> unchanged;  ///< subjects that are as they should be: "Container shop-db-1"
  std::vector<std::string> warnings;

  bool empty() const { return operations.empty(); }
  const Operation& operation(int id) const { return operations.at(static_cast<std::size_t>(id) - 1); }
};

/// "CreateContainer", "WaitHealthy", ...
std::string_view kind(const Action& action);

/// One line an operation: "#3 [#1,#2] StartContainer service:web:1 (missing)"
std::string to_text(const Plan& plan);
void to_json(nlohmann::json& json, const Plan& plan);
/// Throws invalid_argument for what to_json cannot have written, an operation that waits for a later one included.
void from_json(const nlohmann::json& json, Plan& plan);

}  // namespace stack::scheduler
