#pragma once
// Steps that were built before: chain of instructions -> the image configuration after the step. Loop thread.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/image/store.hpp"
#include "engine/state/async.hpp"
#include "engine/state/document_table.hpp"

namespace stack::engine::build {

/// A remembered step, for /system/df.
struct CacheStep {
  std::string key;
  std::string description;  ///< as the history of an image says it
  std::string created;      ///< RFC 3339
  std::int64_t used = 0;    ///< Unix seconds
  std::uint64_t size = 0;   ///< bytes of its layer
  bool shared = false;      ///< an image has the layer, too
};

class Cache {
public:
  Cache(image::Store& store, DocumentTable& rows) : store_(store), rows_(rows) {}

  void load();
  /// The configuration after the step, if all its layers are still there.
  std::optional<image::ImageConfig> find(const std::string& key);
  /// Remembers a step; its topmost layer is retained as long as it is remembered.
  void put(const std::string& key, const image::ImageConfig& config);
  /// Lets `alias` lead to what `key` has: a second, cheaper way to recognise the same step.
  void put_alias(const std::string& alias, const std::string& key);
  /// The key that `key` is an alias of, else itself.
  std::string resolve(const std::string& key) const;
  /// Forgets all, or what no image in the store has as a layer; returns the bytes of layers that only the cache had.
  /// With `chosen` only of the steps that it accepts.
  std::uint64_t prune(bool all, const std::function<bool(const CacheStep&)>& chosen = {});
  std::vector<CacheStep> steps() const;
  std::size_t size() const { return entries_.size(); }

  /// The right to do a step; given back when it goes. Must not outlive the cache.
  class Claim {
  public:
    Claim(Cache& owner, std::string key) : owner_(owner), key_(std::move(key)) {}
    ~Claim() { owner_.release(key_); }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

  private:
    Cache& owner_;
    std::string key_;
  };
  /// Waits until no other build is doing this step: what two images have in common is then done once, and found by the second.
  boost::asio::awaitable<std::shared_ptr<Claim>> claim(std::string key);

private:
  struct Entry {
    std::string config;     ///< text of the configuration
    std::string layer;      ///< the retained one; empty: the step made none
    std::string alias_of;   ///< then there is no configuration
    std::int64_t used = 0;  ///< Unix seconds
  };
  CacheStep step_of(const std::string& key, const Entry& entry, const std::set<std::string>& of_images) const;
  void store_entry(const std::string& key, Entry entry);
  static Document row_of(const std::string& key, const Entry& entry);
  void forget(const std::string& key);
  void forget_oldest();
  void release(const std::string& key);

  image::Store& store_;
  DocumentTable& rows_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::shared_ptr<Signal>> claims_;
};

}  // namespace stack::engine::build
