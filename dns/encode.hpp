#pragma once
// Writes answers into caller-owned buffers: no allocation on the way of a local name.
#include <cstring>

#include "dns/address.hpp"
#include "dns/message.hpp"

namespace stack::dns {

/// Builds the answer to one query. Records that do not fit in `limit` are left out and set the TC bit.
class AnswerWriter {
public:
  /// `buffer` must hold at least header, question and OPT of the query; `limit` is what the client takes.
  AnswerWriter(std::span<std::uint8_t> buffer, const Query& query, std::size_t limit);

  void address(const Address& address);   ///< A or AAAA at the question's name
  void pointer(std::string_view target);  ///< PTR at the question's name
  void set_rcode(Rcode rcode) { rcode_ = static_cast<std::uint8_t>(rcode); }
  void set_bad_version() { extended_rcode_ = 1; }  ///< BADVERS is 16: all of it in the OPT record
  void set_truncated() { truncated_ = true; }
  std::size_t finish();  ///< the size of the message

private:
  bool begin_record(std::uint16_t type, std::size_t data_size);
  void put_u16(std::size_t value);
  void put_u32(std::uint32_t value);

  std::span<std::uint8_t> buffer_;
  const Query& query_;
  std::size_t limit_;
  std::size_t size_ = 0;
  std::uint16_t answers_ = 0;
  std::uint8_t rcode_ = 0;
  std::uint8_t extended_rcode_ = 0;
  bool truncated_ = false;
};

/// How long an answer over UDP may be.
std::size_t udp_limit(const Query& query);

/// An answer without records.
std::size_t write_error(std::span<std::uint8_t> buffer, const Query& query, Rcode rcode);

/// An answer that tells the client to ask again over TCP.
std::size_t write_truncated(std::span<std::uint8_t> buffer, const Query& query);

/// For a message whose question could not be read: only a header.
std::size_t write_header_error(std::span<std::uint8_t> buffer, const Query& query, Rcode rcode);

void write_u16(std::uint8_t* at, std::uint16_t value);
void write_u32(std::uint8_t* at, std::uint32_t value);

}  // namespace stack::dns
