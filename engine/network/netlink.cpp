#include "engine/network/netlink.hpp"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "base/error.hpp"

namespace stack::engine::network {

namespace {

constexpr std::size_t receive_buffer = 64 * 1024;

std::size_t align4(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

/// The kernel's text in an extended acknowledgement.
std::string extended_text(const char* message, std::size_t size, bool capped) {
  std::size_t offset = sizeof(nlmsghdr) + sizeof(nlmsgerr);
  if (!capped) {
    nlmsgerr error{};
    std::memcpy(&error, message + sizeof(nlmsghdr), sizeof error);
    offset += align4(error.msg.nlmsg_len) - sizeof(nlmsghdr);
  }
  if (offset >= size) return {};
  std::string text;
  each_attr({message + offset, size - offset}, [&](std::uint16_t type, std::span<const char> data) {
    if (type == NLMSGERR_ATTR_MSG && !data.empty()) text.assign(data.data(), strnlen(data.data(), data.size()));
  });
  return text;
}

}  // namespace

std::size_t NetlinkBatch::begin(std::uint16_t type, std::uint16_t flags) {
  finish();
  starts_.push_back(bytes_.size());
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
  append(&header, sizeof header);
  return starts_.size() - 1;
}

void NetlinkBatch::append(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const char*>(data);
  bytes_.insert(bytes_.end(), bytes, bytes + size);
  bytes_.resize(align4(bytes_.size()));
}

void NetlinkBatch::attr(std::uint16_t type, const void* data, std::size_t size) {
  const rtattr head{static_cast<unsigned short>(sizeof(rtattr) + size), type};
  append(&head, sizeof head);
  if (size > 0) append(data, size);
}

void NetlinkBatch::attr_be32(std::uint16_t type, std::uint32_t value) { attr_u32(type, htonl(value)); }

std::size_t NetlinkBatch::nest(std::uint16_t type) {
  const std::size_t start = bytes_.size();
  attr(static_cast<std::uint16_t>(type | NLA_F_NESTED), nullptr, 0);
  return start;
}

void NetlinkBatch::end(std::size_t nest) {
  const auto length = static_cast<unsigned short>(bytes_.size() - nest);
  std::memcpy(bytes_.data() + nest, &length, sizeof length);
}

nlmsghdr* NetlinkBatch::message(std::size_t index) {  // messages start at multiples of 4 in a vector, so they are aligned
  return reinterpret_cast<nlmsghdr*>(bytes_.data() + starts_[index]);
}

void NetlinkBatch::finish() {
  if (!starts_.empty()) message(starts_.size() - 1)->nlmsg_len = static_cast<std::uint32_t>(bytes_.size() - starts_.back());
}

void NetlinkBatch::clear() {
  bytes_.clear();
  starts_.clear();
}

NetlinkSocket::NetlinkSocket(int protocol) : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)) {
  if (!fd_) throw errno_error("netlink socket");
  const int on = 1;
  const int space = 4 << 20;  // acknowledgements of a large batch queue here
  ::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  ::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &space, sizeof space);
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &space, sizeof space);
}

void NetlinkSocket::send(NetlinkBatch& batch) {
  batch.finish();
  for (std::size_t i = 0; i < batch.count(); ++i) batch.message(i)->nlmsg_seq = sequence_ + static_cast<std::uint32_t>(i);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (::sendto(fd_.get(), batch.bytes_.data(), batch.bytes_.size(), 0, reinterpret_cast<sockaddr*>(&kernel), sizeof kernel) < 0)
    throw errno_error("netlink send");
}

std::size_t NetlinkSocket::receive() {
  if (buffer_.empty()) buffer_.resize(receive_buffer);
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), buffer_.data(), buffer_.size(), 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw errno_error("netlink receive");
  }
}

std::vector<NetlinkError> NetlinkSocket::transact(NetlinkBatch& batch) {
  if (batch.empty()) return {};
  return await_acknowledgement(batch, batch.count() - 1, false);
}

std::vector<NetlinkError> NetlinkSocket::transact_atomically(NetlinkBatch& batch) {
  // Only kernels from 6.10 on acknowledge the end of a batch, so the last real message is asked to be. When the batch as a
  // whole is refused, the answer is an error of its first message and nothing else.
  if (batch.count() < 3) return {};
  return await_acknowledgement(batch, batch.count() - 2, true);
}

