#pragma once
// Requests that arrive while the pool works on a batch are done together in the next one.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "engine/network/host.hpp"
#include "engine/state/async.hpp"

namespace stack::engine::network {

/// Used on the loop thread only.
class Batcher : public std::enable_shared_from_this<Batcher> {
public:
  using Subnets = std::function<std::vector<Ipv4Subnet>()>;
  /// `subnets`: of all networks known; `after_batch`: once per batch, after the requests' own completions.
  Batcher(boost::asio::any_io_executor loop, boost::asio::thread_pool& pool, std::shared_ptr<Host> host, Subnets subnets,
          std::function<void()> after_batch);

  /// Does the work; `complete` is called when it succeeded, before anybody who waits goes on. Throws what went wrong.
  boost::asio::awaitable<void> run(std::shared_ptr<Work> work, std::function<void()> complete);
  /// From now on callbacks into the owner are not made.
  void close();

private:
  struct Entry {
    std::shared_ptr<Work> work;
    std::function<void()> complete;
    std::shared_ptr<Signal> done;
  };
  boost::asio::awaitable<void> run_batches(std::shared_ptr<Batcher> self);
  void finish(std::vector<Entry>& batch);
  boost::asio::any_io_executor loop_;
  boost::asio::thread_pool& pool_;
  std::shared_ptr<Host> host_;
  Subnets subnets_;
  std::function<void()> after_batch_;
  std::vector<Entry> queue_;
  bool running_ = false;
};

}  // namespace stack::engine::network
