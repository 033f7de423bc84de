#include "engine/network/batcher.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "base/log.hpp"

namespace stack::engine::network {

namespace asio = boost::asio;

Batcher::Batcher(asio::any_io_executor loop, asio::thread_pool& pool, std::shared_ptr<Host> host, Subnets subnets,
                 std::function<void()> after_batch)
    : loop_(std::move(loop)),
      pool_(pool),
      host_(std::move(host)),
      subnets_(std::move(subnets)),
      after_batch_(std::move(after_batch)) {}

void Batcher::close() {
  subnets_ = nullptr;
  after_batch_ = nullptr;
  for (Entry& entry : queue_) entry.complete = nullptr;
}

asio::awaitable<void> Batcher::run(std::shared_ptr<Work> work, std::function<void()> complete) {
  auto done = std::make_shared<Signal>(loop_);
  Entry entry{work, std::move(complete), done};
  queue_.push_back(std::move(entry));
  if (!running_) {
    running_ = true;
    asio::co_spawn(loop_, run_batches(shared_from_this()), asio::detached);
  }
  co_await done->wait();
  if (work->error) std::rethrow_exception(work->error);
}

asio::awaitable<void> Batcher::run_batches(std::shared_ptr<Batcher> /*keeps this alive*/) {
  // One turn of the loop first: a burst of requests that is being handled now becomes one batch.
  co_await asio::post(loop_, asio::use_awaitable);
  while (!queue_.empty()) {
    auto batch = std::make_shared<std::vector<Entry>>(std::move(queue_));
    queue_.clear();
    auto subnets = subnets_ ? subnets_() : std::vector<Ipv4Subnet>{};
    auto work = [host = host_, batch, subnets = std::move(subnets)] {
      std::vector<Work*> works;
      for (const Entry& entry : *batch) works.push_back(entry.work.get());
      host->run(works, subnets);
    };
    co_await run_in_pool(pool_, std::move(work));
    finish(*batch);
  }
  running_ = false;
}

void Batcher::finish(std::vector<Entry>& batch) {
  for (Entry& entry : batch) {
    if (entry.work->error || !entry.complete) continue;
    try {
      entry.complete();
    } catch (...) {
      entry.work->error = std::current_exception();
    }
  }
  if (after_batch_) after_batch_();
  for (Entry& entry : batch) entry.done->set();
}

}  // namespace stack::engine::network
