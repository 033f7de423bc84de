#pragma once
// The container's standard streams: output goes to the log and to attached clients, input comes from them.
#include <cstdint>
#include <functional>
#include <list>
#include <string>

#include "base/unique_fd.hpp"
#include "engine/shim/channel.hpp"
#include "engine/shim/log_shipper.hpp"
#include "engine/shim/log_writer.hpp"
#include "engine/shim/loop.hpp"
#include "engine/shim/monitor_config.hpp"

namespace stack::engine::shim {

class Streams {
public:
  /// `shipper`: null without a logging service.
  Streams(Loop& loop, LogWriter& log, LogShipper* shipper, ScratchBuffer& scratch, const MonitorConfig& config);

  /// Takes the socket; `flags`: AttachFlags. Works after the exit too: the client sees the end at once.
  void attach(UniqueFd socket, std::uint8_t flags);
  void close_stdin();
  int resize(std::uint16_t rows, std::uint16_t columns);  ///< errno; ENOTTY without a terminal
  /// The container's first process is gone: reads what is left and ends the clients' streams. Calls `done` after that.
  void finish(std::function<void()> done);
  /// After finish(): calls `done` when every client has its output, or takes nothing any more. At once when that is so.
  void when_delivered(std::function<void()> done);

private:
  struct Client {
    Client(UniqueFd fd, std::uint8_t wanted) : socket(std::move(fd)), out(socket.get()), flags(wanted) {}
    UniqueFd socket;
    OutQueue out;
    std::uint8_t flags;
    bool ended = false;  ///< its stream is over: what it still sends is dropped
    bool input_open = true;
    int stall_timer = 0;
  };
  using ClientIterator = std::list<Client>::iterator;

  bool read_output(int fd, LogStream stream);  ///< false: nothing more for now
  void broadcast(LogStream stream, std::string_view bytes);
  void on_output(UniqueFd& fd, LogStream stream);
  void on_client(ClientIterator client, std::uint32_t events);
  void read_input(ClientIterator client);
  void flush_input();
  void input_ended(ClientIterator client);
  void end_client(ClientIterator client);
  void drop(ClientIterator client);
  void update_interest();
  std::uint32_t interest(const Client& client) const;
  bool backlogged() const;
  void close_output(UniqueFd& fd);
  void check_delivered();
  void schedule_give_back();

  Loop& loop_;
  LogWriter& log_;
  LogShipper* const shipper_;
  ScratchBuffer& scratch_;
  const bool terminal_;
  const bool stdin_once_;
  UniqueFd stdin_;
  UniqueFd stdout_;
  UniqueFd stderr_;
  std::string pending_input_;
  bool stdin_watched_ = false;
  bool stdin_closing_ = false;
  bool finished_ = false;
  bool paused_ = false;
  int give_back_timer_ = 0;
  std::size_t drained_ = 0;  ///< bytes read, since finish() set it to 0
  std::list<Client> clients_;
  std::function<void()> delivered_;  ///< of when_delivered(), until it was called
};

}  // namespace stack::engine::shim
