#pragma once
// Short syntax to long syntax, one function per form. Each keeps the location of what it replaces.
#include "compose/keys.hpp"

namespace stack::compose::short_forms {

// scalars
void integer(Node& node, LongForm& form);
void boolean(Node& node, LongForm& form);
void number(Node& node, LongForm& form);
void single_number(Node& node, LongForm& form);  ///< of 32 bits
void count(Node& node, LongForm& form);          ///< an integer that is not negative
void text(Node& node, LongForm& form);           ///< any scalar as text
void byte_size(Node& node, LongForm& form);      ///< to an integer
void byte_count(Node& node, LongForm& form);     ///< the same, but nothing negative, which is "unlimited" there
void instances(Node& node, LongForm& form);      ///< an integer of 32 bits
void duration(Node& node, LongForm& form);       ///< to an integer of nanoseconds
void file_mode(Node& node, LongForm& form);      ///< "0440" or 0440 to an integer
// lists and mappings
void list(Node& node, LongForm& form);          ///< one string to a list of it
void name_servers(Node& node, LongForm& form);  ///< the same; empty ones, as unset variables leave them, are none
void unique_list(Node& node, LongForm& form);   ///< a repeated item is an error
void assignments(Node& node, LongForm& form);   ///< ["K=V", "K"] to {K: V, K: null}
void labels(Node& node, LongForm& form);        ///< the same, null becomes ""; what is empty altogether is a label too
void settings(Node& node, LongForm& form);      ///< the same, but each has a name
void command(Node& node, LongForm& form);
void healthcheck_test(Node& node, LongForm& form);
void build(Node& node, LongForm& form);
void depends_on(Node& node, LongForm& form);
void dependency(Node& node, LongForm& form);
void service_networks(Node& node, LongForm& form);
void file_reference(Node& node, LongForm& form);
void env_files(Node& node, LongForm& form);
void extra_hosts(Node& node, LongForm& form);
void device(Node& node, LongForm& form);
void ports(Node& node, LongForm& form);
void port(Node& node, LongForm& form);
void mount_type(Node& node, LongForm& form);
void volume(Node& node, LongForm& form);
void ulimit(Node& node, LongForm& form);
void part_names(Node& node, LongForm& form);  ///< of services, volumes, secrets and configs
void selinux(Node& node, LongForm& form);
void external(Node& node, LongForm& form);
void extends(Node& node, LongForm& form);
void include(Node& node, LongForm& form);  ///< a path to a mapping; keys that docker compose ignores are dropped
void expose(Node& node, LongForm& form);
void pull_policy(Node& node, LongForm& form);
void publish_range(Node& node, LongForm& form);
void condition(Node& node, LongForm& form);
void container_name(Node& node, LongForm& form);
void cgroup(Node& node, LongForm& form);  ///< host or private
void service_models(Node& node, LongForm& form);
void hook(Node& node, LongForm& form);
void watch_trigger(Node& node, LongForm& form);
void watch_action(Node& node, LongForm& form);
void provider(Node& node, LongForm& form);
void option_values(Node& node, LongForm& form);  ///< scalars as text
void update_order(Node& node, LongForm& form);
void schedule(Node& node, LongForm& form);  ///< a cron expression to a mapping
void concurrency(Node& node, LongForm& form);
void missed_fires(Node& node, LongForm& form);
void model(Node& node, LongForm& form);
void ssh(Node& node, LongForm& form);             ///< a mapping to a list of ID=PATH
void file_object(Node& node, LongForm& form);     ///< one source of content
void named_external(Node& node, LongForm& form);  ///< `external: {name: x}` to `external: true` and `name: x`
// device requests
void gpus(Node& node, LongForm& form);            ///< "all" to a list of one request
void gpu_request(Node& node, LongForm& form);     ///< no count: all
void device_request(Node& node, LongForm& form);  ///< the same; capabilities are needed
void device_count(Node& node, LongForm& form);    ///< "all" to -1

}  // namespace stack::compose::short_forms
