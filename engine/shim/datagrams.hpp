#pragma once
// Relays datagrams that arrive on the host's side of a published UDP port to the container, and the answers back. Each client
// has a socket of its own inside, so that the container can tell clients apart; it is closed when nothing passed for a while.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/unique_fd.hpp"
#include "engine/shim/channel.hpp"
#include "engine/shim/loop.hpp"

namespace stack::engine::shim {

class Datagrams {
public:
  /// A datagram socket connected to the container's port; empty when there can be none now.
  using Connect = std::function<UniqueFd()>;

  Datagrams(Loop& loop, ScratchBuffer& scratch) : loop_(loop), scratch_(scratch) {}
  ~Datagrams() { stop_all(); }
  Datagrams(const Datagrams&) = delete;
  Datagrams& operator=(const Datagrams&) = delete;

  void serve(int fd, Connect connect);  ///< `fd` stays the caller's, and open until stop(fd)
  void stop(int fd);                    ///< no error when it is not served

private:
  using Key = std::pair<int, std::string>;  // the port's socket, the client's address as the kernel gives it
  struct Flow {
    UniqueFd inside;
    int timer = 0;
    bool used = true;  ///< since the timer was set
  };
  void from_clients(int fd, const Connect& connect);
  void from_container(const Key& key);
  Flow* flow_of(const Key& key, const Connect& connect);
  void set_timer(const Key& key, Flow& flow);
  void remove(std::map<Key, Flow>::iterator flow);
  void stop_all();

  Loop& loop_;
  ScratchBuffer& scratch_;
  std::map<Key, Flow> flows_;
};

}  // namespace stack::engine::shim
