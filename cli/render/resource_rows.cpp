#include "cli/render/resource_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>

#include "cli/render/human.hpp"
#include "cli/render/image_name.hpp"
#include "cli/render/table.hpp"

namespace stack::cli::render {

namespace api = engine::api;

namespace {

constexpr const char* none = "<none>";

/// Names with numbers in the order of the numbers.
template <class T>
void sort_by_name(std::vector<T>& things) {
  std::sort(things.begin(), things.end(),
            [](const T& a, const T& b) { return ::strverscmp(a.name.c_str(), b.name.c_str()) < 0; });
}

std::string digest_of(const api::ImageSummary& image, const std::string& repository) {
  for (const std::string& digest : image.repo_digests)
    if (const std::size_t at = digest.find('@'); at != std::string::npos && digest.substr(0, at) == repository)
      return digest.substr(at + 1);
  return none;
}

std::string count_or_unknown(std::int64_t count) { return count < 0 ? "N/A" : std::to_string(count); }

Row image_row(const api::ImageSummary& image, const ImageName& name, const std::string& digest, bool full, std::int64_t now) {
  const bool shared = image.shared_size >= 0;
  return {.fields = {{"Repository", name.repository},
                     {"Tag", name.tag},
                     {"Digest", digest},
                     {"ID", full ? image.id : short_id(image.id)},
                     {"CreatedAt", local_time(image.created)},
                     {"CreatedSince", human_age(image.created, now)},
                     {"Size", human_size(image.size)},
                     {"Containers", count_or_unknown(image.containers)},
                     {"SharedSize", shared ? finer_size(image.shared_size) : "N/A"},
                     {"UniqueSize", shared ? finer_size(image.size - image.shared_size) : "N/A"},
                     {"VirtualSize", finer_size(image.size)}},
          .labels = image.labels};
}

std::string formatted(const std::tm& parts, const char* format) {
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

/// As Go prints a time in UTC: "2026-11-26 19:18:21.081915945 +0000 UTC".
std::string utc_time(const std::optional<api::Timestamp>& time) {
  if (!time) return "0001-01-01 00:00:00 +0000 UTC";
  const std::int64_t nanoseconds = time->time_since_epoch().count();
  const std::time_t seconds = nanoseconds / 1'000'000'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::string fraction = fmt::format(".{:09}", nanoseconds % 1'000'000'000);
  fraction.resize(fraction.find_last_not_of(".0") + 1);
  return formatted(parts, "%Y-%m-%d %H:%M:%S") + fraction + " +0000 UTC";
}

/// "2026-11-26T19:09:44Z", in local time.
std::string iso_time(std::int64_t unix_seconds) {
  const std::time_t time = unix_seconds;
  std::tm parts{};
  ::localtime_r(&time, &parts);
  std::string text = formatted(parts, "%Y-%m-%dT%H:%M:%S%z");
  if (text.ends_with("+0000")) return text.substr(0, text.size() - 5) + "Z";
  return text.insert(text.size() - 2, ":");
}

const char* yes_no(bool value) { return value ? "true" : "false"; }

}  // namespace

std::string label_list(const api::StringMap& labels) {
  std::string list;
  for (const auto& [name, value] : labels) list += fmt::format("{}{}={}", list.empty() ? "" : ",", name, value);
  return list;
}

std::vector<Row> image_rows(const std::vector<api::ImageSummary>& images, bool full, bool digests, std::int64_t now) {
  std::vector<Row> rows;
  for (const api::ImageSummary& image : images) {
    for (const std::string& tag : image.repo_tags) {
      const ImageName name = split_name(tag, "latest");
      rows.push_back(image_row(image, name, digest_of(image, name.repository), full, now));
    }
    if (!image.repo_tags.empty()) continue;
    const std::string first = image.repo_digests.empty() ? std::string(none) : image.repo_digests.front();
    const std::string repository = first.substr(0, first.find('@'));
    rows.push_back(image_row(image, {repository, none}, digests ? digest_of(image, repository) : none, full, now));
  }
  return rows;
}

std::vector<Row> history_rows(const std::vector<api::ImageHistory>& steps, bool full, bool human, std::int64_t now) {
  constexpr std::size_t command_width = 45;
  std::vector<Row> rows;
  for (const api::ImageHistory& step : steps) {
    std::string command = step.created_by;
    std::replace_if(
        command.begin(), command.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    rows.push_back({.fields = {{"ID", full || !step.id.starts_with("sha256:") ? step.id : short_id(step.id)},
                               {"CreatedAt", iso_time(step.created)},
                               {"CreatedSince", human_age(step.created, now)},
                               {"CreatedBy", full ? command : ellipsis(command, command_width)},
                               {"Size", human ? human_size(step.size) : std::to_string(step.size)},
                               {"Comment", step.comment}}});
  }
  return rows;
}

std::vector<Row> network_rows(std::vector<api::NetworkResource> networks, bool full) {
  sort_by_name(networks);
  std::vector<Row> rows;
  for (const api::NetworkResource& network : networks)
    rows.push_back({.fields = {{"CreatedAt", utc_time(network.created)},
                               {"Driver", network.driver},
                               {"ID", full ? network.id : network.id.substr(0, 12)},
                               {"IPv4", yes_no(network.enable_ipv4)},
                               {"IPv6", yes_no(network.enable_ipv6)},
                               {"Internal", yes_no(network.internal)},
                               {"Labels", label_list(network.labels)},
                               {"Name", network.name},
                               {"Scope", network.scope}},
                    .labels = network.labels});
  return rows;
}

std::vector<Row> volume_rows(std::vector<api::Volume> volumes) {
  sort_by_name(volumes);
  std::vector<Row> rows;
  for (const api::Volume& volume : volumes) {
    const api::StringMap labels = volume.labels.value_or(api::StringMap());
    const bool used = volume.usage_data.has_value();
    // what only a cluster has is "N/A" there, too
    rows.push_back({.fields = {{"Availability", "N/A"},
                               {"Driver", volume.driver},
                               {"Group", "N/A"},
                               {"Labels", label_list(labels)},
                               {"Links", used ? std::to_string(volume.usage_data->ref_count) : "N/A"},
                               {"Mountpoint", volume.mountpoint},
                               {"Name", volume.name},
                               {"Scope", volume.scope},
                               {"Size", used ? finer_size(volume.usage_data->size) : "N/A"},
                               {"Status", "N/A"}},
                    .labels = labels});
  }
  return rows;
}

}  // namespace stack::cli::render
