#pragma once
// The sockets of one container as the DNS thread serves them.
#include <boost/asio/posix/stream_descriptor.hpp>
#include <string>

#include "dns/forwarder.hpp"

namespace stack::dns {

/// A descriptor the shim may hold too. Asio's close() leaves the removal from its epoll set to the kernel, which does not do it
/// while another process keeps the socket open; so it is taken out first.
class SharedDescriptor {
public:
  SharedDescriptor(asio::io_context& loop, UniqueFd fd) : descriptor_(loop) {
    if (fd) descriptor_.assign(fd.release());
  }
  ~SharedDescriptor() { close(); }
  SharedDescriptor(const SharedDescriptor&) = delete;
  void close() {
    if (descriptor_.is_open()) UniqueFd(descriptor_.release());
  }
  asio::posix::stream_descriptor& operator*() { return descriptor_; }
  asio::posix::stream_descriptor* operator->() { return &descriptor_; }

private:
  asio::posix::stream_descriptor descriptor_;
};

struct EndpointState {
  EndpointState(asio::io_context& loop, std::string id, UniqueFd udp, UniqueFd tcp)
      : id(std::move(id)), udp(loop, std::move(udp)), tcp(loop, std::move(tcp)) {}

  std::string id;
  SharedDescriptor udp;
  SharedDescriptor tcp;
  bool forward = true;
  Upstreams upstreams;  ///< null: the server's
  std::size_t tcp_connections = 0;
  bool closed = false;
};

}  // namespace stack::dns
