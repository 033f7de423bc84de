#pragma once
// The listening sockets a monitor keeps for its container, and the relay of connections accepted on them (of datagrams:
// datagrams.hpp).
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "engine/shim/channel.hpp"
#include "engine/shim/datagrams.hpp"
#include "engine/shim/loop.hpp"
#include "engine/shim/monitor_config.hpp"

namespace stack::engine::shim {

class Sockets {
public:
  Sockets(Loop& loop, ScratchBuffer& scratch, UniqueFd netns);
  ~Sockets();
  void hold(const Held& held);  ///< takes held.fd; a socket of that name is replaced
  void drop(const std::string& name);
  void close_all();
  const std::vector<Held>& all() const { return held_; }

private:
  struct Connection;
  using ConnectionIterator = std::list<Connection>::iterator;
  void accept(const std::string& name);
  void start(UniqueFd accepted, const Held& held);
  UniqueFd connect_target(const Held& held, int type);  ///< non-blocking; empty: refused at once
  UniqueFd make_socket(int family, int type, bool inside);
  void on_event(ConnectionIterator connection, int side, std::uint32_t events);
  bool pump(Connection& connection, int from);
  void update(ConnectionIterator connection);
  void remove(ConnectionIterator connection);

  Loop& loop_;
  ScratchBuffer& scratch_;
  UniqueFd netns_;
  UniqueFd own_netns_;
  std::vector<Held> held_;
  std::list<Connection> connections_;
  Datagrams datagrams_;
};

}  // namespace stack::engine::shim
