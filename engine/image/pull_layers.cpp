#include "engine/image/pull_layers.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/disk_room.hpp"
#include "base/error.hpp"
#include "base/rollback.hpp"
#include "engine/image/layer_tar.hpp"
#include "engine/image/layers.hpp"
#include "engine/image/progress_line.hpp"
#include "engine/image/worker_thread.hpp"

namespace stack::engine::image {

namespace {

constexpr std::size_t transfers_at_a_time = 6;   // of all pulls together
constexpr std::chrono::milliseconds frame{100};  // between two progress lines of a layer

std::string short_digest(const std::string& digest) { return digest_hex(digest).substr(0, 12); }

/// The transfer of one layer. Thread of its own.
struct Download {
  std::shared_ptr<Registry> registry;
  Descriptor descriptor;
  std::string diff_id;
  std::string staged;
  std::atomic<std::uint64_t>* received = nullptr;
  std::atomic<bool>* done = nullptr;
  UnpackedLayer unpacked;

  void run() {
    const auto stream = registry->open_blob(descriptor.digest, static_cast<std::uint64_t>(descriptor.size));
    Sha256 hash;
    archive::Source source = [&](char* buffer, std::size_t size) {
      const std::size_t got = stream->read(buffer, size);
      hash.update({buffer, got});
      *received += got;
      if (got == 0) *done = true;
      return got;
    };
    unpacked = naming_disk_shortage(staged, [&] { return unpack_layer(source, staged); });
    // compressed data may be followed by bytes the decoder has no use for: they count for the digest
    std::string rest(64 * 1024, '\0');
    while (source(rest.data(), rest.size()) > 0) {
    }
    check("its compressed data", descriptor.digest, "sha256:" + hash.hex());
    check("its content", diff_id, unpacked.diff_id);
  }

  void check(const std::string& what, const std::string& expected, const std::string& found) const {
    if (expected == found) return;
    throw Error(ErrorCode::invalid_argument, "layer " + descriptor.digest + " is refused: " + what +
                                                 " should have the digest " + expected + ", but has " + found);
  }
};

}  // namespace

// ── what interrupted pulls have got ──

void PullShared::save(const std::string& pull) {
  const Unfinished& entry = unfinished.at(pull);
  const nlohmann::json row{{"layers", entry.layers}, {"time", entry.time}};
  rows.apply({{pull, row.dump()}}, {});
}

void PullShared::keep(const std::string& pull, const std::string& diff_id) {
  Unfinished& entry = unfinished[pull];
  entry.time = std::time(nullptr);
  if (!entry.layers.insert(diff_id).second) {
    store.release_layer(diff_id);
    return;
  }
  save(pull);
}

void PullShared::forget(const std::string& pull) {
  const auto found = unfinished.find(pull);
  if (found == unfinished.end()) return;
  rows.apply({}, {pull});
  const std::set<std::string> layers = std::move(found->second.layers);
  found->second.layers.clear();
  if (found->second.active == 0) unfinished.erase(found);
  for (const std::string& diff_id : layers) store.release_layer(diff_id);
}

// ── the layers of one pull ──

LayerPull::LayerPull(PullShared& shared, std::shared_ptr<Registry> registry, std::shared_ptr<CancelToken> cancel,
                     std::string pull, const std::vector<Descriptor>& layers, const std::vector<std::string>& diff_ids)
    : shared_(shared),
      registry_(std::move(registry)),
      cancel_(std::move(cancel)),
      pull_(std::move(pull)),
      woken_(shared.executor, asio::steady_timer::time_point::max()) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    layers_.push_back(std::make_unique<Layer>());
    layers_.back()->descriptor = layers[i];
    layers_.back()->diff_id = diff_ids.at(i);
  }
  ++shared_.unfinished[pull_].active;
}

LayerPull::~LayerPull() {
  for (const std::string& diff_id : retained_) shared_.store.release_layer(diff_id);
  const auto record = shared_.unfinished.find(pull_);
  if (--record->second.active == 0 && record->second.layers.empty()) shared_.unfinished.erase(record);
}

void LayerPull::cancel_all() {
  cancel_->cancel();
  for (const auto& layer : layers_) layer->cancel.emit(asio::cancellation_type::terminal);
}

void LayerPull::start() {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Layer& layer = *layers_[i];
    if (shared_.store.has_layer(layer.diff_id)) {
      shared_.store.retain_layer(layer.diff_id);
      retained_.push_back(layer.diff_id);
      layer.phase = Phase::exists;
      continue;
    }
    ++running_;
    asio::co_spawn(shared_.executor, fetch(shared_from_this(), i),
                   asio::bind_cancellation_slot(layer.cancel.slot(), asio::detached));
  }
}

