#pragma once
// Pulling images from registries. Layers are downloaded, verified and unpacked at the same time, several at once, each in a
// thread of its own; the loop decides, records and tells the client.
//
// A layer enters the store only when its compressed bytes and its uncompressed tar both have their digests; until then it is
// below tmp/, which every start empties. Layers of a pull that did not end are kept (and recorded) for the next attempt.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/image/credentials.hpp"
#include "engine/image/manifest.hpp"
#include "engine/image/reference.hpp"
#include "engine/image/registry.hpp"
#include "engine/image/store.hpp"
#include "engine/state/document_table.hpp"

namespace stack::engine::image {

struct PullRequest {
  Reference name;        ///< with a tag or a digest
  std::string platform;  ///< as written; empty: the host's
  Credentials credentials;
};

/// Writes one line of the API's progress stream, its end included.
using Output = std::function<asio::awaitable<void>(std::string line)>;

/// What GET /distribution/{name}/json tells.
struct Distribution {
  Descriptor descriptor;
  std::vector<Platform> platforms;
};

class Puller {
public:
  /// `unfinished` records what interrupted pulls have got. All references outlive the puller.
  Puller(Store& store, DocumentTable& unfinished, asio::any_io_executor executor, RegistryOptions options);
  ~Puller();
  Puller(const Puller&) = delete;
  Puller& operator=(const Puller&) = delete;

  /// Takes over what pulls before this start have got, before unused layers are removed. Old ones are forgotten.
  void load();
  /// Gives up what interrupted pulls have got (image prune), except those going on now.
  void forget_unfinished();

  /// Pulls one image. Throws before the first line is written when the registry cannot be reached, refuses, or does not have
  /// the image; afterwards whatever stopped it. Cancellation ends every transfer.
  asio::awaitable<ImagePtr> pull(PullRequest request, Output output);
  /// The tags of the repository that the request names.
  asio::awaitable<std::vector<std::string>> tags(PullRequest request);
  /// Looks without pulling.
  asio::awaitable<Distribution> inspect(PullRequest request);
  /// Throws unauthorized when the registry does not accept the credentials.
  asio::awaitable<void> check_login(std::string server, Credentials credentials);

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The registry that `docker login` and config.json name ("https://index.docker.io/v1/", "localhost:5000"), as a domain.
std::string registry_domain(std::string server);

}  // namespace stack::engine::image
