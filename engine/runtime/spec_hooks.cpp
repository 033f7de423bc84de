// hooks of the runtime spec.
#include <array>

#include "engine/runtime/spec_json.hpp"

namespace stack::engine::runtime::spec_json {

namespace {

struct HookList {
  const char* name;
  std::vector<Hook> Hooks::*list;
};
constexpr std::array<HookList, 6> hook_lists{{{"prestart", &Hooks::prestart},
                                              {"createRuntime", &Hooks::create_runtime},
                                              {"createContainer", &Hooks::create_container},
                                              {"startContainer", &Hooks::start_container},
                                              {"poststart", &Hooks::poststart},
                                              {"poststop", &Hooks::poststop}}};

json print_hook(const Hook& hook) {
  json result{{"path", hook.path}};
  put_unless_empty(result, "args", hook.args);
  put_unless_empty(result, "env", hook.env);
  put(result, "timeout", hook.timeout);
  return result;
}

Hook parse_hook(const json& object, const char* list) {
  Hook hook;
  read(object, "path", hook.path);
  read(object, "args", hook.args);
  read(object, "env", hook.env);
  read(object, "timeout", hook.timeout);
  if (hook.path.empty() || hook.path.front() != '/') bad("hooks." + std::string(list), "path must be absolute: " + hook.path);
  if (hook.timeout && *hook.timeout <= 0) bad("hooks." + std::string(list), "timeout must be greater than zero");
  return hook;
}

}  // namespace

json print_hooks(const Hooks& hooks) {
  json result = json::object();
  for (const HookList& entry : hook_lists)
    for (const Hook& hook : hooks.*entry.list) result[entry.name].push_back(print_hook(hook));
  return result;
}

Hooks parse_hooks(const json& object) {
  Hooks hooks;
  for (const HookList& entry : hook_lists)
    for (const json& item : child(object, entry.name)) (hooks.*entry.list).push_back(parse_hook(item, entry.name));
  return hooks;
}

}  // namespace stack::engine::runtime::spec_json