asio::awaitable<void> LayerPull::fetch(std::shared_ptr<LayerPull> self, std::size_t index) {
  try {
    co_await self->obtain(*self->layers_[index]);
  } catch (...) {
    if (!self->failure_) {
      self->failure_ = std::current_exception();
      // not from inside this coroutine's own resumption: it has ended for the others' sake first
      asio::post(self->shared_.executor, [self] { self->cancel_all(); });
    }
  }
  --self->running_;
  self->woken_.cancel();
}

/// By a transfer of our own, or by the one another pull is doing already.
asio::awaitable<void> LayerPull::obtain(Layer& layer) {
  const auto busy = [&] {
    return shared_.in_transfer.contains(layer.diff_id) || shared_.in_transfer.size() >= transfers_at_a_time;
  };
  while (!shared_.store.has_layer(layer.diff_id) && busy()) co_await shared_.changed.wait();
  if (shared_.store.has_layer(layer.diff_id)) {
    shared_.store.retain_layer(layer.diff_id);
    retained_.push_back(layer.diff_id);
    layer.phase = Phase::exists;
    co_return;
  }
  shared_.in_transfer.insert(layer.diff_id);
  Rollback ended;
  ended.add([this, &layer] {
    shared_.in_transfer.erase(layer.diff_id);
    shared_.changed.notify_all();
  });
  layer.phase = Phase::downloading;
  co_await transfer(layer);
  layer.phase = Phase::complete;
}

asio::awaitable<void> LayerPull::transfer(Layer& layer) {
  const std::string staged = shared_.store.make_temporary("layer");
  Rollback undo;
  undo.add([this, staged] { shared_.store.discard(staged); });
  auto download = std::make_shared<Download>();
  download->registry = registry_;
  download->descriptor = layer.descriptor;
  download->diff_id = layer.diff_id;
  download->staged = staged;
  download->received = &layer.received;
  download->done = &layer.download_done;
  std::function<void()> work = [download] { download->run(); };
  co_await run_thread(std::move(work), cancel_);
  const UnpackedLayer& unpacked = download->unpacked;
  shared_.store.adopt_layer(staged, {.diff_id = unpacked.diff_id, .size = unpacked.size});
  undo.commit();
  shared_.keep(pull_, unpacked.diff_id);
}

/// Tells what has changed since it was told last.
asio::awaitable<void> LayerPull::show(const Output& output) {
  for (const auto& entry : layers_) {
    Layer& layer = *entry;
    const std::string id = short_digest(layer.descriptor.digest);
    const auto total = static_cast<std::uint64_t>(layer.descriptor.size);
    std::string lines;
    if (layer.phase == Phase::exists && layer.shown != Phase::exists) lines += progress_line("Already exists", id);
    const bool started = layer.phase == Phase::downloading || layer.phase == Phase::complete;
    if (started && layer.shown < Phase::downloaded) {
      const std::uint64_t received = layer.received;
      if (received != layer.shown_bytes) lines += progress_line("Downloading", id, received, total);
      layer.shown_bytes = received;
      layer.shown = Phase::downloading;
      if (layer.download_done) {
        lines += progress_line("Verifying Checksum", id) + progress_line("Download complete", id);
        if (layer.phase != Phase::complete) lines += progress_line("Extracting", id, total, total);
        layer.shown = Phase::downloaded;
      }
    }
    if (layer.phase == Phase::complete && layer.shown != Phase::complete) lines += progress_line("Pull complete", id);
    if (layer.phase == Phase::exists || layer.phase == Phase::complete) layer.shown = layer.phase;
    if (!lines.empty()) co_await output(std::move(lines));
  }
}

asio::awaitable<void> LayerPull::announce(const Output& output) {
  std::string lines;
  for (const auto& layer : layers_) {
    const bool exists = layer->phase == Phase::exists;
    lines += progress_line(exists ? "Already exists" : "Pulling fs layer", short_digest(layer->descriptor.digest));
    if (exists) layer->shown = Phase::exists;
  }
  co_await output(std::move(lines));
}

/// Waits until a transfer has ended or a frame's time is over; forever, but for the transfers, once they are to end.
asio::awaitable<void> LayerPull::wait(bool ending) {
  woken_.expires_after(ending ? std::chrono::steady_clock::duration(std::chrono::hours(1)) : frame);
  boost::system::error_code woken;
  co_await woken_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

asio::awaitable<void> LayerPull::run(Output output) {
  start();
  co_await asio::this_coro::throw_if_cancelled(false);
  std::exception_ptr lost;  // the client, that is
  bool announced = false;
  for (;;) {
    const bool last = running_ == 0;
    if (!lost && !failure_) {
      try {
        if (!std::exchange(announced, true)) co_await announce(output);
        co_await show(output);
      } catch (...) {
        lost = std::current_exception();
        cancel_all();
      }
    }
    if (last) break;
    if (running_ > 0) co_await wait(lost != nullptr);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() == asio::cancellation_type::none || lost) continue;
    lost = std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
    cancel_all();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  co_await asio::this_coro::throw_if_cancelled(true);
  if (lost) std::rethrow_exception(lost);
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace stack::engine::image
