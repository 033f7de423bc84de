#pragma once
// The monitor's socket: connections that speak protocol.hpp.
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "engine/shim/channel.hpp"
#include "engine/shim/loop.hpp"
#include "engine/shim/protocol.hpp"
#include "engine/shim/sockets.hpp"

namespace stack::engine::shim {

/// What the connections act on.
struct Services {
  std::function<void()> accepted;  ///< a connection
  std::function<State()> state;
  std::function<std::uint64_t()> oom_kills;                              ///< told so far
  std::function<int(const KillRequest&)> kill;                           ///< errno
  std::function<int(std::uint16_t rows, std::uint16_t columns)> resize;  ///< errno
  std::function<void(UniqueFd socket, std::uint8_t flags)> attach;
  std::function<void()> close_stdin;
  std::function<void(std::uint64_t max_size, std::uint32_t max_files)> log_limits;
  std::function<int()> release;  ///< errno
  std::function<void()> engine_present;
  std::function<void()> engine_lost;
  std::function<void()> engine_left;
};

class Server {
public:
  Server(Loop& loop, UniqueFd listener, Sockets& sockets, Services services);
  void announce_exit(const State& state);
  void announce_oom(std::uint64_t count);
  bool has_pending_output() const;

private:
  struct Connection {
    explicit Connection(UniqueFd socket) : fd(std::move(socket)), out(fd.get()) {}
    UniqueFd fd;
    OutQueue out;
    std::string in;
    std::deque<UniqueFd> received;
    bool greeted = false;
    bool subscribed = false;
    bool is_engine = false;
  };
  using ConnectionIterator = std::list<Connection>::iterator;
  struct Request {
    FrameHeader header;
    std::string_view payload;
  };
  enum class Next { go_on, handed_over, close };

  void accept();
  void on_event(ConnectionIterator connection, std::uint32_t events);
  bool receive(Connection& connection);
  bool process(ConnectionIterator connection);  ///< false: the connection is gone
  Next handle(ConnectionIterator connection, const Request& request);
  Next handle_attach(ConnectionIterator connection, const Request& request);
  Next handle_subscribe(Connection& connection, const Request& request);
  Next take_sockets(Connection& connection, const Request& request);
  Next hold_sockets(Connection& connection, const Request& request);
  Next drop_sockets(Connection& connection, const Request& request);
  Next answer(Connection& connection, const Request& request, int error);
  bool send(Connection& connection, Message type, std::uint32_t id, std::string_view payload);
  void announce(Message type, std::string_view payload);
  void remove(ConnectionIterator connection);

  Loop& loop_;
  UniqueFd listener_;
  Sockets& sockets_;
  Services services_;
  std::list<Connection> connections_;
};

}  // namespace stack::engine::shim
