#pragma once
// The layers of one pull: which are there, which have to come, how far each is. Private to the pull.
#include <atomic>
#include <boost/asio/cancellation_signal.hpp>
#include <exception>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/image/pull.hpp"
#include "engine/state/async.hpp"

namespace stack::engine::image {

/// What all pulls of the engine share. Loop thread.
struct PullShared {
  PullShared(Store& images, DocumentTable& table, asio::any_io_executor on, RegistryOptions with)
      : store(images), rows(table), executor(on), options(std::move(with)), changed(on) {}

  void keep(const std::string& pull, const std::string& diff_id);  ///< takes over one retain of the layer
  void forget(const std::string& pull);
  void save(const std::string& pull);

  struct Unfinished {
    std::set<std::string> layers;  ///< diff ids, each retained once
    std::int64_t time = 0;         ///< Unix seconds
    int active = 0;                ///< pulls of this name going on
  };

  Store& store;
  DocumentTable& rows;
  asio::any_io_executor executor;
  RegistryOptions options;
  Notifier changed;                              ///< a transfer has begun or ended
  std::set<std::string> in_transfer;             ///< diff ids
  std::map<std::string, Unfinished> unfinished;  ///< by full name and platform
};

/// Fetches the layers of an image into the store, several at a time.
class LayerPull : public std::enable_shared_from_this<LayerPull> {
public:
  LayerPull(PullShared& shared, std::shared_ptr<Registry> registry, std::shared_ptr<CancelToken> cancel, std::string pull,
            const std::vector<Descriptor>& layers, const std::vector<std::string>& diff_ids);
  ~LayerPull();  ///< what was retained for the time of the pull is released

  /// Returns when all layers are in the store and retained (until destruction, or by the record of unfinished pulls). Throws
  /// the first failure when every transfer has ended.
  asio::awaitable<void> run(Output output);

private:
  enum class Phase { waiting, exists, downloading, downloaded, complete };
  struct Layer {
    Descriptor descriptor;
    std::string diff_id;
    std::atomic<std::uint64_t> received{0};  ///< written by the transfer's thread
    std::atomic<bool> download_done{false};
    Phase phase = Phase::waiting;
    Phase shown = Phase::waiting;
    std::uint64_t shown_bytes = 0;
    asio::cancellation_signal cancel;
  };

  void start();
  static asio::awaitable<void> fetch(std::shared_ptr<LayerPull> self, std::size_t index);
  asio::awaitable<void> obtain(Layer& layer);
  asio::awaitable<void> transfer(Layer& layer);
  asio::awaitable<void> announce(const Output& output);
  asio::awaitable<void> show(const Output& output);
  asio::awaitable<void> wait(bool ending);
  void cancel_all();

  PullShared& shared_;
  const std::shared_ptr<Registry> registry_;
  const std::shared_ptr<CancelToken> cancel_;
  const std::string pull_;  ///< key of the record
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<std::string> retained_;
  asio::steady_timer woken_;
  std::size_t running_ = 0;
  std::exception_ptr failure_;
};

}  // namespace stack::engine::image
