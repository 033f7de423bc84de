#include "cli/render/disk_usage.hpp"

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "cli/render/container_row.hpp"
#include "cli/render/human.hpp"
#include "cli/render/resource_rows.hpp"
#include "engine/api/types.hpp"

namespace stack::cli::render {

namespace api = engine::api;
using nlohmann::json;

namespace {

/// An engine says null, or nothing, of what it has none of.
json list_of(const json& usage, const char* kind) {
  const auto found = usage.find(kind);
  return found != usage.end() && found->is_array() ? *found : json::array();
}

std::int64_t number(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

bool flag(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

struct Sum {
  std::int64_t count = 0, active = 0, size = 0, reclaimable = 0;
};

Sum images(const json& usage) {
  Sum sum;
  std::int64_t used = 0;
  for (const json& image : list_of(usage, "Images")) {
    ++sum.count;
    if (number(image, "Containers") <= 0) continue;
    ++sum.active;
    if (number(image, "Size") >= 0 && number(image, "SharedSize") >= 0)
      used += number(image, "Size") - number(image, "SharedSize");
  }
  sum.size = number(usage, "LayersSize");
  sum.reclaimable = sum.size - used;
  return sum;
}

Sum containers(const json& usage) {
  Sum sum;
  for (const json& container : list_of(usage, "Containers")) {
    const std::string state = container.value("State", "");
    const bool active = state == "running" || state == "paused" || state == "restarting";
    ++sum.count;
    sum.active += active ? 1 : 0;
    sum.size += number(container, "SizeRw");
    if (!active) sum.reclaimable += number(container, "SizeRw");
  }
  return sum;
}

Sum volumes(const json& usage) {
  Sum sum;
  for (const json& volume : list_of(usage, "Volumes")) {
    const json data = volume.value("UsageData", json::object());
    const std::int64_t size = std::max<std::int64_t>(0, data.is_object() ? number(data, "Size") : 0);
    const bool active = data.is_object() && number(data, "RefCount") > 0;
    ++sum.count;
    sum.active += active ? 1 : 0;
    sum.size += size;
    if (!active) sum.reclaimable += size;
  }
  return sum;
}

Sum build_cache(const json& usage) {
  Sum sum;
  for (const json& record : list_of(usage, "BuildCache")) {
    ++sum.count;
    sum.active += flag(record, "InUse") ? 1 : 0;
    if (flag(record, "Shared")) continue;
    sum.size += number(record, "Size");
    if (!flag(record, "InUse")) sum.reclaimable += number(record, "Size");
  }
  return sum;
}

Row row_of(const char* type, const Sum& sum, bool with_share) {
  std::string reclaimable = finer_size(sum.reclaimable);
  if (with_share && sum.size > 0) reclaimable += fmt::format(" ({}%)", sum.reclaimable * 100 / sum.size);
  return {.fields = {{"Type", type},
                     {"TotalCount", std::to_string(sum.count)},
                     {"Active", std::to_string(sum.active)},
                     {"Size", finer_size(sum.size)},
                     {"Reclaimable", reclaimable}}};
}

template <class T>
std::vector<T> all_of(const json& list) {
  std::vector<T> all;
  for (const json& item : list) all.push_back(item.get<T>());
  return all;
}

std::string cache_table(const json& usage, std::int64_t now) {
  const auto age = [now](const json& record, const char* name) {
    const std::optional<api::Timestamp> time = api::parse_timestamp(
        record.value(name, json()).is_string() ? record.at(name).get<std::string>() : "0001-01-01T00:00:00Z");
    if (!time) return std::string();
    return human_age(std::chrono::floor<std::chrono::seconds>(*time).time_since_epoch().count(), now);
  };
  std::vector<Row> rows;
  for (const json& record : list_of(usage, "BuildCache"))
    rows.push_back({.fields = {{"ID", record.value("ID", "").substr(0, 12)},
                               {"CacheType", record.value("Type", "")},
                               {"Size", finer_size(number(record, "Size"))},
                               {"CreatedSince", age(record, "CreatedAt")},
                               {"LastUsedSince", age(record, "LastUsedAt")},
                               {"UsageCount", std::to_string(number(record, "UsageCount"))},
                               {"Shared", flag(record, "Shared") ? "true" : "false"}}});
  return format_rows(
      rows, "table {{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t{{.LastUsedSince}}\t{{.UsageCount}}\t{{.Shared}}",
      {{"ID", "CACHE ID"},
       {"CacheType", "CACHE TYPE"},
       {"CreatedSince", "CREATED"},
       {"LastUsedSince", "LAST USED"},
       {"UsageCount", "USAGE"}});
}

}  // namespace

std::vector<Row> disk_usage_rows(const json& usage) {
  return {row_of("Images", images(usage), true), row_of("Containers", containers(usage), true),
          row_of("Local Volumes", volumes(usage), true), row_of("Build Cache", build_cache(usage), false)};
}

FieldTitles disk_usage_titles() { return {{"TotalCount", "TOTAL"}}; }

std::string disk_usage_in_full(const json& usage, std::int64_t now) {
  std::string out = "Images space usage:\n\n";
  out += format_rows(
      image_rows(all_of<api::ImageSummary>(list_of(usage, "Images")), false, false, now),
      "table "
      "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}",
      {{"ID", "IMAGE ID"}, {"CreatedSince", "CREATED"}, {"SharedSize", "SHARED SIZE"}, {"UniqueSize", "UNIQUE SIZE"}});
  std::vector<Row> rows;
  for (const auto& container : all_of<api::ContainerSummary>(list_of(usage, "Containers")))
    rows.push_back({.fields = docker_container_object(container, false, false, now)});
  out += "\nContainers space usage:\n\n";
  out += format_rows(
      rows, "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}",
      {{"ID", "CONTAINER ID"}, {"LocalVolumes", "LOCAL VOLUMES"}, {"RunningFor", "CREATED"}});
  out += "\nLocal Volumes space usage:\n\n";
  out += format_rows(volume_rows(all_of<api::Volume>(list_of(usage, "Volumes"))), "table {{.Name}}\t{{.Links}}\t{{.Size}}",
                     {{"Name", "VOLUME NAME"}});
  out += fmt::format("\nBuild cache usage: {}\n\n", finer_size(build_cache(usage).size));
  return out + cache_table(usage, now);
}

}  // namespace stack::cli::render
