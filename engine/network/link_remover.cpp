#include "engine/network/link_remover.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <span>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "engine/network/links.hpp"
#include "engine/network/netlink.hpp"

namespace stack::engine::network {

namespace {

constexpr std::uint32_t doomed_group = 0x53544b00;  // only links that are being deleted are ever in it

UniqueFd open_monitor() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR;
  const int space = 4 << 20;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &space, sizeof space);
  if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw errno_error("watch interfaces");
  return fd;
}

/// Interfaces that are waited for: index → name.
using Waiting = std::map<std::uint32_t, std::string>;

/// The index of the interface that a notification tells the end of; 0: none. An interface without address ends with RTM_DELLINK
/// (a bridge tells of ports that leave it with the same message in another family); one with an address loses it a moment
/// earlier, when it is out of the namespace's list already: a bridge then keeps the kernel busy for another RCU barrier, which
/// nobody needs to wait for.
std::uint32_t ended_interface(std::uint16_t type, std::span<const char> body) {
  if (type == RTM_DELLINK && body.size() >= sizeof(ifinfomsg)) {
    const auto head = read_as<ifinfomsg>(body);
    return head.ifi_family == AF_UNSPEC ? static_cast<std::uint32_t>(head.ifi_index) : 0;
  }
  if (type == RTM_DELADDR && body.size() >= sizeof(ifaddrmsg)) return read_as<ifaddrmsg>(body).ifa_index;
  return 0;
}

/// Takes the ended interfaces out of `waiting`. False: notifications were lost.
bool read_notifications(int monitor, Waiting& waiting) {
  char buffer[32 * 1024];
  for (;;) {
    const ssize_t got = ::recv(monitor, buffer, sizeof buffer, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    std::size_t size = static_cast<std::size_t>(got);
    for (const char* at = buffer; size >= sizeof(nlmsghdr);) {
      nlmsghdr head{};
      std::memcpy(&head, at, sizeof head);
      if (head.nlmsg_len < sizeof head || head.nlmsg_len > size) break;
      waiting.erase(ended_interface(head.nlmsg_type, {at + sizeof head, head.nlmsg_len - sizeof head}));
      const std::size_t step = NLMSG_ALIGN(head.nlmsg_len);
      if (step >= size) break;
      at += step;
      size -= step;
    }
  }
}

}  // namespace

struct LinkRemover::Job {
  explicit Job(std::uint32_t group_number) : socket(NETLINK_ROUTE), done(::eventfd(0, EFD_CLOEXEC)), group(group_number) {}
  void run() {
    try {
      socket.transact(batch);  // errors: links that went by themselves with their namespace
    } catch (const std::exception&) {
      // nothing to tell: remove() looks whether the links are gone
    }
    finished = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(done.get(), &one, sizeof one);
  }
  NetlinkSocket socket;
  NetlinkBatch batch;
  UniqueFd done;
  std::uint32_t group;
  std::atomic<bool> finished{false};
};

LinkRemover::~LinkRemover() { reap(true); }

void LinkRemover::reap(bool all) {
  for (auto entry = threads_.begin(); entry != threads_.end();) {
    if (!all && !entry->first->finished) {
      ++entry;
      continue;
    }
    entry->second.join();
    entry = threads_.erase(entry);
  }
}

void LinkRemover::remove(const std::vector<std::string>& names) {
  reap(false);
  Waiting waiting;
  for (const std::string& name : names)
    if (const std::uint32_t index = ::if_nametoindex(name.c_str()); index != 0) waiting.emplace(index, name);
  if (waiting.empty()) return;

  const UniqueFd monitor = open_monitor();
  static std::atomic<std::uint32_t> next{0};
  auto job = std::make_shared<Job>(doomed_group + (next++ & 0xff));
  for (const auto& [index, name] : waiting) set_group(job->batch, name, job->group);
  delete_group(job->batch, job->group);
  threads_.emplace_back(job, std::thread([job] { job->run(); }));

  pollfd watched[2] = {{monitor.get(), POLLIN, 0}, {job->done.get(), POLLIN, 0}};
  bool watching = true;
  while (!waiting.empty()) {
    if (::poll(watched, 2, -1) < 0 && errno != EINTR) throw errno_error("watch interfaces");
    if (watching && !read_notifications(monitor.get(), waiting)) {
      watching = false;  // wait for the system call itself
      watched[0].fd = -1;
    }
    if ((watched[1].revents & POLLIN) == 0) continue;
    for (const auto& [index, name] : waiting)
      if (::if_nametoindex(name.c_str()) == index)
        throw Error(ErrorCode::internal, "interface " + name + " could not be removed");
    return;
  }
}

}  // namespace stack::engine::network
