#pragma once
// Netlink, as little as we need: many messages in one sendmsg, errors told per message. (Why not libnl: docs/adr.)
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"

struct nlmsghdr;

namespace stack::engine::network {

/// Builds messages into one buffer. A message is begin(), header(), attributes in order.
class NetlinkBatch {
public:
  /// Starts a message and ends the one before. Returns its index, by which errors are told.
  std::size_t begin(std::uint16_t type, std::uint16_t flags);
  template <class Header>
  void header(const Header& value) {
    append(&value, sizeof value);
  }
  void attr(std::uint16_t type, const void* data, std::size_t size);
  void attr(std::uint16_t type, std::string_view text) { attr(type, text.data(), text.size()); }  ///< without a final NUL
  void attr_string(std::uint16_t type, const std::string& text) { attr(type, text.c_str(), text.size() + 1); }
  void attr_u8(std::uint16_t type, std::uint8_t value) { attr(type, &value, sizeof value); }
  void attr_u16(std::uint16_t type, std::uint16_t value) { attr(type, &value, sizeof value); }
  void attr_u32(std::uint16_t type, std::uint32_t value) { attr(type, &value, sizeof value); }
  void attr_be32(std::uint16_t type, std::uint32_t value);
  void attr_flag(std::uint16_t type) { attr(type, nullptr, 0); }
  std::size_t nest(std::uint16_t type);  ///< to be closed by end()
  void end(std::size_t nest);

  std::size_t count() const { return starts_.size(); }
  bool empty() const { return starts_.empty(); }
  void clear();

private:
  friend class NetlinkSocket;
  void append(const void* data, std::size_t size);
  nlmsghdr* message(std::size_t index);
  void finish();  ///< fills the lengths in
  std::vector<char> bytes_;
  std::vector<std::size_t> starts_;
};

struct NetlinkError {
  std::size_t message = 0;  ///< its index in the batch
  int error = 0;            ///< errno
  std::string text;         ///< the kernel's explanation, often empty
};

/// A message received in a dump.
struct NetlinkReply {
  std::uint16_t type = 0;
  std::span<const char> body;  ///< after the nlmsghdr
};

/// A socket in the network namespace that its creating thread was in; it stays there.
class NetlinkSocket {
public:
  explicit NetlinkSocket(int protocol);  ///< NETLINK_ROUTE, NETLINK_NETFILTER
  int fd() const { return fd_.get(); }

  /// Sends the batch and waits until the kernel has worked it off. Returns what failed; the rest was done.
  std::vector<NetlinkError> transact(NetlinkBatch& batch);
  /// The same for a batch that the kernel does all or nothing (nfnetlink: the first message begins it, the last ends it).
  std::vector<NetlinkError> transact_atomically(NetlinkBatch& batch);
  /// Sends one request with NLM_F_DUMP and hands every reply over.
  void dump(NetlinkBatch& request, const std::function<void(const NetlinkReply&)>& on_reply);
  /// Sends one request and returns the body of its one reply. Throws an Error of the errno on failure.
  std::vector<char> request(NetlinkBatch& request);

private:
  std::vector<NetlinkError> await_acknowledgement(NetlinkBatch& batch, std::size_t acknowledged, bool first_error_ends);
  void send(NetlinkBatch& batch);
  std::size_t receive();
  UniqueFd fd_;
  std::uint32_t sequence_ = 1;
  std::vector<char> buffer_;
};

/// Walks attributes: calls on_attr(type without flags, data).
void each_attr(std::span<const char> attributes, const std::function<void(std::uint16_t, std::span<const char>)>& on_attr);
template <class T>
T read_as(std::span<const char> data) {
  T value{};
  __builtin_memcpy(&value, data.data(), data.size() < sizeof value ? data.size() : sizeof value);
  return value;
}

}  // namespace stack::engine::network
