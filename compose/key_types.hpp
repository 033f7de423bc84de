#pragma once
// The value types the key tables are written with.
#include "compose/keys.hpp"
#include "compose/resolve_paths.hpp"
#include "compose/short_forms.hpp"

namespace stack::compose::types {

namespace sf = short_forms;

inline constexpr Type string{"a string", allow_string};
inline constexpr Type nullable_string{"a string or nothing", allow_string | allow_null};
inline constexpr Type path{"a path", allow_string, nullptr, nullptr, nullptr, nullptr, resolve_path};
inline constexpr Type context{"a path or URL", allow_string, nullptr, nullptr, nullptr, nullptr, resolve_context};
inline constexpr Type mount_type{"a string", allow_string, sf::mount_type};
inline constexpr Type scalar{"a string, number or boolean", allow_string | allow_number | allow_boolean, sf::text};
inline constexpr Type nullable_scalar{"a string, number, boolean or nothing",
                                      allow_string | allow_number | allow_boolean | allow_null, sf::text};
inline constexpr Type string_or_number{"a string or a number", allow_string | allow_number, sf::text};
inline constexpr Type boolean{"true or false", allow_boolean | allow_string, sf::boolean};
inline constexpr Type integer{"an integer", allow_number | allow_string, sf::integer};
inline constexpr Type count{"an integer", allow_number | allow_string, sf::count};
inline constexpr Type single_number{"a number", allow_number | allow_string, sf::single_number};
inline constexpr Type number{"a number", allow_number | allow_string, sf::number};
inline constexpr Type byte_size{"a size like 512m or a number of bytes", allow_number | allow_string, sf::byte_size};
inline constexpr Type byte_count{byte_size.expected, byte_size.allowed, sf::byte_count};
inline constexpr Type instances{integer.expected, integer.allowed, sf::instances};
inline constexpr Type duration{"a duration like 1m30s", allow_string, sf::duration};
inline constexpr Type file_mode{"a file mode like 0440", allow_number | allow_string, sf::file_mode};

inline constexpr Type strings{"a list of strings", allow_list, nullptr, &string};
inline constexpr Type strings_or_numbers{"a list of strings or numbers", allow_list, nullptr, &string_or_number};
inline constexpr Type unique_strings{"a list of strings", allow_list, sf::unique_list, &string};
inline constexpr Type unique_strings_or_numbers{"a list of strings or numbers", allow_list, sf::unique_list, &string_or_number};
inline constexpr Type string_or_list{"a string or a list of strings", allow_string | allow_list, sf::list, &string};
inline constexpr Type name_servers{string_or_list.expected, string_or_list.allowed, sf::name_servers, &string};
inline constexpr Type expose{"a list of ports", allow_list, sf::expose, &string_or_number};

/// K=V lists and mappings. `values`: null stays null (environment, args).
inline constexpr Type assignments{"a mapping or a list of KEY=value", allow_mapping | allow_list, sf::assignments, nullptr,
                                  &nullable_scalar};
inline constexpr Type labels{"a mapping or a list of KEY=value", allow_mapping | allow_list, sf::labels, nullptr,
                             &nullable_scalar};
inline constexpr Type settings{"a mapping or a list of KEY=value", allow_mapping | allow_list, sf::settings, nullptr,
                               &nullable_scalar};
inline constexpr Type options{"a mapping of strings", allow_mapping, sf::settings, nullptr, &nullable_scalar};
inline constexpr Type addresses{"a list of addresses", allow_list, nullptr, &string};
inline constexpr Type extra_hosts{"a mapping or a list of HOST=ADDRESS", allow_mapping | allow_list, sf::extra_hosts, nullptr,
                                  &addresses};

inline constexpr Type command{"a string or a list of strings", allow_string | allow_list | allow_null, sf::command, &string};
inline constexpr Type healthcheck_test{"a string or a list of strings", allow_string | allow_list, sf::healthcheck_test,
                                       &string};
inline constexpr Type external{"true or false", allow_boolean | allow_string | allow_mapping, sf::external};
inline constexpr Type condition{"a string", allow_string, sf::condition};
inline constexpr Type container_name{"a string", allow_string, sf::container_name};
inline constexpr Type cgroup{"a string", allow_string, sf::cgroup};
inline constexpr Type concurrency{"a string", allow_string, sf::concurrency};
inline constexpr Type missed_fires{"a string", allow_string, sf::missed_fires};
inline constexpr Type update_order{"a string", allow_string, sf::update_order};
inline constexpr Type selinux{"a string", allow_string, sf::selinux};
inline constexpr Type watch_action{"a string", allow_string, sf::watch_action};
inline constexpr Type device_count{"a number or all", allow_string | allow_number, sf::device_count};
inline constexpr Type pull_policy{"a string", allow_string, sf::pull_policy};
inline constexpr Type published{"a port or a range of ports", allow_string | allow_number, sf::publish_range};

inline constexpr Type file_reference_type{
    "a name or a mapping", allow_string | allow_mapping, sf::file_reference, nullptr, nullptr, &keys_of<FileReference>};
inline constexpr Type file_references_type{"a list of names or mappings", allow_list, nullptr, &file_reference_type};
extern const Type hooks_type;      ///< commands in a running container
extern const Type pre_start_type;  ///< containers before it
extern const Type job_entry;       ///< one of `jobs`
inline constexpr Type ulimit_type{"an integer or a mapping", allow_number | allow_string | allow_mapping, sf::ulimit};
inline constexpr Type ulimits_type{"a mapping", allow_mapping, nullptr, nullptr, &ulimit_type};

}  // namespace stack::compose::types

namespace stack::compose {

// Of the keys whose values are services with other rows.
void read_pre_start(const Node& node, void* owner);
void write_pre_start(const void* owner, std::string_view name, Node& out, bool json);
void read_jobs(const Node& node, void* owner);
void write_jobs(const void* owner, std::string_view name, Node& out, bool json);

}  // namespace stack::compose
