#include "dns/decode.hpp"

#include <algorithm>

#include "dns/name.hpp"

namespace stack::dns {

namespace {

constexpr std::size_t question_tail = 4;  // type, class
constexpr std::size_t record_tail = 10;   // type, class, ttl, data length

std::uint8_t lower(std::uint8_t byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<std::uint8_t>(byte + 32) : byte; }

bool equal_ignoring_case(Bytes a, Bytes b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](std::uint8_t x, std::uint8_t y) { return lower(x) == lower(y); });
}

/// Looks for the OPT record among the additional records.
QueryStatus read_edns(Bytes packet, std::size_t offset, std::size_t records, Query& query) {
  if (records > max_records) return QueryStatus::format_error;
  for (std::size_t i = 0; i < records; ++i) {
    const auto record = read_record(packet, offset);
    if (!record) return QueryStatus::format_error;
    if (record->type != type::opt) continue;
    if (query.edns) return QueryStatus::format_error;  // RFC 6891 6.1.1: at most one
    query.edns = true;
    query.udp_size = std::max<std::uint16_t>(record->klass, plain_udp_size);
    query.dnssec_ok = (record->ttl & 0x8000) != 0;
    if (((record->ttl >> 16) & 0xff) != 0) return QueryStatus::bad_version;
  }
  return QueryStatus::ok;
}

}  // namespace

std::optional<Record> read_record(Bytes packet, std::size_t& offset) {
  const auto name_end = skip_name(packet, offset);
  if (!name_end || *name_end + record_tail > packet.size()) return std::nullopt;
  Record record{.offset = offset,
                .type = read_u16(packet, *name_end),
                .klass = read_u16(packet, *name_end + 2),
                .ttl = read_u32(packet, *name_end + 4),
                .ttl_offset = *name_end + 4,
                .data = {}};
  const std::size_t length = read_u16(packet, *name_end + 8);
  const std::size_t begin = *name_end + record_tail;
  if (begin + length > packet.size()) return std::nullopt;
  record.data = packet.subspan(begin, length);
  offset = begin + length;
  return record;
}

QueryStatus decode_query(Bytes packet, Query& query) {
  query.packet = packet;
  query.question = {};
  query.edns = false;
  query.dnssec_ok = false;
  query.udp_size = plain_udp_size;
  if (packet.size() < header_size) return QueryStatus::ignored;
  query.id = read_u16(packet, 0);
  query.flags = read_u16(packet, 2);
  if ((query.flags & flag::response) != 0) return QueryStatus::ignored;
  if ((query.flags & flag::opcode_mask) != 0) return QueryStatus::not_implemented;
  if (read_u16(packet, 4) != 1) return QueryStatus::format_error;
  const auto name_end = read_name(packet, header_size, query.name);
  if (!name_end || *name_end + question_tail > packet.size()) return QueryStatus::format_error;
  query.type = read_u16(packet, *name_end);
  query.klass = read_u16(packet, *name_end + 2);
  query.question = packet.subspan(header_size, *name_end + question_tail - header_size);
  const std::size_t records = std::size_t{read_u16(packet, 6)} + read_u16(packet, 8) + read_u16(packet, 10);
  if (records == 0) return QueryStatus::ok;
  return read_edns(packet, *name_end + question_tail, records, query);
}

std::optional<Reply> decode_reply(Bytes packet, std::uint16_t id, Bytes question) {
  if (packet.size() < header_size + question.size() || read_u16(packet, 0) != id) return std::nullopt;
  Reply reply;
  reply.flags = read_u16(packet, 2);
  if ((reply.flags & flag::response) == 0 || (reply.flags & flag::opcode_mask) != 0 || read_u16(packet, 4) != 1)
    return std::nullopt;
  if (!equal_ignoring_case(packet.subspan(header_size, question.size()), question)) return std::nullopt;
  reply.answers = read_u16(packet, 6);
  reply.authorities = read_u16(packet, 8);
  reply.additionals = read_u16(packet, 10);
  reply.question_end = header_size + question.size();
  return reply;
}

bool for_each_record(Bytes packet, const Reply& reply, const std::function<void(const Record&, std::size_t index)>& visit) {
  const std::size_t count = reply.answers + reply.authorities + reply.additionals;
  if (count > max_records) return false;
  std::size_t offset = reply.question_end;
  for (std::size_t i = 0; i < count; ++i) {
    const auto record = read_record(packet, offset);
    if (!record) return false;
    visit(*record, i);
  }
  return true;
}

}  // namespace stack::dns
