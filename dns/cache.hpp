#pragma once
// Answers from upstream, kept as long as their TTL says. One thread.
#include <chrono>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "dns/decode.hpp"

namespace stack::dns {

class Cache {
public:
  using Clock = std::chrono::steady_clock;

  explicit Cache(std::size_t max_entries) : max_entries_(max_entries) {}

  /// Writes the answer kept for `query`, with id and question of this one and TTLs counted down. 0: nothing kept.
  std::size_t find(const Query& query, std::span<std::uint8_t> out, Clock::time_point now);

  /// Keeps a validated reply when it may be kept.
  void store(const Query& query, Bytes packet, const Reply& reply, Clock::time_point now);

  void clear();
  std::size_t size() const { return entries_.size(); }

private:
  struct Entry {
    std::string key;
    std::vector<std::uint8_t> packet;
    std::vector<std::uint16_t> ttl_offsets;
    Clock::time_point stored, expires;
  };
  void make_key(const Query& query);
  void erase(std::list<Entry>::iterator entry);

  std::size_t max_entries_;
  std::string key_;         // scratch
  std::list<Entry> order_;  // the most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> entries_;
};

}  // namespace stack::dns
