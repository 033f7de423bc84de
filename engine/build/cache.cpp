#include "engine/build/cache.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <ctime>
#include <set>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"

namespace stack::engine::build {

namespace {

constexpr std::size_t max_entries = 2000;      // steps; a large project has some hundreds
constexpr std::int64_t use_resolution = 3600;  // seconds: a hit is written down only this often

std::int64_t now() { return static_cast<std::int64_t>(std::time(nullptr)); }

}  // namespace

Document Cache::row_of(const std::string& key, const Entry& entry) {
  const nlohmann::json row{
      {"config", entry.config}, {"layer", entry.layer}, {"used", entry.used}, {"alias_of", entry.alias_of}};
  return {key, row.dump()};
}

void Cache::load() {
  std::vector<std::string> stale;
  for (const Document& row : rows_.load_all()) {
    try {
      const nlohmann::json value = json::parse_object(row.json, "build cache row");
      Entry entry;
      json::read(value, "config", entry.config, "build cache row");
      json::read(value, "layer", entry.layer, "build cache row");
      json::read(value, "used", entry.used, "build cache row");
      json::read(value, "alias_of", entry.alias_of, "build cache row");
      if (!entry.layer.empty()) store_.retain_layer(entry.layer);
      entries_[row.key] = std::move(entry);
    } catch (const Error& error) {
      log::warning("build cache entry {} is dropped: {}", row.key, error.what());
      stale.push_back(row.key);
    }
  }
  if (!stale.empty()) rows_.apply({}, stale);
}

std::optional<image::ImageConfig> Cache::find(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.alias_of.empty()) return std::nullopt;
  image::ImageConfig config = image::parse_image_config(found->second.config);
  for (const auto& diff_id : config.diff_ids)
    if (!store_.has_layer(diff_id)) return std::nullopt;
  if (now() - found->second.used > use_resolution) {
    found->second.used = now();
    rows_.apply({row_of(key, found->second)}, {});
  }
  return config;
}

void Cache::put(const std::string& key, const image::ImageConfig& config) {
  Entry entry;
  entry.config = image::to_text(config);
  entry.used = now();
  if (!config.diff_ids.empty() && !config.history.empty() && !config.history.back().empty_layer)
    entry.layer = config.diff_ids.back();
  store_entry(key, std::move(entry));
}

void Cache::put_alias(const std::string& alias, const std::string& key) {
  Entry entry;
  entry.alias_of = key;
  entry.used = now();
  store_entry(alias, std::move(entry));
}

std::string Cache::resolve(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() || found->second.alias_of.empty() ? key : found->second.alias_of;
}

void Cache::store_entry(const std::string& key, Entry entry) {
  if (!entry.layer.empty()) store_.retain_layer(entry.layer);
  const auto previous = entries_.find(key);
  const std::string replaced = previous == entries_.end() ? "" : previous->second.layer;
  rows_.apply({row_of(key, entry)}, {});
  entries_[key] = std::move(entry);
  if (!replaced.empty()) store_.release_layer(replaced);
  if (entries_.size() > max_entries) forget_oldest();
}

void Cache::forget(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  rows_.apply({}, {key});
  const std::string layer = found->second.layer;
  entries_.erase(found);
  if (!layer.empty()) store_.release_layer(layer);
}

boost::asio::awaitable<std::shared_ptr<Cache::Claim>> Cache::claim(std::string key) {
  for (auto other = claims_.find(key); other != claims_.end(); other = claims_.find(key)) {
    const std::shared_ptr<Signal> done = other->second;
    co_await done->wait();
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  claims_[key] = std::make_shared<Signal>(executor);
  co_return std::make_shared<Claim>(*this, key);
}

void Cache::release(const std::string& key) {
  const auto claim = claims_.find(key);
  const std::shared_ptr<Signal> done = claim->second;
  claims_.erase(claim);
  done->set();
}

void Cache::forget_oldest() {
  std::vector<std::pair<std::int64_t, std::string>> by_use;
  for (const auto& [key, entry] : entries_) by_use.emplace_back(entry.used, key);
  std::sort(by_use.begin(), by_use.end());
  for (std::size_t i = 0; i < max_entries / 10; ++i) forget(by_use[i].second);
}

namespace {

std::set<std::string> layers_of_images(const image::Store& store) {
  std::set<std::string> layers;
  for (const auto& image : store.list()) layers.insert(image->config.diff_ids.begin(), image->config.diff_ids.end());
  return layers;
}

}  // namespace

CacheStep Cache::step_of(const std::string& key, const Entry& entry, const std::set<std::string>& of_images) const {
  const image::ImageConfig config = image::parse_image_config(entry.config);
  CacheStep step;
  step.key = key;
  if (!config.history.empty()) step.description = config.history.back().created_by;
  step.created = config.created;
  step.used = entry.used;
  if (!entry.layer.empty()) step.size = store_.layer_size(entry.layer);
  step.shared = of_images.contains(entry.layer);
  return step;
}

std::vector<CacheStep> Cache::steps() const {
  const std::set<std::string> of_images = layers_of_images(store_);
  std::vector<CacheStep> steps;
  for (const auto& [key, entry] : entries_)
    if (entry.alias_of.empty()) steps.push_back(step_of(key, entry, of_images));
  return steps;
}

std::uint64_t Cache::prune(bool all, const std::function<bool(const CacheStep&)>& chosen) {
  const std::set<std::string> of_images = layers_of_images(store_);
  std::vector<std::string> keys;
  for (const auto& [key, entry] : entries_) {
    const bool is_alias = !entry.alias_of.empty();
    if (chosen && (is_alias || !chosen(step_of(key, entry, of_images)))) continue;
    if (all || is_alias || (!entry.layer.empty() && !of_images.contains(entry.layer))) keys.push_back(key);
  }
  const std::uint64_t before = store_.layers_size();
  for (const auto& key : keys) forget(key);
  return before - store_.layers_size();
}

}  // namespace stack::engine::build
