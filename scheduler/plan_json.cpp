#include "base/error.hpp"
#include "engine/api/json_fields.hpp"
#include "scheduler/plan.hpp"
#include "scheduler/shared_namespaces.hpp"

namespace stack::scheduler {

using api::detail::Empty;
using api::detail::Json;
using api::detail::Path;
using api::detail::Reader;
using api::detail::Writer;

template <class V>
void fields(V& v, PullImage& x) {
  v("image", x.image);
  v("platform", x.platform, Empty::omit);
  v("required", x.required);
}

template <class V>
void fields(V& v, BuildImage& x) {
  v("image", x.image);
  v("context", x.context);
  v("dockerfile", x.dockerfile, Empty::omit);
  v("dockerfile_inline", x.dockerfile_inline, Empty::omit);
  v("secret_files", x.secret_files, Empty::omit);
  v("secret_values", x.secret_values, Empty::omit);
  if constexpr (V::reading) {
    Json options;
    v.raw("options", options);
    if (!options.is_null()) x.options = options.get<api::BuildOptions>();
  } else {
    v.constant("options", Json(x.options));
  }
}

/// A body of the API, under "body".
template <class V, class T>
void body_field(V& v, T& body) {
  if constexpr (V::reading) {
    Json json;
    v.raw("body", json);
    body = json.get<T>();
  } else {
    v.constant("body", Json(body));
  }
}

template <class V>
void fields(V& v, CreateNetwork& x) {
  body_field(v, x.body);
}

template <class V>
void fields(V& v, RemoveNetwork& x) {
  v("network", x.network);
}

template <class V>
void fields(V& v, CreateVolume& x) {
  body_field(v, x.body);
}

template <class V>
void fields(V& v, RemoveVolume& x) {
  v("volume", x.volume);
}

template <class V>
void fields(V& v, InjectedFile& x) {
  v("what", x.what);
  v("target", x.target);
  v("uid", x.uid, Empty::omit);
  v("gid", x.gid, Empty::omit);
  v("mode", x.mode);
  v("environment", x.environment, Empty::omit);
  if constexpr (V::reading)
    v("content", x.content);
  else if (x.environment.empty() && x.content)
    v("content", *x.content);
}

template <class V>
void fields(V& v, CreateContainer& x) {
  v("name", x.name);
  v("platform", x.platform, Empty::omit);
  v("image_operation", x.image_operation, Empty::omit);
  v("hashed", x.hashed, Empty::omit);
  if (V::reading || !x.files.empty()) v("files", x.files);
  body_field(v, x.body);
}

template <class V>
void fields(V& v, HookCommand& x) {
  v("what", x.what);
  v("where", x.where, Empty::omit);
  v("command", x.command);
  v("user", x.user, Empty::omit);
  v("privileged", x.privileged, Empty::omit);
  v("working_dir", x.working_dir, Empty::omit);
  v("environment", x.environment, Empty::omit);
}

template <class V>
void hooks_field(V& v, std::string_view name, std::vector<HookCommand>& hooks) {
  if (V::reading || !hooks.empty()) v(name, hooks);
}

template <class V>
void fields(V& v, StartContainer& x) {
  v("container", x.container);
  hooks_field(v, "after", x.after);
}

template <class V>
void fields(V& v, StopContainer& x) {
  v("container", x.container);
  v("timeout", x.timeout, Empty::omit);
  hooks_field(v, "before", x.before);
}

template <class V>
void fields(V& v, RestartContainer& x) {
  v("container", x.container);
  v("timeout", x.timeout, Empty::omit);
  hooks_field(v, "before", x.before);
  hooks_field(v, "after", x.after);
}

template <class V>
void fields(V& v, RemoveContainer& x) {
  v("container", x.container);
  v("volumes", x.volumes, Empty::omit);
}

template <class V>
void fields(V& v, RenameContainer& x) {
  v("container", x.container);
  v("name", x.name);
}

template <class V>
void fields(V& v, RemoveImage& x) {
  v("image", x.image);
}

template <class V>
void fields(V& v, WaitContainers& x) {
  v("containers", x.containers, Empty::keep);
  v("required", x.required);
  v("dependency", x.dependency, Empty::omit);
  v("settle", x.settle, Empty::omit);
  v("timeout", x.timeout, Empty::omit);
}

namespace {

void write_operation(Json& to, const Operation& operation) {
  to = Json{{"id", operation.id},
            {"after", operation.after},
            {"kind", kind(operation.action)},
            {"resource", operation.resource},
            {"subject", operation.subject}};
  if (!operation.service.empty()) to["service"] = operation.service;
  if (!operation.reason.empty()) to["reason"] = operation.reason;
  if (!operation.where.empty()) to["where"] = operation.where;
  for (const KeyPlace& place : operation.keys)
    to["keys"].push_back({{"key", place.key}, {"where", place.where}, {"words", place.words}});
  if (operation.recreate) to["recreate"] = true;
  Writer writer(to["arguments"] = Json::object());
  std::visit([&](const auto& action) { fields(writer, const_cast<std::decay_t<decltype(action)>&>(action)); },
             operation.action);
}

/// An action of each kind, to be filled in.
const std::vector<Action>& prototypes() {
  static const std::vector<Action> all{PullImage{},
                                       BuildImage{},
                                       CreateNetwork{},
                                       RemoveNetwork{},
                                       CreateVolume{},
                                       RemoveVolume{},
                                       CreateContainer{},
                                       StartContainer{},
                                       StopContainer{},
                                       RestartContainer{},
                                       RemoveContainer{},
                                       RenameContainer{},
                                       RemoveImage{},
                                       WaitContainers{.condition = WaitFor::healthy},
                                       WaitContainers{.condition = WaitFor::completed},
                                       WaitContainers{.condition = WaitFor::running_or_healthy},
                                       WaitContainers{.condition = WaitFor::still_up}};
  return all;
}

[[noreturn]] void fail(const std::string& why) { throw Error(ErrorCode::invalid_argument, "not a plan: " + why); }

Action read_action(const std::string& wanted, const Json& arguments, const Path& path) {
  for (Action action : prototypes()) {
    if (kind(action) != wanted) continue;
    Reader reader(arguments, path);
    std::visit([&](auto& concrete) { fields(reader, concrete); }, action);
    return action;
  }
  fail("there is no operation \"" + wanted + "\"");
}

std::vector<KeyPlace> read_places(const Json& from, const Path& path) {
  std::vector<KeyPlace> places;
  api::detail::require_array(from, path);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const Path item{&path, {}, i};
    api::detail::require_object(from[i], item);
    Reader read(from[i], item);
    KeyPlace& place = places.emplace_back();
    read("key", place.key);
    read("where", place.where);
    read("words", place.words);
  }
  return places;
}

Operation read_operation(const Json& from, const Path& path) {
  api::detail::require_object(from, path);
  Operation operation;
  std::string kind_name;
  Reader read(from, path);
  read("id", operation.id);
  read("after", operation.after);
  read("kind", kind_name);
  read("resource", operation.resource);
  read("subject", operation.subject);
  read("service", operation.service);
  read("reason", operation.reason);
  read("where", operation.where);
  read("recreate", operation.recreate);
  Json keys = Json::array();
  read.raw("keys", keys);
  operation.keys = read_places(keys, Path{&path, "keys"});
  Json arguments = Json::object();
  read.raw("arguments", arguments);
  const Path arguments_path{&path, "arguments"};
  api::detail::require_object(arguments, arguments_path);
  operation.action = read_action(kind_name, arguments, arguments_path);
  return operation;
}

/// What is filled in with the results of other operations comes from earlier ones.
void check_needs(const CreateContainer& create, int id, const std::string& name) {
  const api::HostConfig& host = create.body.host_config;
  for (const int needed :
       {create.image_operation, operation_in(host.network_mode), operation_in(host.ipc_mode), operation_in(host.pid_mode)})
    if (needed < 0 || needed >= id) fail(name + " needs the result of " + std::to_string(needed));
  for (const std::string& from : host.volumes_from)
    if (operation_in_volumes_from(from) < 0 || operation_in_volumes_from(from) >= id)
      fail(name + " takes volumes from " + from);
}

/// Ids count from 1, and nothing waits for what comes later: so the plan has no cycle and everything it names exists.
void check_order(const Plan& plan) {
  int expected = 1;
  for (const Operation& operation : plan.operations) {
    const std::string name = "operation " + std::to_string(operation.id);
    if (operation.id != expected++) fail(name + " is out of order");
    for (const int before : operation.after)
      if (before < 1 || before >= operation.id) fail(name + " waits for " + std::to_string(before));
    if (const auto* create = std::get_if<CreateContainer>(&operation.action)) check_needs(*create, operation.id, name);
  }
}

}  // namespace

void to_json(Json& to, const Plan& plan) {
  to = Json{
      {"project", plan.project}, {"operations", Json::array()}, {"unchanged", plan.unchanged}, {"warnings", plan.warnings}};
  for (const Operation& operation : plan.operations) write_operation(to["operations"].emplace_back(), operation);
}

void from_json(const Json& from, Plan& plan) {
  plan = {};
  const Path root{};
  api::detail::require_object(from, root);
  Reader read(from, root);
  read("project", plan.project);
  read("unchanged", plan.unchanged);
  read("warnings", plan.warnings);
  Json operations = Json::array();
  read.raw("operations", operations);
  const Path list{&root, "operations"};
  api::detail::require_array(operations, list);
  for (std::size_t i = 0; i < operations.size(); ++i)
    plan.operations.push_back(read_operation(operations[i], Path{&list, {}, i}));
  check_order(plan);
}

}  // namespace stack::scheduler