// Errors are always reported; of the successes only one at the end matters, because the kernel works in order.
std::vector<NetlinkError> NetlinkSocket::await_acknowledgement(NetlinkBatch& batch, std::size_t acknowledged,
                                                               bool first_error_ends) {
  std::vector<NetlinkError> errors;
  batch.message(acknowledged)->nlmsg_flags |= NLM_F_ACK;
  send(batch);
  const std::uint32_t first = sequence_;
  const std::uint32_t last = first + static_cast<std::uint32_t>(acknowledged);
  sequence_ += static_cast<std::uint32_t>(batch.count());
  for (bool done = false; !done;) {
    std::size_t size = receive();
    const char* at = buffer_.data();
    while (size >= sizeof(nlmsghdr)) {
      nlmsghdr head{};
      std::memcpy(&head, at, sizeof head);
      if (head.nlmsg_len < sizeof head || head.nlmsg_len > size) break;
      if (head.nlmsg_type == NLMSG_ERROR && head.nlmsg_seq >= first && head.nlmsg_seq <= last) {
        nlmsgerr error{};
        std::memcpy(&error, at + sizeof head, sizeof error);
        if (error.error != 0)
          errors.push_back({head.nlmsg_seq - first, -error.error,
                            extended_text(at, head.nlmsg_len, (head.nlmsg_flags & NLM_F_CAPPED) != 0)});
        done = done || head.nlmsg_seq == last || (first_error_ends && head.nlmsg_seq == first);
      }
      const std::size_t step = align4(head.nlmsg_len);
      if (step >= size) break;
      at += step;
      size -= step;
    }
  }
  return errors;
}

void NetlinkSocket::dump(NetlinkBatch& request, const std::function<void(const NetlinkReply&)>& on_reply) {
  request.message(0)->nlmsg_flags |= NLM_F_DUMP;
  send(request);
  const std::uint32_t sequence = sequence_++;
  for (;;) {
    std::size_t size = receive();
    const char* at = buffer_.data();
    while (size >= sizeof(nlmsghdr)) {
      nlmsghdr head{};
      std::memcpy(&head, at, sizeof head);
      if (head.nlmsg_len < sizeof head || head.nlmsg_len > size) break;
      if (head.nlmsg_seq == sequence) {
        if (head.nlmsg_type == NLMSG_DONE) return;
        if (head.nlmsg_type == NLMSG_ERROR) {
          nlmsgerr error{};
          std::memcpy(&error, at + sizeof head, sizeof error);
          if (error.error == 0) return;
          throw errno_error("netlink dump", -error.error);
        }
        on_reply({head.nlmsg_type, {at + sizeof head, head.nlmsg_len - sizeof head}});
      }
      const std::size_t step = align4(head.nlmsg_len);
      if (step >= size) break;
      at += step;
      size -= step;
    }
  }
}

std::vector<char> NetlinkSocket::request(NetlinkBatch& request) {
  send(request);
  const std::uint32_t sequence = sequence_++;
  for (;;) {
    const std::size_t size = receive();
    nlmsghdr head{};
    if (size < sizeof head) continue;
    std::memcpy(&head, buffer_.data(), sizeof head);
    if (head.nlmsg_seq != sequence || head.nlmsg_len < sizeof head || head.nlmsg_len > size) continue;
    if (head.nlmsg_type == NLMSG_ERROR) {
      nlmsgerr error{};
      std::memcpy(&error, buffer_.data() + sizeof head, sizeof error);
      throw errno_error("netlink request", -error.error);
    }
    return {buffer_.data() + sizeof head, buffer_.data() + head.nlmsg_len};
  }
}

void each_attr(std::span<const char> attributes, const std::function<void(std::uint16_t, std::span<const char>)>& on_attr) {
  while (attributes.size() >= sizeof(rtattr)) {
    const auto head = read_as<rtattr>(attributes);
    if (head.rta_len < sizeof head || head.rta_len > attributes.size()) return;
    on_attr(static_cast<std::uint16_t>(head.rta_type & NLA_TYPE_MASK),
            attributes.subspan(sizeof head, head.rta_len - sizeof head));
    const std::size_t step = align4(head.rta_len);
    if (step >= attributes.size()) return;
    attributes = attributes.subspan(step);
  }
}

}  // namespace stack::engine::network
