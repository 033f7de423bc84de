#include "dns/encode.hpp"

#include <algorithm>

#include "dns/name.hpp"

namespace stack::dns {

namespace {
constexpr std::uint16_t question_pointer = 0xc000 | header_size;  // the question's name is the first thing after the header
constexpr std::size_t opt_size = 11;
constexpr std::size_t record_head = 12;  // pointer, type, class, ttl, data length
}  // namespace

void write_u16(std::uint8_t* at, std::uint16_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

void write_u32(std::uint8_t* at, std::uint32_t value) {
  write_u16(at, static_cast<std::uint16_t>(value >> 16));
  write_u16(at + 2, static_cast<std::uint16_t>(value));
}

std::size_t udp_limit(const Query& query) { return std::min<std::size_t>(query.udp_size, max_udp_size); }

AnswerWriter::AnswerWriter(std::span<std::uint8_t> buffer, const Query& query, std::size_t limit)
    : buffer_(buffer), query_(query), limit_(std::min(limit, buffer.size()) - (query.edns ? opt_size : 0)) {
  std::memcpy(buffer_.data() + header_size, query.question.data(), query.question.size());
  size_ = header_size + query.question.size();
}

void AnswerWriter::put_u16(std::size_t value) {
  write_u16(buffer_.data() + size_, static_cast<std::uint16_t>(value));
  size_ += 2;
}

void AnswerWriter::put_u32(std::uint32_t value) {
  write_u32(buffer_.data() + size_, value);
  size_ += 4;
}

bool AnswerWriter::begin_record(std::uint16_t type, std::size_t data_size) {
  if (truncated_ || size_ + record_head + data_size > limit_) {
    truncated_ = true;
    return false;
  }
  put_u16(question_pointer);
  put_u16(type);
  put_u16(class_in);
  put_u32(local_ttl);
  put_u16(data_size);
  ++answers_;
  return true;
}

void AnswerWriter::address(const Address& address) {
  const std::size_t length = address.v6 ? 16 : 4;
  if (!begin_record(address.v6 ? type::aaaa : type::a, length)) return;
  std::memcpy(buffer_.data() + size_, address.bytes.data(), length);
  size_ += length;
}

void AnswerWriter::pointer(std::string_view target) {
  const std::string wire = to_wire(target);
  if (wire.empty() || !begin_record(type::ptr, wire.size())) return;
  std::memcpy(buffer_.data() + size_, wire.data(), wire.size());
  size_ += wire.size();
}

std::size_t AnswerWriter::finish() {
  if (query_.edns) {
    buffer_[size_++] = 0;  // root
    put_u16(type::opt);
    put_u16(max_udp_size);
    put_u32(static_cast<std::uint32_t>(extended_rcode_) << 24 | (query_.dnssec_ok ? 0x8000 : 0));
    put_u16(0);
  }
  std::uint8_t* header = buffer_.data();
  write_u16(header, query_.id);
  write_u16(header + 2,
            static_cast<std::uint16_t>(flag::response | flag::authoritative | flag::recursion_available |
                                       (truncated_ ? flag::truncated : 0) |
                                       (query_.flags & (flag::recursion_desired | flag::checking_disabled)) | rcode_));
  write_u16(header + 4, 1);
  write_u16(header + 6, answers_);
  write_u16(header + 8, 0);
  write_u16(header + 10, query_.edns ? 1 : 0);
  return size_;
}

std::size_t write_error(std::span<std::uint8_t> buffer, const Query& query, Rcode rcode) {
  AnswerWriter writer(buffer, query, buffer.size());
  writer.set_rcode(rcode);
  return writer.finish();
}

std::size_t write_truncated(std::span<std::uint8_t> buffer, const Query& query) {
  AnswerWriter writer(buffer, query, buffer.size());
  writer.set_truncated();
  return writer.finish();
}

std::size_t write_header_error(std::span<std::uint8_t> buffer, const Query& query, Rcode rcode) {
  std::fill_n(buffer.begin(), header_size, std::uint8_t{0});
  write_u16(buffer.data(), query.id);
  write_u16(buffer.data() + 2,
            static_cast<std::uint16_t>(flag::response | (query.flags & (flag::opcode_mask | flag::recursion_desired)) |
                                       static_cast<std::uint16_t>(rcode)));
  return header_size;
}

}  // namespace stack::dns
