#pragma once
// POST /build: an image from a Dockerfile and a context, step by step, with a layer cache. Loop thread; files, digests and
// mounts are worked on in pool threads.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/build/cache.hpp"
#include "engine/build/run_step.hpp"
#include "engine/image/store.hpp"
#include "engine/state/document_table.hpp"

namespace stack::engine::build {

namespace asio = boost::asio;

/// The query of POST /build. Everything is optional.
struct BuildOptions {
  std::vector<std::string> tags;                  ///< t=, as written
  std::string dockerfile = "Dockerfile";          ///< path inside the context
  std::map<std::string, std::string> build_args;  ///< buildargs= (a null value means: leave it out)
  std::map<std::string, std::string> labels;
  std::string target;  ///< stage name or number; empty: the last
  bool no_cache = false;
  bool pull = false;                ///< look for newer base images
  bool quiet = false;               ///< q=1: only the id
  bool remove_intermediate = true;  ///< rm=; nothing is kept either way, it only changes the output
  std::string network_mode;
  std::vector<std::string> extra_hosts;  ///< "name:ip"
  std::int64_t memory = 0;
  std::int64_t memory_swap = 0;
  std::int64_t cpu_shares = 0;
  std::int64_t cpu_period = 0;
  std::int64_t cpu_quota = 0;
  std::string cpuset_cpus;
  std::int64_t shm_size = 0;
  std::vector<Ulimit> ulimits;
  std::string platform;                        ///< "", "linux/amd64"; others are refused
  std::map<std::string, std::string> secrets;  ///< id -> content, for RUN --mount=type=secret
  /// Brings an image that FROM, COPY --from or a mount names into the store; unset: only what is there can be used.
  std::function<asio::awaitable<void>(std::string name)> fetch_image;
};

/// Directories of the builder's own, made when needed.
struct BuilderPlaces {
  std::string cache_mounts;  ///< RUN --mount=type=cache: stays between builds
  std::string secrets;       ///< files with secrets while a RUN sees them: on a file system that is gone after a reboot
};

/// Takes one line of the answer: a JSON object with its "\r\n". May throw when the client is gone: the build ends.
using Output = std::function<asio::awaitable<void>(std::string line)>;

class Builder {
public:
  /// References must outlive the builder.
  Builder(image::Store& store, DocumentTable& cache, RunStep& run, asio::thread_pool& pool, BuilderPlaces places);
  ~Builder();
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  /// Reads the cache's rows and retains their layers. After Store::load(); once, at start.
  void load();

  /// Receives the context, checks the Dockerfile, and only then begins the output: what is thrown before the first line is a
  /// plain HTTP error (invalid_argument: Dockerfile missing, syntax error with its line number …). Later failures are reported
  /// in-band
  /// ({"errorDetail":…,"error":…}) and the function returns empty. Returns the image's id.
  asio::awaitable<std::optional<std::string>> build(BuildOptions options, image::BodyReader context, Output output);

  /// Forgets cached steps (those unused by an image when not all) and their layers, and with `all` the directories of cache
  /// mounts; returns the bytes freed.
  /// With `chosen` only the steps that it accepts, and no cache mounts.
  std::uint64_t prune(bool all, const std::function<bool(const CacheStep&)>& chosen = {});
  std::vector<CacheStep> cached_steps() const;

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stack::engine::build
