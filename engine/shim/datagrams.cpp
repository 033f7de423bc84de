#include "engine/shim/datagrams.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace stack::engine::shim {

namespace {

constexpr std::size_t largest_datagram = 64 * 1024;
constexpr std::size_t max_flows = 1024;
constexpr int idle_ms = 60'000;
constexpr int burst = 64;  ///< datagrams before others have their turn

}  // namespace

void Datagrams::serve(int fd, Connect connect) {
  loop_.watch(fd, EPOLLIN, [this, fd, connect = std::move(connect)](std::uint32_t) { from_clients(fd, connect); });
}

void Datagrams::stop(int fd) {
  for (auto flow = flows_.lower_bound({fd, {}}); flow != flows_.end() && flow->first.first == fd;) remove(flow++);
  loop_.forget(fd);
}

void Datagrams::stop_all() {
  while (!flows_.empty()) remove(flows_.begin());
}

void Datagrams::from_clients(int fd, const Connect& connect) {
  for (int i = 0; i < burst; ++i) {
    sockaddr_storage client{};
    socklen_t length = sizeof client;
    const ssize_t size =
        ::recvfrom(fd, scratch_.data(), largest_datagram, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&client), &length);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return;  // nothing more, or an error of an answer sent before, which is now taken
    scratch_.used(static_cast<std::size_t>(size));
    const Key key{fd, std::string(reinterpret_cast<const char*>(&client), length)};
    if (Flow* flow = flow_of(key, connect))
      ::send(flow->inside.get(), scratch_.data(), static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
}

/// Null: there are too many, or the container cannot be reached; the datagram is lost, as datagrams may be.
Datagrams::Flow* Datagrams::flow_of(const Key& key, const Connect& connect) {
  if (const auto known = flows_.find(key); known != flows_.end()) {
    known->second.used = true;
    return &known->second;
  }
  if (flows_.size() >= max_flows) return nullptr;
  UniqueFd inside = connect();
  if (!inside) return nullptr;
  Flow& flow = flows_[key];
  flow.inside = std::move(inside);
  loop_.watch(flow.inside.get(), EPOLLIN, [this, key](std::uint32_t) { from_container(key); });
  set_timer(key, flow);
  return &flow;
}

void Datagrams::from_container(const Key& key) {
  const auto found = flows_.find(key);
  if (found == flows_.end()) return;
  for (int i = 0; i < burst; ++i) {
    const ssize_t size = ::recv(found->second.inside.get(), scratch_.data(), largest_datagram, MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return;  // nothing more; or nobody listens in the container (yet)
    scratch_.used(static_cast<std::size_t>(size));
    found->second.used = true;
    ::sendto(key.first, scratch_.data(), static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(key.second.data()), static_cast<socklen_t>(key.second.size()));
  }
}

void Datagrams::set_timer(const Key& key, Flow& flow) {
  flow.timer = loop_.after(idle_ms, [this, key] {
    const auto found = flows_.find(key);
    if (found == flows_.end()) return;
    found->second.timer = 0;
    if (!std::exchange(found->second.used, false)) return remove(found);
    set_timer(key, found->second);
  });
}

void Datagrams::remove(std::map<Key, Flow>::iterator flow) {
  if (flow->second.timer != 0) loop_.cancel(flow->second.timer);
  loop_.forget(flow->second.inside.get());
  flows_.erase(flow);
}

}  // namespace stack::engine::shim
