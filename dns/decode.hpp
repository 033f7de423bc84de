#pragma once
// Reads DNS messages. Every byte comes from outside: nothing here throws, allocates or reads past the packet.
#include <functional>
#include <optional>

#include "dns/message.hpp"

namespace stack::dns {

enum class QueryStatus : std::uint8_t {
  ok,
  ignored,          ///< no query (too short, or an answer): replying could start a loop
  format_error,     ///< `query.id` and `flags` are set
  not_implemented,  ///< another opcode; `query.id` and `flags` are set
  bad_version,      ///< EDNS version above 0: BADVERS; the whole query is set
};

/// Reads one query into `query`, whose spans point into `packet`.
QueryStatus decode_query(Bytes packet, Query& query);

/// One resource record of an answer.
struct Record {
  std::size_t offset = 0;  ///< of its name
  std::uint16_t type = 0;
  std::uint16_t klass = 0;
  std::uint32_t ttl = 0;
  std::size_t ttl_offset = 0;
  Bytes data;
};

/// What a forwarder must know of a reply.
struct Reply {
  std::uint16_t flags = 0;
  std::size_t answers = 0, authorities = 0, additionals = 0;
  std::size_t question_end = header_size;

  Rcode rcode() const { return static_cast<Rcode>(flags & flag::rcode_mask); }
  bool truncated() const { return (flags & flag::truncated) != 0; }
};

/// Is `packet` the answer to `question` (a question section) under `id`? The case of letters is not compared.
std::optional<Reply> decode_reply(Bytes packet, std::uint16_t id, Bytes question);

/// Calls `visit` for every record after the question, in order. False when malformed (those before were visited).
bool for_each_record(Bytes packet, const Reply& reply, const std::function<void(const Record&, std::size_t index)>& visit);

/// Reads the record at `offset`; `offset` becomes the one after it.
std::optional<Record> read_record(Bytes packet, std::size_t& offset);

}  // namespace stack::dns
