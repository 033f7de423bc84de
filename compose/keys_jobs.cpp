// The key tables of containers that are no services: jobs, and what runs before a service starts. Their rows are the service's
// without those that make no sense for them.
#include <algorithm>
#include <array>

#include "compose/codec.hpp"
#include "compose/key_types.hpp"

namespace stack::compose {

using namespace types;

template <>
std::span<const Key> keys_of<Schedule>() {
  static constexpr std::array rows{
      key<&Schedule::cron>("cron", string, "minute, hour, day of the month, month, day of the week"),
      key<&Schedule::timezone>("timezone", string, "name of the time zone it is meant in; UTC by default"),
      key<&Schedule::concurrency>("concurrency", concurrency, "while a run goes on: forbid (by default) or queue"),
      key<&Schedule::missed_fires>("missed_fires", missed_fires, "runs that were missed: one for all (by default) or skip"),
  };
  return rows;
}

namespace {
constexpr Type schedule_type{
    "a cron expression or a mapping", allow_string | allow_mapping, sf::schedule, nullptr, nullptr, &keys_of<Schedule>};
constexpr Type schedules_type{"a list of cron expressions or mappings", allow_list, nullptr, &schedule_type};
}  // namespace

template <>
std::span<const Key> keys_of<Triggers>() {
  static constexpr std::array rows{
      key<&Triggers::manual>("manual", boolean, "whether `run` may start it; true by default"),
      key<&Triggers::schedule>("schedule", schedules_type, "when it runs by itself"),
  };
  return rows;
}

namespace {

constexpr Type triggers_type = structure<Triggers>();

/// What is about containers that stay.
constexpr std::array<std::string_view, 13> of_services_only{
    "attach",     "container_name", "deploy",   "develop",  "extends", "external_links", "links",
    "post_start", "pre_start",      "pre_stop", "provider", "restart", "scale"};
/// What is about how a container is made and reached, rather than what it is.
constexpr std::array<std::string_view, 8> of_workloads_only{"build", "depends_on", "expose",     "healthcheck",
                                                            "ports", "profiles",   "stdin_open", "tty"};

template <class Names>
std::vector<Key> without(std::span<const Key> rows, const Names& names) {
  std::vector<Key> kept;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(kept),
               [&](const Key& row) { return std::find(names.begin(), names.end(), row.name) == names.end(); });
  return kept;
}

}  // namespace

std::span<const Key> job_keys() {
  static const std::vector<Key> rows = [] {
    std::vector<Key> made = without(keys_of<Service>(), of_services_only);
    made.push_back(key<&Service::triggers>("triggers", triggers_type, "when it runs"));
    return made;
  }();
  return rows;
}

std::span<const Key> pre_start_keys() {
  static const std::vector<Key> rows = [] {
    std::vector<Key> made = without(without(keys_of<Service>(), of_services_only), of_workloads_only);
    made.push_back(
        key<&Service::per_replica>("per_replica", boolean, "once for each container of the service, not once for all"));
    return made;
  }();
  return rows;
}

namespace types {

const Type job_entry{"a mapping", allow_mapping, nullptr, nullptr, nullptr, &job_keys};

namespace {
constexpr Type pre_start_entry{"a mapping", allow_mapping, nullptr, nullptr, nullptr, &pre_start_keys};
}
const Type pre_start_type{"a list of mappings", allow_list, nullptr, &pre_start_entry};

}  // namespace types

void read_pre_start(const Node& node, void* owner) {
  for (const Node& item : node.items()) {
    Service& container = static_cast<Service*>(owner)->pre_start.emplace_back();
    read_structure(item, pre_start_keys(), &container, &container.extensions);
  }
}

void write_pre_start(const void* owner, std::string_view name, Node& out, bool json) {
  Node list = Node::sequence();
  for (const Service& container : static_cast<const Service*>(owner)->pre_start) {
    Node item = Node::mapping();
    write_structure(pre_start_keys(), &container, &container.extensions, item, json);
    list.append(std::move(item));
  }
  if (!list.items().empty()) out.members().push_back({std::string(name), std::move(list), {}});
}

void read_jobs(const Node& node, void* owner) {
  for (const Node::Member& member : node.members()) {
    Service& job = static_cast<Project*>(owner)->jobs[member.key];
    note_location(member, job);
    job.triggers.emplace();  // which make it a job
    read_structure(member.value, job_keys(), &job, &job.extensions);
  }
}

void write_jobs(const void* owner, std::string_view name, Node& out, bool json) {
  Node jobs = Node::mapping();
  for (const auto& [job_name, job] : static_cast<const Project*>(owner)->jobs) {
    Node item = Node::mapping();
    write_structure(job_keys(), &job, &job.extensions, item, json);
    jobs.members().push_back({job_name, std::move(item), {}});
  }
  if (!json) sort_yaml_keys(jobs);
  if (!jobs.members().empty()) out.members().push_back({std::string(name), std::move(jobs), {}});
}

}  // namespace stack::compose
