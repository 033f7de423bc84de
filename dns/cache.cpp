#include "dns/cache.hpp"

#include <algorithm>
#include <cstring>

#include "dns/encode.hpp"

namespace stack::dns {

namespace {

constexpr std::uint32_t max_ttl = 3600;         // a wrong record is forgotten within the hour
constexpr std::uint32_t max_negative_ttl = 60;  // a name that appears should be seen soon
constexpr std::size_t max_kept_packet = 4096;

/// RFC 2308: the smaller of the SOA's own TTL and its last field.
std::uint32_t negative_ttl(const Record& soa) {
  if (soa.data.size() < 4) return 0;
  return std::min({soa.ttl, read_u32(soa.data, soa.data.size() - 4), max_negative_ttl});
}

}  // namespace

void Cache::make_key(const Query& query) {
  key_.assign(reinterpret_cast<const char*>(query.question.data()), query.question.size());
  const std::size_t name_size = key_.size() - 4;  // type and class are no letters
  std::transform(key_.begin(), key_.begin() + static_cast<std::ptrdiff_t>(name_size), key_.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const std::uint16_t flags = query.flags & (flag::recursion_desired | flag::authentic_data | flag::checking_disabled);
  key_ += static_cast<char>(flags >> 8);
  key_ += static_cast<char>((flags & 0xff) | (query.edns ? 1 : 0) | (query.dnssec_ok ? 2 : 0));
}

void Cache::erase(std::list<Entry>::iterator entry) {
  entries_.erase(entry->key);
  order_.erase(entry);
}

void Cache::clear() {
  entries_.clear();
  order_.clear();
}

std::size_t Cache::find(const Query& query, std::span<std::uint8_t> out, Clock::time_point now) {
  if (entries_.empty()) return 0;
  make_key(query);
  const auto found = entries_.find(key_);
  if (found == entries_.end()) return 0;
  const auto entry = found->second;
  if (entry->expires <= now) {
    erase(entry);
    return 0;
  }
  if (entry->packet.size() > out.size()) return 0;
  order_.splice(order_.begin(), order_, entry);
  const auto age = static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now - entry->stored).count());
  std::memcpy(out.data(), entry->packet.data(), entry->packet.size());
  std::memcpy(out.data() + header_size, query.question.data(), query.question.size());
  write_u16(out.data(), query.id);
  for (const std::uint16_t offset : entry->ttl_offsets) {
    const std::uint32_t ttl = read_u32(out, offset);
    write_u32(out.data() + offset, ttl > age ? ttl - age : 0);
  }
  return entry->packet.size();
}

void Cache::store(const Query& query, Bytes packet, const Reply& reply, Clock::time_point now) {
  if (max_entries_ == 0 || reply.truncated() || packet.size() > max_kept_packet) return;
  if (reply.rcode() != Rcode::no_error && reply.rcode() != Rcode::name_error) return;
  const bool negative = reply.answers == 0;
  std::uint32_t ttl = negative ? 0 : max_ttl;
  Entry entry;
  const bool whole = for_each_record(packet, reply, [&](const Record& record, std::size_t index) {
    if (record.type == type::opt) return;
    entry.ttl_offsets.push_back(static_cast<std::uint16_t>(record.ttl_offset));
    if (!negative) ttl = std::min(ttl, record.ttl);
    if (negative && record.type == type::soa && index < reply.answers + reply.authorities) ttl = negative_ttl(record);
  });
  if (!whole || ttl == 0) return;
  make_key(query);
  if (const auto present = entries_.find(key_); present != entries_.end()) erase(present->second);
  if (entries_.size() >= max_entries_) erase(std::prev(order_.end()));
  entry.key = key_;
  entry.packet.assign(packet.begin(), packet.end());
  entry.stored = now;
  entry.expires = now + std::chrono::seconds(ttl);
  order_.push_front(std::move(entry));
  entries_.emplace(order_.front().key, order_.begin());
}

}  // namespace stack::dns
