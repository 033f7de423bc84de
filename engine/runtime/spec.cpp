#include "engine/runtime/spec.hpp"

#include <nlohmann/json.hpp>

#include "engine/runtime/spec_json.hpp"

namespace stack::engine::runtime {

using namespace spec_json;

namespace {

json print_user(const User& user) {
  json result{{"uid", user.uid}, {"gid", user.gid}};
  put_unless_empty(result, "additionalGids", user.additional_gids);
  put(result, "umask", user.umask);
  put_unless_empty(result, "x-stack-name", user.name);
  put_unless_empty(result, "x-stack-groups", user.additional_group_names);
  return result;
}

User parse_user(const json& object) {
  User user;
  read(object, "uid", user.uid);
  read(object, "gid", user.gid);
  read(object, "additionalGids", user.additional_gids);
  read(object, "umask", user.umask);
  read(object, "x-stack-name", user.name);
  read(object, "x-stack-groups", user.additional_group_names);
  return user;
}

json print_scheduler(const Scheduler& scheduler) {
  json result{{"policy", scheduler.policy}, {"nice", scheduler.nice}, {"priority", scheduler.priority}};
  put_unless_empty(result, "flags", scheduler.flags);
  if (scheduler.runtime != 0) result["runtime"] = scheduler.runtime;
  if (scheduler.deadline != 0) result["deadline"] = scheduler.deadline;
  if (scheduler.period != 0) result["period"] = scheduler.period;
  return result;
}

Scheduler parse_scheduler(const json& object) {
  Scheduler scheduler;
  read(object, "policy", scheduler.policy);
  read(object, "nice", scheduler.nice);
  read(object, "priority", scheduler.priority);
  read(object, "flags", scheduler.flags);
  read(object, "runtime", scheduler.runtime);
  read(object, "deadline", scheduler.deadline);
  read(object, "period", scheduler.period);
  return scheduler;
}

json print_process(const Process& process) {
  const Capabilities& caps = process.capabilities;
  json result{{"user", print_user(process.user)},
              {"args", process.args},
              {"env", process.env},
              {"cwd", process.cwd},
              {"noNewPrivileges", process.no_new_privileges},
              {"capabilities",
               {{"bounding", caps.bounding},
                {"effective", caps.effective},
                {"permitted", caps.permitted},
                {"inheritable", caps.inheritable},
                {"ambient", caps.ambient}}}};
  if (process.terminal) result["terminal"] = true;
  if (process.console_rows != 0) result["consoleSize"] = {{"height", process.console_rows}, {"width", process.console_columns}};
  for (const Rlimit& limit : process.rlimits)
    result["rlimits"].push_back({{"type", limit.type}, {"hard", limit.hard}, {"soft", limit.soft}});
  put(result, "oomScoreAdj", process.oom_score_adj);
  put_unless_empty(result, "apparmorProfile", process.apparmor_profile);
  if (process.io_priority)
    result["ioPriority"] = {{"class", process.io_priority->io_class}, {"priority", process.io_priority->priority}};
  if (process.scheduler) result["scheduler"] = print_scheduler(*process.scheduler);
  json processors = json::object();
  put_unless_empty(processors, "initial", process.exec_cpus_initial);
  put_unless_empty(processors, "final", process.exec_cpus_final);
  put_unless_empty(result, "execCPUAffinity", processors);
  if (process.init) result["x-stack-init"] = true;
  return result;
}

Process parse_process(const json& object) {
  Process process;
  process.user = parse_user(child(object, "user"));
  read(object, "terminal", process.terminal);
  const json size = child(object, "consoleSize");
  read(size, "height", process.console_rows);
  read(size, "width", process.console_columns);
  read(object, "args", process.args);
  read(object, "env", process.env);
  read(object, "cwd", process.cwd);
  read(object, "noNewPrivileges", process.no_new_privileges);
  read(object, "oomScoreAdj", process.oom_score_adj);
  read(object, "apparmorProfile", process.apparmor_profile);
  if (const json priority = child(object, "ioPriority"); !priority.empty()) {
    process.io_priority.emplace();
    read(priority, "class", process.io_priority->io_class);
    read(priority, "priority", process.io_priority->priority);
  }
  if (const json scheduler = child(object, "scheduler"); !scheduler.empty()) process.scheduler = parse_scheduler(scheduler);
  const json processors = child(object, "execCPUAffinity");
  read(processors, "initial", process.exec_cpus_initial);
  read(processors, "final", process.exec_cpus_final);
  read(object, "x-stack-init", process.init);
  const json caps = child(object, "capabilities");
  read(caps, "bounding", process.capabilities.bounding);
  read(caps, "effective", process.capabilities.effective);
  read(caps, "permitted", process.capabilities.permitted);
  read(caps, "inheritable", process.capabilities.inheritable);
  read(caps, "ambient", process.capabilities.ambient);
  for (const json& item : child(object, "rlimits")) {
    Rlimit limit;
    read(item, "type", limit.type);
    read(item, "hard", limit.hard);
    read(item, "soft", limit.soft);
    process.rlimits.push_back(std::move(limit));
  }
  return process;
}

json print_root(const Root& root) {
  json result{{"path", root.path}, {"readonly", root.readonly}};
  if (root.overlay) {
    result["x-stack-overlay"] = {{"lower", root.overlay->lower}, {"upper", root.overlay->upper}, {"work", root.overlay->work}};
  }
  return result;
}

Root parse_root(const json& object) {
  Root root;
  read(object, "path", root.path);
  read(object, "readonly", root.readonly);
  const json overlay = child(object, "x-stack-overlay");
  if (overlay.empty()) return root;
  root.overlay.emplace();
  read(overlay, "lower", root.overlay->lower);
  read(overlay, "upper", root.overlay->upper);
  read(overlay, "work", root.overlay->work);
  if (root.overlay->lower.empty()) bad("root.x-stack-overlay.lower", "no layer");
  return root;
}

}  // namespace

json to_json(const Spec& spec) {
  json result{{"ociVersion", "1.2.0"},
              {"process", print_process(spec.process)},
              {"root", print_root(spec.root)},
              {"linux", print_linux(spec.linux_)}};
  put_unless_empty(result, "hostname", spec.hostname);
  put_unless_empty(result, "domainname", spec.domainname);
  put_unless_empty(result, "hooks", print_hooks(spec.hooks));
  put_unless_empty(result, "annotations", spec.annotations);
  for (const Mount& mount : spec.mounts) {
    json item{{"destination", mount.destination}, {"type", mount.type}, {"source", mount.source}, {"options", mount.options}};
    put_unless_empty(item, "uidMappings", print_id_mappings(mount.uid_mappings));
    put_unless_empty(item, "gidMappings", print_id_mappings(mount.gid_mappings));
    put_unless_empty(item, "x-stack-source-namespace", mount.source_namespace);
    result["mounts"].push_back(std::move(item));
  }
  return result;
}

// Names of files on Linux are bytes, not text: what is not UTF-8 is replaced in the printed form only.
std::string print(const Spec& spec) { return to_json(spec).dump(-1, ' ', false, json::error_handler_t::replace); }

Process process_from_json(const json& object) { return parse_process(object); }
json process_to_json(const Process& process) { return print_process(process); }

Spec spec_from_json(const json& object) {
  if (!object.is_object()) bad("config.json", "not an object");
  Spec spec;
  read(object, "hostname", spec.hostname);
  read(object, "domainname", spec.domainname);
  read(object, "annotations", spec.annotations);
  spec.process = parse_process(child(object, "process"));
  spec.root = parse_root(child(object, "root"));
  spec.hooks = parse_hooks(child(object, "hooks"));
  spec.linux_ = parse_linux(child(object, "linux"));
  for (const json& item : child(object, "mounts")) {
    Mount mount;
    read(item, "destination", mount.destination);
    read(item, "type", mount.type);
    read(item, "source", mount.source);
    read(item, "options", mount.options);
    mount.uid_mappings = parse_id_mappings(item, "uidMappings");
    mount.gid_mappings = parse_id_mappings(item, "gidMappings");
    read(item, "x-stack-source-namespace", mount.source_namespace);
    if (mount.destination.empty()) bad("mounts", "a destination is missing");
    if (mount.destination.front() != '/') mount.destination.insert(0, 1, '/');  // relative ones are of an older specification
    spec.mounts.push_back(std::move(mount));
  }
  return spec;
}

Spec parse_spec(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (object.is_discarded()) bad("config.json", "not valid JSON");
  return spec_from_json(object);
}

}  // namespace stack::engine::runtime
