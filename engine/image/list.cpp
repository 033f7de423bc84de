// Listing with Docker's filters, and the API's bodies.
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/image/store_impl.hpp"

namespace stack::engine::image {

namespace {

std::int64_t unix_seconds(const std::string& rfc3339) {
  tm parts{};
  if (::strptime(rfc3339.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) return 0;
  return ::timegm(&parts);
}

bool has_label(const Image& image, const std::string& wanted) {
  const std::size_t equals = wanted.find('=');
  const auto found = image.config.config.labels.find(wanted.substr(0, equals));
  if (found == image.config.config.labels.end()) return false;
  return equals == std::string::npos || found->second == wanted.substr(equals + 1);
}

bool truth(const std::string& filter, const std::string& value) {
  if (value == "1" || value == "true" || value == "True" || value == "TRUE" || value == "t" || value == "T") return true;
  if (value == "0" || value == "false" || value == "False" || value == "FALSE" || value == "f" || value == "F") return false;
  throw Error(ErrorCode::invalid_argument, "invalid filter '" + filter + "=[" + value + "]'");
}

bool is_dangling(const Image& image) { return image.repo_tags().empty(); }

/// Does the image pass this filter? Any of the values will do, except for labels, of which all must match.
bool passes(const Store& store, const Image& image, const std::string& filter, const std::vector<std::string>& values) {
  if (filter == "label")
    return std::all_of(values.begin(), values.end(), [&](const auto& value) { return has_label(image, value); });
  if (filter == "label!")
    return std::none_of(values.begin(), values.end(), [&](const auto& value) { return has_label(image, value); });
  return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
    if (filter == "dangling") return is_dangling(image) == truth(filter, value);
    if (filter == "before") return image.config.created < store.get(value)->config.created;
    if (filter == "since") return image.config.created > store.get(value)->config.created;
    if (filter == "until") return unix_seconds(image.config.created) < std::atoll(value.c_str());
    if (filter == "reference")
      return std::any_of(image.names.begin(), image.names.end(),
                         [&](const Reference& name) { return matches_pattern(name, value); });
    throw Error(ErrorCode::invalid_argument, "invalid filter '" + filter + "'");
  });
}

void check_filters(const Filters& filters) {
  for (const auto& [filter, values] : filters) {
    constexpr std::array known{"label", "label!", "dangling", "before", "since", "until", "reference"};
    if (std::find(known.begin(), known.end(), filter) == known.end())
      throw Error(ErrorCode::invalid_argument, "invalid filter '" + filter + "'");
  }
}

}  // namespace

ImagePtr with_matching_names(ImagePtr image, const Filters& filters) {
  const auto patterns = filters.find("reference");
  if (patterns == filters.end()) return image;
  auto copy = std::make_shared<Image>(*image);
  std::erase_if(copy->names, [&](const Reference& name) {
    return std::none_of(patterns->second.begin(), patterns->second.end(),
                        [&](const std::string& pattern) { return matches_pattern(name, pattern); });
  });
  return copy;
}

std::vector<ImagePtr> Store::list(const Filters& filters) const {
  check_filters(filters);
  std::vector<ImagePtr> found;
  for (const auto& [id, image] : impl_->images) {
    const bool wanted = std::all_of(filters.begin(), filters.end(),
                                    [&](const auto& filter) { return passes(*this, *image, filter.first, filter.second); });
    if (wanted) found.push_back(image);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const ImagePtr& a, const ImagePtr& b) { return a->config.created > b->config.created; });
  return found;
}

nlohmann::json inspect_json(const Image& image, const Store& store) {
  const ImageConfig& config = image.config;
  nlohmann::json value;
  value["Id"] = image.id;
  value["RepoTags"] = image.repo_tags();
  value["RepoDigests"] = image.repo_digests();
  value["Parent"] = image.parent;
  value["Comment"] = config.comment;
  value["Created"] = config.created.empty() ? "0001-01-01T00:00:00Z" : config.created;
  value["DockerVersion"] = "";
  value["Author"] = config.author;
  value["Architecture"] = config.architecture;
  if (!config.variant.empty()) value["Variant"] = config.variant;
  value["Os"] = config.os;
  value["Size"] = image.size;
  std::string lower;
  const std::vector<std::string> dirs = store.content_dirs(config);
  nlohmann::json data = nlohmann::json::object();
  if (!dirs.empty()) data["UpperDir"] = dirs.front();
  for (std::size_t i = 1; i < dirs.size(); ++i) lower += (i > 1 ? ":" : "") + dirs[i];
  if (!lower.empty()) data["LowerDir"] = lower;
  value["GraphDriver"] = {{"Name", "overlay2"}, {"Data", data}};
  value["RootFS"] = {{"Type", "layers"}, {"Layers", config.diff_ids}};
  value["Metadata"] = {{"LastTagTime", image.last_tagged.empty() ? "0001-01-01T00:00:00Z" : image.last_tagged}};
  value["Config"] = to_json(config.config);
  return value;
}

nlohmann::json summary_json(const Image& image, std::int64_t containers) {
  nlohmann::json value;
  value["Id"] = image.id;
  value["ParentId"] = image.parent;
  value["RepoTags"] = image.repo_tags();
  value["RepoDigests"] = image.repo_digests();
  value["Created"] = unix_seconds(image.config.created);
  value["Size"] = image.size;
  value["SharedSize"] = -1;
  value["Labels"] = image.config.config.labels.empty() ? nlohmann::json(nullptr) : nlohmann::json(image.config.config.labels);
  value["Containers"] = containers;
  return value;
}

namespace {

ImagePtr parent_of(const Image& image, const Store& store) { return image.parent.empty() ? nullptr : store.find(image.parent); }

}  // namespace

nlohmann::json history_json(const Image& image, const Store& store) {
  nlohmann::json entries = nlohmann::json::array();
  std::size_t layer = 0;
  for (const HistoryEntry& entry : image.config.history) {
    nlohmann::json value;
    value["Id"] = "<missing>";
    value["Created"] = unix_seconds(entry.created);
    value["CreatedBy"] = entry.created_by;
    value["Tags"] = nullptr;
    value["Size"] = 0;
    if (!entry.empty_layer && layer < image.config.diff_ids.size())
      value["Size"] = store.layer_size(image.config.diff_ids[layer++]);
    value["Comment"] = entry.comment;
    entries.insert(entries.begin(), std::move(value));
  }
  if (!entries.empty()) {
    entries.front()["Id"] = image.id;
    if (const auto tags = image.repo_tags(); !tags.empty()) entries.front()["Tags"] = tags;
  }
  // what it was made from is an image of its own, perhaps with names
  for (ImagePtr base = parent_of(image, store); base; base = parent_of(*base, store)) {
    const std::size_t steps = base->config.history.size();
    if (steps == 0 || steps >= entries.size()) break;
    nlohmann::json& entry = entries[entries.size() - steps];
    entry["Id"] = base->id;
    if (const auto tags = base->repo_tags(); !tags.empty()) entry["Tags"] = tags;
  }
  return entries;
}

}  // namespace stack::engine::image
